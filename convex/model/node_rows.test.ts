// @vitest-environment edge-runtime
import { expect, test, vi } from "vitest";
import { approve, end, type Graph, OWNER, question, record, startBackend } from "../../test/runs.ts";
import { api } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";

/** Two branches, one of which asks again until somebody says yes. */
const graph: Graph = {
  startNodeId: "both",
  nodes: {
    both: { type: "parallel", branches: ["first", "again"], next: "after" },
    first: approve("First?", "noted", "noted"),
    noted: record("noted", "after"),
    again: { ...approve("Again?", "after", "note"), maxVisits: 5 },
    note: { ...record("note-{{again.option}}", "again"), maxVisits: 5 },
    after: record("after", "done"),
    done: end(),
  },
};

type Harness = Awaited<ReturnType<typeof startBackend>>;

const nodesOf = async ({ rows }: Harness, runId: string) =>
  (await rows("runNodes"))
    .filter((row) => row.runId === runId)
    .map(({ nodeKey, status, seq }) => ({ nodeKey, status, seq }))
    .sort((a, b) => a.seq - b.seq);
const remembered = async ({ driverRow }: Harness, runId: string) => (await driverRow(runId))!.nodeRows;
const refOf = async (harness: Harness, runId: string, text: string) => {
  const { waitingFor } = await harness.run(runId);
  const found = waitingFor.find((wait) => wait.kind === "approval" && wait.question === text);
  if (found?.kind !== "approval") throw new Error(`${text} is not asked`);
  return found.approvalId;
};

/** `between` is done before each answer. */
async function runThrough(harness: Harness, between: (runId: string) => Promise<void>): Promise<string> {
  const { runId } = await harness.start(graph);
  for (const [text, option] of [
    ["Again?", "no"],
    ["First?", "yes"],
    ["Again?", "no"],
    ["Again?", "yes"],
  ] as const) {
    await between(runId);
    await harness.answer(await refOf(harness, runId, text), option);
  }
  expect((await harness.run(runId)).status).toBe("completed");
  return runId;
}

const EXPECTED = ["both", "first", "again", "note", "again#2", "noted", "note#2", "again#3", "after", "done"];

test("each visit of a node has one row, in the order of their beginning; the run remembers them until it is over", async () => {
  const harness = await startBackend();
  const seen: string[][] = [];
  const runId = await runThrough(harness, async (id) => {
    seen.push(Object.keys(JSON.parse((await remembered(harness, id))!)));
  });
  expect(seen).toEqual([3, 5, 6, 8].map((count) => EXPECTED.slice(0, count)));
  expect(await nodesOf(harness, runId)).toEqual(
    EXPECTED.map((nodeKey, seq) => ({ nodeKey, status: "completed", seq })),
  );
  expect(await remembered(harness, runId)).toBeUndefined();
});

test("a run made before its row knew them has the same rows", async () => {
  const harness = await startBackend();
  const runId = await runThrough(harness, async (id) => {
    await harness.t.run((ctx) => ctx.db.patch("runs", id as Id<"runs">, { nodeRows: undefined }));
  });
  expect((await nodesOf(harness, runId)).map(({ nodeKey }) => nodeKey)).toEqual(EXPECTED);
});

test("more nodes than the run remembers: each is looked up, and has one row still", async () => {
  const harness = await startBackend();
  const names = Array.from({ length: 20 }, (_, i) => `ask${i}`);
  const { runId } = await harness.start({
    startNodeId: "all",
    nodes: {
      all: { type: "parallel", branches: names, next: "done" },
      ...Object.fromEntries(names.map((name) => [name, approve(`${name}?`, "done", "done")])),
      done: end(),
    },
  });
  expect(await remembered(harness, runId)).toBeUndefined();
  for (const name of names.slice(0, 3)) await harness.answer(await refOf(harness, runId, `${name}?`), "yes");
  const nodes = await nodesOf(harness, runId);
  expect(nodes.map(({ nodeKey }) => nodeKey)).toEqual(["all", ...names]);
  expect(nodes.filter(({ status }) => status === "completed").map(({ nodeKey }) => nodeKey)).toEqual(names.slice(0, 3));
});

test("a cancelled run has no node under way", async () => {
  const harness = await startBackend();
  const started = await harness.start(graph);
  await harness.answer(question(started).approvalId, "yes");
  await harness.t.mutation(api.runs.cancel, { actor: OWNER, runId: started.runId });
  expect((await nodesOf(harness, started.runId)).filter(({ status }) => !/completed|cancelled/.test(status))).toEqual(
    [],
  );
});

test("nodes that are entered again because what was approved has changed keep their rows", async () => {
  vi.useFakeTimers({ now: Date.parse("2026-11-20T12:00:00Z") });
  const harness = await startBackend();
  const { t, run, answer } = harness;
  const { runId, ...started } = await harness.start(
    {
      startNodeId: "ask",
      nodes: {
        ask: approve("Pay {{amount}}?", "between", "done", { payload: { amount: "{{amount}}" } }),
        between: { type: "wait", forMs: 60_000, next: "pay" },
        pay: record("paid", "done"),
        done: end(),
      },
    },
    { input: '{"amount":82000}' },
  );
  const aMinute = async () => {
    await vi.advanceTimersByTimeAsync(61_000);
    await t.finishInProgressScheduledFunctions();
  };
  await answer(question({ runId, ...started }).approvalId, "yes");
  await t.run((ctx) => ctx.db.insert("runVariables", { runId: runId as Id<"runs">, name: "amount", value: "820000" }));
  await aMinute();
  await answer(question(await run(runId)).approvalId, "yes");
  await aMinute();
  expect((await run(runId)).status).toBe("completed");
  expect((await nodesOf(harness, runId)).map(({ nodeKey }) => nodeKey)).toEqual(["ask", "between", "pay", "done"]);
  vi.useRealTimers();
});
