// @vitest-environment edge-runtime
import { describe, expect, test } from "vitest";
import { until } from "../../test/backend.ts";
import { end, type Graph, startBackend } from "../../test/runs.ts";
import { components, internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";

const task = (prompt: string, next: string, more = {}) => ({
  type: "task",
  prompt,
  saveAs: next === "done" ? "last" : "first",
  next,
  ...more,
});
const TWO: Graph = {
  startNodeId: "gather",
  nodes: {
    gather: task("Gather. Say FAILED if it does not work.", "write"),
    write: task("Write", "done"),
    done: end("{{last}}"),
  },
};

async function setup() {
  const backend = await startBackend();
  const { t, run } = backend;
  const completed = async (runId: string) => {
    await until("the run has ended", async () => (await run(runId)).status === "completed");
    return await run(runId);
  };
  const sessions = () => t.run((ctx) => ctx.db.query("taskSessions").collect());
  return { ...backend, completed, sessions };
}

describe("a workflow's task", () => {
  test("is performed offline: its output names the step, says so, and holds no word of the prompt", async () => {
    const { start, completed } = await setup();
    const { runId } = await start(TWO);
    const run = await completed(runId);
    const variables = JSON.parse(run.variables) as Record<string, string>;
    expect(variables.first).toContain('"gather"');
    expect(variables.first).toContain("No language model");
    expect(variables.first).not.toContain("FAILED");
  });

  test("sessionRef new -> a thread each; shared -> one thread", async () => {
    const { start, completed, sessions } = await setup();
    await completed((await start(TWO)).runId);
    expect(new Set((await sessions()).map((row) => row.threadId)).size).toBe(2);
    const shared = { sessionRef: "shared" };
    const nodes = {
      gather: task("Gather", "write", shared),
      write: task("Write", "done", shared),
      done: end(),
    };
    await completed((await start({ startNodeId: "gather", sharedSession: { title: "one" }, nodes })).runId);
    expect(new Set((await sessions()).slice(2).map((row) => row.threadId)).size).toBe(1);
  });

  test("killed after the answer was saved -> the saved answer is handed in, the prompt is not asked again", async () => {
    const { t, start } = await setup();
    const { waitingFor } = await start({
      startNodeId: "gather",
      nodes: { gather: task("Gather", "done"), done: end() },
    });
    const wait = waitingFor[0];
    if (wait?.kind !== "job") throw new Error("no job");
    const open = { jobId: wait.jobId as Id<"jobs">, prompt: "Gather", threadKey: null };
    const session = await t.mutation(internal.task_sessions.open, open);
    await t.run(async (ctx) => {
      await ctx.runMutation(components.agent.messages.addMessages, {
        threadId: session.threadId,
        promptMessageId: session.promptMessageId,
        messages: [{ message: { role: "assistant", content: [{ type: "text", text: "gathered" }] } }],
      });
    });
    expect(await t.mutation(internal.task_sessions.open, open)).toEqual({ ...session, output: "gathered" });
  });
});
