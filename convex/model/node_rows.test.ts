// @vitest-environment edge-runtime
import { expect, test } from "vitest";
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
const openOf = async ({ driverRow }: Harness, runId: string) => (await driverRow(runId))!.openNodes;
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

test("each visit of a node has one row, in the order of their beginning; the run knows the rows of those under way", async () => {
  const harness = await startBackend();
  const seen: string[][] = [];
  const runId = await runThrough(harness, async (id) => {
    seen.push(Object.keys(JSON.parse((await openOf(harness, id))!)).sort());
  });
  expect(seen).toEqual([
    ["again", "both", "first"],
    ["again#2", "both", "first"],
    ["again#2", "both"],
    ["again#3", "both"],
  ]);
  expect(await nodesOf(harness, runId)).toEqual(
    EXPECTED.map((nodeKey, seq) => ({ nodeKey, status: "completed", seq })),
  );
  expect(await openOf(harness, runId)).toBe("{}");
});

test("a run made before its row knew them has the same rows", async () => {
  const harness = await startBackend();
  const runId = await runThrough(harness, async (id) => {
    await harness.t.run((ctx) => ctx.db.patch("runs", id as Id<"runs">, { openNodes: undefined }));
  });
  expect((await nodesOf(harness, runId)).map(({ nodeKey }) => nodeKey)).toEqual(EXPECTED);
});

test("more nodes under way than the run's row holds: each is looked up, and has one row still", async () => {
  const harness = await startBackend();
  const names = Array.from({ length: 70 }, (_, i) => `ask${i}`);
  const [left, right] = [names.slice(0, 35), names.slice(35)];
  const block = (branches: string[]) => ({ type: "parallel", branches, next: "join" });
  const { runId } = await harness.start({
    startNodeId: "all",
    nodes: {
      all: { type: "parallel", branches: ["left", "right"], next: "done" },
      ...{ left: block(left), right: { ...block(right), next: "joined" } },
      ...{ join: record("left", "done"), joined: record("right", "done") },
      ...Object.fromEntries(left.map((name) => [name, approve(`${name}?`, "join", "join")])),
      ...Object.fromEntries(right.map((name) => [name, approve(`${name}?`, "joined", "joined")])),
      done: end(),
    },
  });
  expect(await openOf(harness, runId)).toBeUndefined();
  for (const name of names.slice(0, 3)) await harness.answer(await refOf(harness, runId, `${name}?`), "yes");
  const nodes = await nodesOf(harness, runId);
  expect(nodes.map(({ nodeKey }) => nodeKey)).toHaveLength(new Set(nodes.map(({ nodeKey }) => nodeKey)).size);
  expect(nodes).toHaveLength(3 + names.length);
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
  expect(await openOf(harness, started.runId)).toBe("{}");
});
