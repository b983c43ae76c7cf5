// @vitest-environment edge-runtime
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { zOutMessage } from "../src/contract/message.ts";
import { approve, end, type Graph, question, record, startBackend } from "../test/runs.ts";
import { api } from "./_generated/api.js";
import type { Id } from "./_generated/dataModel.js";
import { noteProgress, PACE_MS } from "./model/progress.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const TOLD: Graph = {
  name: "told",
  title: "Told",
  notify: ["slack:#eng", "slack:#ops"],
  startNodeId: "ask",
  nodes: { ask: approve("Go on?", "after", "done"), after: record("after", "done"), done: end() },
};

async function setup(graph: Graph = TOLD) {
  const backend = await startBackend();
  const { t } = backend;
  const run = await backend.start(graph);
  const shown = () =>
    t.run(async (ctx) =>
      (await ctx.db.query("deliveries").collect())
        .filter((row) => row.key.startsWith("progress:"))
        .map((row) => ({ ...row, message: zOutMessage.parse(JSON.parse(row.message)) })),
    );
  const settle = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    await t.finishInProgressScheduledFunctions();
  };
  return { ...backend, run, shown, settle };
}

test("O1: one message a place, drawn at once and again when the run has ended", async () => {
  const { run, shown, settle, answer } = await setup();
  await settle(1);
  const first = await shown();
  expect(first.map(({ place, final }) => [place, final])).toEqual([
    ["slack:#eng", false],
    ["slack:#ops", false],
  ]);
  expect(first[0]!.message).toMatchObject({
    kind: "progress",
    title: "Told",
    status: "waiting",
    nodes: [{ id: "ask", status: "waiting", note: 'waiting for an answer to "Go on?"' }],
  });
  await answer(question(run).approvalId, "yes");
  await settle(PACE_MS);
  const last = await shown();
  expect(last).toHaveLength(2);
  for (const row of last) {
    expect(row).toMatchObject({ final: true, version: 2 });
    expect(row.message).toMatchObject({ status: "completed" });
  }
});

test("O1: 200 changes in 60 s -> at most one new version in 3 s, and the last state is the one that stands", async () => {
  const { t, run, shown, settle } = await setup();
  const runId = run.runId as Id<"runs">;
  await settle(1);
  for (let change = 0; change < 200; change++) {
    await t.run(async (ctx) => {
      await ctx.db.patch("runs", runId, { title: `Told ${change}` });
      await noteProgress(ctx, runId, []);
    });
    await settle(300);
  }
  await settle(PACE_MS);
  const [row] = await shown();
  expect(row!.version).toBeLessThanOrEqual(60_000 / 3_000 + 2);
  expect(row!.message).toMatchObject({ title: "Told 199" });
});

test("its details go into the thread of the message once it is posted", async () => {
  const { t, run, shown, settle, answer } = await setup();
  await settle(1);
  await answer(question(run).approvalId, "yes");
  await settle(PACE_MS);
  await settle(PACE_MS);
  expect(await shown()).toHaveLength(2);
  await t.run(async (ctx) => {
    for (const row of await ctx.db.query("deliveries").collect()) {
      if (row.key.startsWith("progress:")) await ctx.db.patch("deliveries", row._id, { receipt: "C1/1.000100" });
    }
  });
  for (let step = 0; step < 4; step++) await settle(PACE_MS * 4);
  const details = (await shown()).filter(({ key }) => key.endsWith(":details"));
  expect(details.map(({ place }) => place)).toEqual(["slack:C1/1.000100", "slack:C1/1.000100"]);
  expect(details[0]!.message).toMatchObject({
    kind: "list",
    items: [{ text: expect.stringContaining("ask (approval)") }, {}, {}],
  });
});

const WHO = { type: "object", properties: { who: { type: "string" } } };

test.each([
  ["yes", "completed: it went on"],
  ["no", "failed: "],
])(
  "an ending is told in one wording: by itself, below the progress message, when somebody asks (%s)",
  async (option, how) => {
    const wrong = {
      type: "task",
      functionId: "tool::transitionTask",
      config: { task: "T9", status: "x" },
      next: "done",
    };
    const ask = approve("Go on?", "done", "wrong");
    const graph = {
      ...TOLD,
      inputs: WHO,
      nodes: { ask, wrong, done: { type: "end", result: "{{who}} went on" } },
    } as Graph;
    const backend = await startBackend();
    const { t } = backend;
    const origin = { place: "terminal:root", threadKey: null, private: true };
    const { runId, ...run } = await backend.start(graph, { origin, input: '{"who":"it"}' });
    const settle = async () => {
      await vi.advanceTimersByTimeAsync(PACE_MS * 4);
      await t.finishInProgressScheduledFunctions();
    };
    const said = async (keyEnd: string) => {
      const row = (await t.run((ctx) => ctx.db.query("deliveries").collect())).findLast(({ key }) =>
        key.endsWith(keyEnd),
      );
      const message = zOutMessage.parse(JSON.parse(row?.message ?? "null"));
      return message.kind === "text" ? message.text : message.kind === "list" ? message.title : "";
    };
    await settle();
    await backend.answer(question(run as never).approvalId, option);
    await settle();
    await t.run(async (ctx) => {
      for (const row of await ctx.db.query("deliveries").collect()) {
        if (row.key.startsWith("progress:")) await ctx.db.patch("deliveries", row._id, { receipt: "C1/1.000100" });
      }
    });
    for (let step = 0; step < 4; step++) await settle();
    const own = await said(option === "yes" ? ":result" : ":failed");
    expect(own).toContain(`Told (run ${runId}) ${how}`);
    const status = option === "yes" ? `Told (run ${runId}) completed` : own;
    expect(await said(":details")).toBe(status);
    const event = {
      ...{
        kind: "message",
        channel: "terminal",
        eventId: "e1",
        messageId: "m1",
        sentAt: 1,
        threadKey: null,
        private: true,
      },
      ...{ place: "terminal:root", sender: { handle: "terminal:root", displayName: null } },
      text: `/workflow status ${runId}`,
    };
    const { inboundId } = await t.mutation(api.inbound.receive, { event: JSON.stringify(event) });
    expect(await said(`inbound:${inboundId}`)).toBe(status);
  },
);

test("a run without notify has no row and no message", async () => {
  const { notify: _, ...quiet } = TOLD;
  const { t, shown, settle } = await setup(quiet as Graph);
  await settle(1);
  expect(await shown()).toEqual([]);
  expect(await t.run((ctx) => ctx.db.query("progress").collect())).toEqual([]);
});
