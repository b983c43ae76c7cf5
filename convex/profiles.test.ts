// @vitest-environment edge-runtime
/** What definitions may name (W5, W16), who does a step (W17) and what they may (W22), and hands (W21). */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { passUntil } from "../test/backend.ts";
import { as, end, OWNER, pass, question, startBackend } from "../test/runs.ts";
import { api, components, internal } from "./_generated/api.js";
import type { Id } from "./_generated/dataModel.js";
import { handTools } from "./agents/run_hand.ts";
import { HAND_FUNCTIONS } from "./model/functions.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

type Backend = Awaited<ReturnType<typeof startBackend>>;
const task = (more: object = {}) => ({
  id: "one",
  startNodeId: "work",
  nodes: { work: { type: "task", prompt: "work", saveAs: "out", next: "done", ...more }, done: end("out") },
});
const announce = ({ t }: Backend, sandboxes: string[], workspace: boolean) =>
  t.mutation(api.profiles.announce, { gatewayId: "g", sandboxes, workspace });

describe("W5: a definition is checked against what is here", () => {
  test("every unknown name at once, with its place and a remedy; nothing is stored", async () => {
    const { create, install, rows } = await startBackend();
    await install("role", "architect", "title: Architect");
    await create(task());
    const source = `id: bad
agents: [architect, codr]
startNodeId: a
schedule: { cron: "0 7 * * *" }
nodes:
  a: { type: task, functionId: "tool::nothing", next: b }
  b: { type: task, prompt: x, agent: reviewer, next: c }
  c: { type: run, workflow: ohne, next: d }
  d: { type: task, functionId: "hand::run", config: { handId: digger }, next: e }
  e: { type: approval, question: "Go?", options: [yes], next: { yes: f } }
  f: { type: task, prompt: x, sandbox: docker, next: z }
  z: { type: end }
`;
    const message = await create(source, "bad.yaml").then(
      () => "",
      (thrown: { data: { message: string } }) => thrown.data.message,
    );
    expect(message.split("\n")).toEqual([
      'bad.yaml:2:21 there is no role "codr" (write its instructions to workflows/agents/codr.md)',
      expect.stringMatching(/^bad\.yaml:6:32 .*there is no function "tool::nothing" \(.*the functions are/),
      expect.stringMatching(/^bad\.yaml:7:38 .*there is no role "reviewer"/),
      'bad.yaml:8:29 node "c": there is no workflow "ohne" (did you mean "one"?)',
      expect.stringMatching(/^bad\.yaml:9:63 .*there is no hand "digger" \(write it to workflows\/hands\/digger\.md\)/),
      expect.stringMatching(/^bad\.yaml:10:6 .*nobody to ask \(add approvers/),
      expect.stringMatching(/^bad\.yaml:11:40 .*this machine has no docker \(install docker and start its engine/),
    ]);
    expect((await rows("workflows")).map((row) => row.name)).toEqual(["one"]);
    expect(await rows("schedules")).toEqual([]);
  });

  test("W16: a sandbox is accepted once a machine has it; one that is gone is refused again", async () => {
    const backend = await startBackend();
    const sandboxed = task({ sandbox: "bubblewrap" });
    await expect(backend.create(sandboxed)).rejects.toMatchObject({ data: { code: "invalid_definition" } });
    await announce(backend, ["bubblewrap"], false);
    expect(await backend.create(sandboxed)).toMatchObject({ changed: true });
    await announce(backend, [], false);
    await expect(backend.start(sandboxed as never)).rejects.toMatchObject({
      data: { message: expect.stringContaining("has no bubblewrap") },
    });
  });

  test("tool::shell_exec is there only with a workspace and a sandbox, behind a question, in a sandbox", async () => {
    const backend = await startBackend();
    const shell = (more: object) => task({ functionId: "tool::shell_exec", config: { command: ["ls"] }, ...more });
    const whole = shell({ approval: "sync", sandbox: "docker" });
    const refused = (definition: object, part: string) =>
      expect(backend.create(definition)).rejects.toMatchObject({ data: { message: expect.stringContaining(part) } });
    await refused(whole, "set FACTORY_WORKSPACE and install a sandbox");
    await announce(backend, ["docker"], false);
    await refused(whole, "set FACTORY_WORKSPACE and install a sandbox");
    await announce(backend, ["docker"], true);
    await refused(shell({ sandbox: "docker" }), "never runs without approval");
    await refused(shell({ approval: "sync" }), "never runs outside of a sandbox (add sandbox: docker)");
    const { runId } = await backend.start(whole as never);
    expect(await backend.rows("jobs")).toEqual([]);
    await backend.answer(question(await backend.run(runId)).approvalId, "approve");
    expect(await backend.rows("jobs")).toMatchObject([{ kind: "command", sandbox: "docker", status: "ready" }]);
    // No machine takes it: that is said, instead of waiting for ever.
    for (let s = 0; s < 80; s += 10) await pass(backend, 10_000);
    expect((await backend.run(runId)).error).toContain("no machine with a workspace and docker took the command");
  });
});

describe("W17: roles", () => {
  const two = {
    id: "two",
    agents: ["writer", "editor"],
    startNodeId: "write",
    nodes: {
      write: { type: "task", prompt: "write", next: "edit" },
      edit: { type: "task", prompt: "edit", agent: "editor", next: "done" },
      done: end(),
    },
  };
  const ready = async () => {
    const backend = await startBackend();
    await backend.install("role", "writer", "title: Writer", "Write short.");
    await backend.install("role", "editor", "title: Editor", "Cut more.");
    return backend;
  };
  const claim = async ({ t, rows }: Backend, nodeId: string) =>
    await t.mutation(internal.jobs.claim, { jobId: (await rows("jobs")).find((row) => row.nodeId === nodeId)!._id });

  test("a step has the role it names, else the first; its instructions are what the file says now", async () => {
    const backend = await ready();
    await backend.start(two as never);
    await backend.install("role", "writer", "title: Writer", "Write shorter.");
    const job = await claim(backend, "write");
    expect(job).toMatchObject({ agent: "writer", role: { title: "Writer", instructions: "Write shorter." } });
    await backend.t.mutation(internal.jobs.complete, {
      jobId: (await backend.rows("jobs"))[0]!._id,
      leaseId: job!.leaseId,
      output: "x",
    });
    expect(await claim(backend, "edit")).toMatchObject({ agent: "editor", role: { instructions: "Cut more." } });
  });

  test("another role file does it for one run, also when that run is restarted; unknown ones are refused", async () => {
    const backend = await ready();
    const { start, t } = backend;
    await backend.install("role", "my-writer", "title: Mine", "My way.");
    const bound = await start(two as never, { agents: { writer: "my-writer" } });
    expect(await claim(backend, "write")).toMatchObject({ agent: "my-writer", role: { instructions: "My way." } });
    await t.mutation(api.runs.cancel, { actor: OWNER, runId: bound.runId });
    await t.mutation(api.runs.restart, { actor: OWNER, runId: bound.runId });
    await start(two as never);
    expect((await backend.rows("jobs")).map((row) => row.agent)).toEqual(["my-writer", "my-writer", "writer"]);
    await expect(start(two as never, { agents: { writr: "editor" } })).rejects.toMatchObject({
      data: { message: 'the workflow two has no role "writr"', remedy: 'did you mean "writer"?' },
    });
    await expect(start(two as never, { agents: { writer: "nobody" } })).rejects.toMatchObject({
      data: { code: "not_found", field: "agents" },
    });
  });

  test("a role file that says too little or too much is refused with its places", async () => {
    const { t } = await startBackend();
    const source = "---\ntitel: X\ncapabilities: [tasks.wirte]\n---\n\n";
    const { problems } = await t.query(api.profiles.check, { kind: "role", source, file: "agents/x.md" });
    expect(problems.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual([
      "4:4 there are no instructions",
      '2:1 the role has no field "titel"',
      '3:16 the role: capabilities has "tasks.wirte", which is not one',
    ]);
    expect(problems.map(({ remedy }) => remedy)).toEqual(
      expect.arrayContaining(['did you mean "title"?', 'did you mean "tasks.write"?']),
    );
  });
});

describe("W22: capabilities", () => {
  const record = task({ functionId: "tool::record", config: { key: "k" } });

  test("whoever starts a run and lacks a step's capability: the step fails with its name, on the record", async () => {
    const { t, start, person, rows, records } = await startBackend();
    await person("ana");
    const run = async () => await start(record as never, { actor: as("ana") });
    expect((await run()).status).toBe("completed");
    const waiting = await start(
      { startNodeId: "later", nodes: { later: { type: "wait", forMs: 1000, next: "work" }, ...record.nodes } } as never,
      { actor: as("ana") },
    );
    await t.mutation(api.people.setRoles, { actor: OWNER, name: "ana", add: ["viewer"], remove: [] });
    await vi.advanceTimersByTimeAsync(1000);
    await t.finishInProgressScheduledFunctions();
    const failed = (await t.query(api.runs.get, { runId: waiting.runId }))!;
    expect(failed).toMatchObject({
      status: "failed",
      error: "operator (root) for ana lacks records.write, which tool::record needs",
    });
    const refusal = (await rows("audit")).find((row) => row.kind === "node.refused")!;
    expect(JSON.parse(refusal.detail)).toMatchObject({ capability: "records.write", nodeId: "work", agent: null });
    expect(await records()).toEqual({ k: 1 });
  });

  test("a role that was not given the capability: the step fails, whoever started it", async () => {
    const { start, install, rows } = await startBackend();
    await install("role", "reader", "title: Reader\ncapabilities: [agents.use]");
    const run = await start({ ...record, agents: ["reader"] } as never);
    expect(run).toMatchObject({
      status: "failed",
      error: "the role reader lacks records.write, which tool::record needs",
    });
    expect((await rows("audit")).some((row) => row.kind === "node.refused")).toBe(true);
    await install("role", "reader", "title: Reader\ncapabilities: [agents.use, records.write]");
    expect((await start({ ...record, agents: ["reader"] } as never)).status).toBe("completed");
  });
});

describe("security::check", () => {
  const check = (config: object) => task({ functionId: "security::check", config });
  test("finds what is plain, fails on what weighs enough, and never repeats a secret", async () => {
    const { start } = await startBackend();
    const secret = `AKIA${"A".repeat(16)}`;
    const failed = await start(check({ text: `key ${secret}` }) as never);
    expect(failed).toMatchObject({ status: "failed", error: "the security check found 1: aws-key in text" });
    expect(JSON.stringify(failed.nodes)).not.toContain(secret);
    const told = await start(check({ failOn: "never", steps: ["rm -rf / now", "ls"] }) as never);
    expect(JSON.parse(told.result)).toMatchObject({
      passed: false,
      findings: [{ rule: "destroys-files", severity: "high", path: "steps.0" }],
    });
    expect((await start(check({ failOn: "none" }) as never)).error).toContain("none of low, medium, high, never");
    expect((await start(check({ text: "all good" }) as never)).result).toContain('"passed":true');
  });
});

describe("hands", () => {
  const HAND = "title: Keeper\nfunctions: [tool::createTask]\nmaxSteps: 3";
  const step = (input: object = {}) => task({ functionId: "hand::run", config: { handId: "keeper", input } });

  test("every function a hand may be given has a form the model is told", () => {
    expect(Object.keys(handTools(HAND_FUNCTIONS)).map((name) => `tool::${name}`)).toEqual(HAND_FUNCTIONS);
    expect(HAND_FUNCTIONS).not.toContain("tool::shell_exec");
  });

  test("runs as a step; offline its output says so", async () => {
    const backend = await startBackend();
    await backend.install("hand", "keeper", HAND);
    const { runId } = await backend.start(step({ topic: "x" }) as never);
    await passUntil("the hand is done", async () => (await backend.run(runId)).status === "completed");
    expect((await backend.run(runId)).result).toContain("No language model did this work");
  });

  /** A job whose thread holds a saved call, as after a crash between the model's answer and the effect. */
  async function withSavedCall(backend: Backend, toolName: string, input: object) {
    const { t } = backend;
    await backend.install("hand", "keeper", HAND);
    const { runId } = await backend.start(step() as never);
    const [job] = await backend.rows("jobs");
    const jobId = job!._id;
    const session = { jobId, prompt: "Do your task.", threadKey: null };
    const { threadId, promptMessageId } = await t.mutation(internal.task_sessions.open, session);
    await t.run(async (ctx) => {
      await ctx.runMutation(components.agent.messages.addMessages, {
        threadId,
        promptMessageId,
        messages: [
          {
            message: {
              role: "assistant",
              content: [{ type: "tool-call", toolCallId: "c1", toolName, input, args: input }],
            },
          },
        ],
      });
    });
    return { runId, jobId, threadId, promptMessageId };
  }

  test("killed between the saved call and its effect -> the effect happens once, and it goes on to its end", async () => {
    const backend = await startBackend();
    const { runId } = await withSavedCall(backend, "createTask", { title: "Mend the pump" });
    await passUntil("the hand is done", async () => (await backend.run(runId)).status === "completed");
    expect((await backend.rows("tasks")).map((row) => row.title)).toEqual(["Mend the pump"]);
    expect((await backend.rows("audit")).filter((row) => row.kind === "tool.called")).toHaveLength(1);
  });

  test("the effect asked for twice happens once; without the lease never", async () => {
    const backend = await startBackend();
    const { t } = backend;
    const made = await withSavedCall(backend, "createTask", { title: "Once" });
    const { leaseId } = (await t.mutation(internal.jobs.claim, { jobId: made.jobId }))!;
    const { threadId, promptMessageId, jobId } = made;
    const call = {
      jobId,
      threadId,
      promptMessageId,
      toolCallId: "c1",
      toolName: "createTask",
      input: '{"title":"Once"}',
    };
    expect(await t.mutation(internal.hands.effect, { ...call, leaseId: "stale" })).toBe(false);
    expect(await t.mutation(internal.hands.effect, { ...call, leaseId })).toBe(true);
    expect(await t.mutation(internal.hands.effect, { ...call, leaseId })).toBe(true);
    expect(await backend.rows("tasks")).toHaveLength(1);
  });

  test("a call said again after its result, with the same id and input -> it has that result, and is not done again", async () => {
    const backend = await startBackend();
    const { runId, jobId, threadId, promptMessageId } = await withSavedCall(backend, "createTask", { title: "Once" });
    const input = { title: "Once" };
    const call = { toolCallId: "c1", toolName: "createTask" };
    const value = '{"task":"T1"}';
    await backend.t.run(async (ctx) => {
      await ctx.db.insert("handEffects", { jobId, toolCallId: "c1", functionId: "tool::createTask", result: value });
      await ctx.runMutation(components.agent.messages.addMessages, {
        threadId,
        promptMessageId,
        messages: [
          { message: { role: "tool", content: [{ type: "tool-result", ...call, output: { type: "text", value } }] } },
          { message: { role: "assistant", content: [{ type: "tool-call", ...call, input, args: input }] } },
        ],
      });
    });
    await passUntil("the hand is done", async () => (await backend.run(runId)).status === "completed");
    expect(await backend.rows("tasks")).toEqual([]);
  });

  test("a function that is not on its list is refused, and the refusal is what the model is told", async () => {
    const backend = await startBackend();
    const { runId } = await withSavedCall(backend, "transitionTask", { task: "T1", status: "COMPLETE" });
    await passUntil("the hand is done", async () => (await backend.run(runId)).status === "completed");
    const effects = await backend.t.run((ctx) => ctx.db.query("handEffects").collect());
    expect(effects.map((row) => JSON.parse(row.result))).toMatchObject([{ error: { code: "forbidden" } }]);
  });

  test.each(["ask", "block"])(
    "G1: a function that a rule wants to %s about -> refused, nothing is done, and it goes on",
    async (then) => {
      const backend = await startBackend();
      const source = `rules:\n  - {name: no pumps, when: tool == "tool::createTask" and payload.title contains pump, then: ${then}}`;
      await backend.t.mutation(api.policy.set, { actor: OWNER, source, file: "policy.yaml" });
      const { runId } = await withSavedCall(backend, "createTask", { title: "Mend the pump" });
      await passUntil("the hand is done", async () => (await backend.run(runId)).status === "completed");
      expect(await backend.rows("tasks")).toEqual([]);
      const effects = await backend.t.run((ctx) => ctx.db.query("handEffects").collect());
      expect(effects.map((row) => JSON.parse(row.result))).toMatchObject([
        { error: { code: "forbidden", message: expect.stringContaining('blocked by the policy: rule "no pumps"') } },
      ]);
      const kinds = (await backend.rows("audit")).map((row) => row.kind);
      expect(kinds).toEqual(expect.arrayContaining(["policy.blocked", "tool.refused"]));
    },
  );

  test("W21: with a schedule of its own it is a workflow that is listed and started by the clock", async () => {
    vi.setSystemTime(Date.UTC(2027, 0, 4, 6, 59));
    const backend = await startBackend();
    const { t } = backend;
    const scheduled = `${HAND}\nschedule: { cron: "0 7 * * *", timeZone: UTC, input: { project: p } }`;
    await backend.install("hand", "keeper", scheduled);
    expect(await t.query(api.workflows.list, {})).toMatchObject([
      { name: "hand-keeper", title: "Keeper", schedules: [{ cron: "0 7 * * *", origin: "file" }] },
    ]);
    await pass(backend, 60_000);
    const [run] = await backend.rows("runs");
    expect(run).toMatchObject({ workflow: "hand-keeper", input: '{"project":"p"}' });
    await passUntil("done", async () => (await backend.run(run!._id)).status === "completed");
    await backend.install("hand", "keeper", HAND);
    expect(await t.query(api.workflows.list, {})).toEqual([]);
    expect(await backend.rows("schedules")).toEqual([]);
  });

  test("one that names a function nobody has is refused", async () => {
    const { install } = await startBackend();
    const unknown = install("hand", "x", "functions: [tool::shell_exec, tool::createTsk]\nmaxSteps: 0");
    await expect(unknown).rejects.toMatchObject({
      data: {
        message: expect.stringMatching(/x\.md:2:13 .*shell_exec[\s\S]*did you mean "tool::createTask"[\s\S]*maxSteps/),
      },
    });
  });

  test("a step that names a hand by a variable and finds none fails with its name", async () => {
    const backend = await startBackend();
    const { runId } = await backend.start(task({ functionId: "hand::run", config: { handId: "{{who}}" } }) as never, {
      input: '{"who":"ghost"}',
    });
    await passUntil("failed", async () => (await backend.run(runId)).status === "failed");
    expect((await backend.run(runId)).error).toContain('there is no hand "ghost"');
    expect(runId as Id<"runs">).toBeDefined();
  });
});
