// @vitest-environment edge-runtime
import { describe, expect, test } from "vitest";
import { approve, at, end, OWNER, record, startBackend } from "../test/runs.ts";
import { api } from "./_generated/api.js";

const good = { id: "good", startNodeId: "a", nodes: { a: record("a", "done"), done: end() } };
const bad = `id: bad
startNodeId: a
nodes:
  a:
    type: task
    functionId: tool::nothing
    next: nowhere
  done:
    type: end
`;

describe("definitions", () => {
  test("an invalid one is refused with every problem, its place and its remedy; nothing is stored", async () => {
    const { t } = await startBackend();
    const file = "bad.yaml";
    const thrown = await t.mutation(api.workflows.create, { actor: OWNER, source: bad, file }).catch((error) => error);
    expect(thrown.data.code).toBe("invalid_definition");
    const lines: string[] = thrown.data.message.split("\n");
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line).toMatch(/^bad\.yaml:\d+:\d+ .+ \(.+\)$/);
    const { ok, problems } = await t.query(api.workflows.validate, { source: bad, file });
    expect(ok).toBe(false);
    expect(problems.map(({ line }) => line)).toContain(6);
    expect(await t.query(api.workflows.list, {})).toEqual([]);
  });

  test("listed and shown with what a run needs; an unknown name says so", async () => {
    const { t } = await startBackend();
    const source = JSON.stringify({ ...good, inputs: { type: "object", properties: { id: { type: "string" } } } });
    await t.mutation(api.workflows.create, { actor: OWNER, source, file: "good.json" });
    const shown = await t.query(api.workflows.show, { name: "good" });
    expect(shown).toMatchObject({
      name: "good",
      version: 1,
      source,
      nodes: [{ id: "a", type: "task" }, { id: "done" }],
    });
    expect(JSON.parse(shown.inputs!)).toMatchObject({ type: "object" });
    await expect(t.query(api.workflows.show, { name: "other" })).rejects.toMatchObject({ data: { code: "not_found" } });
  });

  test("a person without the right may run workflows, but not change them", async () => {
    const { t, person, start } = await startBackend();
    await person("ana");
    const args = { actor: at("terminal:ana"), source: JSON.stringify(good), file: "good.json" };
    await expect(t.mutation(api.workflows.create, args)).rejects.toMatchObject({ data: { code: "forbidden" } });
    expect(await start(good, { actor: at("terminal:ana") })).toMatchObject({ status: "completed", startedBy: "ana" });
  });
});

describe("functions of steps", () => {
  test("task tools act for who started the run and give their result to the next step", async () => {
    const { start } = await startBackend();
    const run = await start({
      name: "tasks",
      startNodeId: "create",
      nodes: {
        create: {
          type: "task",
          functionId: "tool::createTask",
          config: { title: "Fix the login", assignee: "me" },
          saveAs: "made",
          next: "done",
        },
        done: end("{{made.task.task}} {{made.task.assignee}}"),
      },
    });
    expect(run).toMatchObject({ status: "completed", result: '"T1 root"' });
  });

  test("W22: a starter who lacks the capability fails the step, by its name, and the record has it", async () => {
    const { t, start, person } = await startBackend();
    await person("vi");
    await t.mutation(api.people.setRoles, { actor: OWNER, name: "vi", add: ["admin"], remove: [] });
    const waiting = await start(
      {
        name: "w",
        startNodeId: "ask",
        nodes: { ask: approve("Go?", "a", "done"), a: record("a", "done"), done: end() },
      },
      { actor: at("terminal:vi") },
    );
    await t.mutation(api.people.setRoles, { actor: OWNER, name: "vi", add: ["viewer"], remove: ["admin"] });
    const [wait] = waiting.waitingFor;
    if (wait?.kind !== "approval") throw new Error("no question");
    const ref = wait.approvalId;
    await t.mutation(api.approvals.answer, { actor: at("terminal:vi"), ref, option: "yes" });
    const run = await t.query(api.runs.get, { runId: waiting.runId });
    expect(run?.status).toBe("failed");
    expect(run?.error).toContain("records.write");
    const audit = await t.query(api.audit.list, { runId: waiting.runId });
    expect(audit.some((row) => row.kind === "node.refused")).toBe(true);
  });
});
