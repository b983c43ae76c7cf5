// @vitest-environment edge-runtime
/** W3, W17: the workflows that come with the product, with their roles and hands, on the offline model. */
import { describe, expect, test } from "vitest";
import { until } from "../test/backend.ts";
import { OWNER, startBackend } from "../test/runs.ts";
import { api, internal } from "./_generated/api.js";

const read = (files: Record<string, string>) =>
  Object.entries(files).map(([path, source]) => ({ file: path.replace(/^\.\.\//, ""), source }));
const roles = read(
  import.meta.glob<string>("../workflows/agents/*.md", { query: "?raw", import: "default", eager: true }),
);
const hands = read(
  import.meta.glob<string>("../workflows/hands/*.md", { query: "?raw", import: "default", eager: true }),
);
const workflows = read(
  import.meta.glob<string>("../workflows/*.yaml", { query: "?raw", import: "default", eager: true }),
);

/** As the bot does at its start. */
async function installed() {
  const backend = await startBackend();
  const { t } = backend;
  for (const one of roles) await t.mutation(api.profiles.install, { actor: OWNER, kind: "role", ...one });
  for (const one of hands) await t.mutation(api.profiles.install, { actor: OWNER, kind: "hand", ...one });
  const created = [];
  for (const one of workflows) {
    created.push(await t.mutation(api.workflows.create, { actor: OWNER, ...one, origin: "builtin" }));
  }
  return { ...backend, created };
}

describe("what comes with the product", () => {
  test("is installed without a warning, and a second start changes nothing", async () => {
    const { t, created } = await installed();
    expect(created.flatMap(({ warnings }) => warnings)).toEqual([]);
    for (const one of workflows) {
      const again = await t.mutation(api.workflows.create, { actor: OWNER, ...one, origin: "builtin" });
      expect([one.file, again.changed]).toEqual([one.file, false]);
    }
    for (const one of roles) {
      expect(await t.mutation(api.profiles.install, { actor: OWNER, kind: "role", ...one })).toMatchObject({
        changed: false,
      });
    }
  });

  test.each([
    ["feature-build", { feature_description: "log in by mail" }, ["architect", "coder", "code-reviewer", "architect"]],
    [
      "mvp-sprint",
      { goal: "sell bread" },
      ["trend-researcher", "ux-architect", "rapid-prototyper", "evidence-collector", "devops-lead"],
    ],
    ["incident-response", { incident_description: "no logins" }, ["ops", "debugger", "ops", "doc-writer"]],
  ])("%s runs to its end, each step by its role", async (workflow, input, expected) => {
    const { start, run, rows } = await installed();
    const { runId } = await start({} as never, { workflow, definition: null, input: JSON.stringify(input) });
    await until("the end", async () => (await run(runId)).endedAt !== null, 30_000);
    const ended = await run(runId);
    expect(ended).toMatchObject({ status: "completed", error: null });
    const jobs = await rows("jobs");
    const byStep = new Map(jobs.map((job) => [job.nodeId, job.agent]));
    expect([...byStep.values()]).toEqual(expected);
    // Offline nobody says LGTM or all_tests_pass, so a loop goes through all its rounds.
    const rounds = jobs.filter((job) => job.nodeId === "review" || job.nodeId === "build").length;
    expect(rounds).toBe(workflow === "feature-build" ? 3 : workflow === "mvp-sprint" ? 5 : 0);
  });

  test("incident-response: a P0 gets the security look", async () => {
    const { t, start, run, rows } = await installed();
    const { runId } = await start({} as never, {
      workflow: "incident-response",
      definition: null,
      input: '{"incident_description":"x"}',
    });
    // The first step's answer is handed in before the offline model begins with it.
    const [job] = await rows("jobs");
    const claimed = await t.mutation(internal.jobs.claim, { jobId: job!._id });
    await t.mutation(internal.jobs.complete, {
      jobId: job!._id,
      leaseId: claimed!.leaseId,
      output: '{"severity":"P0","services":["auth"],"summary":"nobody gets in"}',
    });
    await until("the end", async () => (await run(runId)).endedAt !== null, 30_000);
    const states = Object.fromEntries((await run(runId)).nodes.map(({ id, status }) => [id, status]));
    expect(states).toMatchObject({ "security-check": "completed", "post-mortem": "completed" });
    expect((await rows("jobs")).find((one) => one.nodeId === "security-check")?.agent).toBe("security-auditor");
  });
});
