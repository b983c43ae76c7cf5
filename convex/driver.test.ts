// @vitest-environment edge-runtime
/** The driver under its library's own worker loop (real time): the way on when going on at once was not possible. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { until } from "../test/backend.ts";
import { approve, end, question, record, startBackend } from "../test/runs.ts";
import { components, internal } from "./_generated/api.js";
import type { Id } from "./_generated/dataModel.js";
import { MAX_FAILURES, MAX_WAKES, wakeDriver } from "./model/driver.ts";
import { waitKey } from "./model/signals.ts";

// The library and the driver tell the log about every broken segment; here they are meant to break.
beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

const YES = {
  kind: "verdict",
  ...{ option: "yes", reason: null, by: "root", channel: "cli", at: 1, text: null, fields: null },
};

type Harness = Awaited<ReturnType<typeof startBackend>>;

/** What `signal` leaves behind when going on at once failed: the row, and the driver on its way. */
async function leaveToDriver({ t }: Harness, runId: string, waitIds: string[], times = 1): Promise<void> {
  await t.run(async (ctx) => {
    const run = (await ctx.db.get("runs", runId as Id<"runs">))!;
    for (let time = 0; time < times; time++) {
      for (const waitId of waitIds) {
        const key = waitKey(run._id, waitId);
        const signal = JSON.stringify(YES);
        await ctx.db.insert("signals", { runId: run._id, waitId, key, signal, consumed: false, at: 1 });
      }
    }
    await wakeDriver(ctx, run);
  });
}

const waitIdsOf = async ({ t }: Harness, runId: string): Promise<string[]> => {
  const rows = await t.run((ctx) => ctx.db.query("approvals").collect());
  return rows.filter((row) => row.runId === runId && row.status === "pending").map((row) => row.waitId!);
};

const one = {
  startNodeId: "ask",
  nodes: { ask: approve("Go?", "after", "done"), after: record("after", "done"), done: end() },
};

const three = {
  startNodeId: "all",
  nodes: {
    all: { type: "parallel", branches: ["a", "b", "c"], next: "done" },
    ...Object.fromEntries(["a", "b", "c"].map((id) => [id, approve(`${id}?`, `r${id}`, "done")])),
    ...Object.fromEntries(["a", "b", "c"].map((id) => [`r${id}`, record(id, "done")])),
    done: end(),
  },
};

describe("going on at once", () => {
  test("an answer's effects are committed with the answer; the driver was never woken, and is gone with the next sweep", async () => {
    const { t, start, answer, driverRow, records } = await startBackend();
    const started = await start(one);
    const parked = (await driverRow(started.runId))!;
    expect(parked).toMatchObject({ wakes: 1, segment: 0 });
    const workflowId = parked.driverId!;
    const { workflow } = await t.run((ctx) => ctx.runQuery(components.workflow.workflow.getStatus, { workflowId }));
    expect(workflow.generationNumber).toBe(0);
    await answer(question(started).approvalId, "yes");
    expect(await records()).toEqual({ after: 1 });
    await t.mutation(internal.driver.sweep, {});
    await expect(t.run((ctx) => ctx.runQuery(components.workflow.workflow.getStatus, { workflowId }))).rejects.toThrow(
      "not found",
    );
    expect((await driverRow(started.runId))!.spentDriverId).toBeUndefined();
  });

  test("journals of many runs are removed in several transactions; one that is gone already keeps none of them", async () => {
    const { t, start, answer, driverRow, rows } = await startBackend();
    const runs = await Promise.all(Array.from({ length: 45 }, () => start(one)));
    const journal = async (workflowId: string) =>
      await t
        .run((ctx) => ctx.runQuery(components.workflow.workflow.getStatus, { workflowId }))
        .then(() => true)
        .catch(() => false);
    const drivers = await Promise.all(runs.map(async ({ runId }) => (await driverRow(runId))!.driverId!));
    await Promise.all(runs.map((run) => answer(question(run).approvalId, "yes")));
    const [gone] = drivers;
    await t.run((ctx) =>
      ctx.runMutation(components.workflow.workflow.cleanup, { workflowId: gone!, force: true }).then(() => null),
    );
    const spent = async () => (await rows("runs")).flatMap(({ spentDriverId }) => spentDriverId ?? []);
    expect((await spent()).sort()).toEqual([...drivers].sort());
    expect(await journal(drivers[44]!)).toBe(true);
    // As an earlier version has noted some of them, one of which is gone altogether.
    const [noted] = (await rows("runs")).filter(({ spentDriverId }) => spentDriverId === drivers[44]);
    await t.run(async (ctx) => {
      await ctx.db.patch("runs", noted!._id, { spentDriverId: undefined });
      await ctx.db.insert("spentDrivers", { workflowId: drivers[44]! });
      await ctx.db.insert("spentDrivers", { workflowId: "no such driver" });
    });
    await t.mutation(internal.driver.sweep, {});
    await until(
      "none is left",
      async () => (await t.run((ctx) => ctx.db.query("spentDrivers").first())) === null && (await spent()).length === 0,
    );
    expect(await Promise.all(drivers.map(journal))).toEqual(drivers.map(() => false));
  });

  test("W8: three questions in one run, answered one after the other: each touches its own branch", async () => {
    const { start, answer, run, records, driverRow } = await startBackend();
    const started = await start(three);
    const asked = [0, 1, 2].map((at) => question(started, at).approvalId);
    await answer(asked[1]!, "yes");
    expect(await records()).toEqual({ b: 1 });
    expect((await run(started.runId)).waitingFor).toHaveLength(2);
    await answer(asked[0]!, "yes");
    await answer(asked[2]!, "yes");
    expect(await records()).toEqual({ a: 1, b: 1, c: 1 });
    expect((await run(started.runId)).status).toBe("completed");
    expect((await driverRow(started.runId))!.wakes).toBe(1);
  });

  test("a burst of answers at once -> all taken, each once", async () => {
    const { start, answer, records, run } = await startBackend();
    const runs = await Promise.all(Array.from({ length: 10 }, () => start(three)));
    await Promise.all(runs.flatMap((each) => [0, 1, 2, 0].map((at) => answer(question(each, at).approvalId, "yes"))));
    expect(await records()).toEqual({ a: 10, b: 10, c: 10 });
    for (const each of runs) expect((await run(each.runId)).status).toBe("completed");
  });
});

test("signals kept for want of room, whose next transaction was lost, are taken with the next answer", async () => {
  const harness = await startBackend();
  const { t, start, answer, records, rows } = harness;
  const started = await start(three);
  expect((await harness.driverRow(started.runId))!.keepsSignals).toBe(false);
  const [kept] = await waitIdsOf(harness, started.runId);
  await t.run(async (ctx) => {
    const runId = started.runId as Id<"runs">;
    const key = waitKey(runId, kept!);
    await ctx.db.insert("signals", { runId, waitId: kept!, key, signal: JSON.stringify(YES), consumed: false, at: 1 });
    await ctx.db.patch("runs", runId, { keepsSignals: true });
  });
  const other = (await rows("runNodes")).length;
  await answer(question(started, 1).approvalId, "yes");
  expect(await records()).toEqual({ a: 1, b: 1 });
  expect((await rows("signals")).every((row) => row.consumed)).toBe(true);
  expect((await rows("runNodes")).length).toBe(other + 2);
});

describe("left to the driver", () => {
  test("signals in a burst, also twice -> taken by one wake, each once", async () => {
    const harness = await startBackend();
    const { start, run, records, driverRow, rows } = harness;
    const started = await start(three);
    const waitIds = await waitIdsOf(harness, started.runId);
    await leaveToDriver(harness, started.runId, [waitIds[0]!, waitIds[1]!], 2);
    await until("two branches", async () => Object.keys(await records()).length === 2);
    expect((await driverRow(started.runId))!.wakes).toBe(2);
    expect((await run(started.runId)).status).toBe("waiting");
    await leaveToDriver(harness, started.runId, [waitIds[2]!, waitIds[0]!]);
    await until("the end", async () => (await run(started.runId)).status === "completed");
    expect(await records()).toEqual({ a: 1, b: 1, c: 1 });
    expect((await rows("signals")).every((row) => row.consumed)).toBe(true);
  });

  test("an answer while the driver is on its way goes on at once; the late wake finds nothing to do", async () => {
    const harness = await startBackend();
    const { start, answer, run, records, driverRow } = harness;
    const started = await start(three);
    const [a] = await waitIdsOf(harness, started.runId);
    await leaveToDriver(harness, started.runId, [a!]);
    await answer(question(started, 1).approvalId, "yes");
    await answer(question(started, 2).approvalId, "yes");
    // The answers' own transactions took the signal that was left, too.
    expect(await records()).toEqual({ a: 1, b: 1, c: 1 });
    const ended = await run(started.runId);
    expect(ended.status).toBe("completed");
    const workflowId = (await driverRow(started.runId))!.driverId!;
    const gone = () =>
      harness.t
        .run((ctx) => ctx.runQuery(components.workflow.workflow.getStatus, { workflowId }))
        .then(() => false)
        .catch(() => true);
    await until("the driver has ended", gone);
    expect(await run(started.runId)).toEqual(ended);
    expect(await records()).toEqual({ a: 1, b: 1, c: 1 });
  });

  test("after MAX_WAKES a new segment takes the run over, and it goes on", async () => {
    const harness = await startBackend();
    const { t, start, run, records, driverRow } = harness;
    const started = await start(three);
    const first = (await driverRow(started.runId))!.driverId;
    await t.run((ctx) => ctx.db.patch("runs", started.runId as Id<"runs">, { wakes: MAX_WAKES }));
    const waitIds = await waitIdsOf(harness, started.runId);
    await leaveToDriver(harness, started.runId, [waitIds[0]!]);
    await until("parked again", async () => {
      const row = (await driverRow(started.runId))!;
      return row.segment === 1 && row.wakeEventId !== null;
    });
    const second = (await driverRow(started.runId))!;
    expect(second.driverId).not.toBe(first);
    expect(second.wakes).toBe(1);
    await leaveToDriver(harness, started.runId, waitIds.slice(1));
    await until("the end", async () => (await run(started.runId)).status === "completed");
    expect(await records()).toEqual({ a: 1, b: 1, c: 1 });
  });
});

describe("a driver that breaks", () => {
  test("the answer is kept, a new segment begins after a backoff, and once the fault is gone the run goes on, once", async () => {
    const { t, start, answer, run, records, driverRow } = await startBackend();
    const started = await start(one);
    const runId = started.runId as Id<"runs">;
    const good = (await driverRow(runId))!.state;
    await t.run((ctx) => ctx.db.patch("runs", runId, { state: "broken" }));
    expect(await answer(question(started).approvalId, "yes")).toMatchObject({ outcome: "settled" });
    await until("a broken segment", async () => (await driverRow(runId))!.driverFailures > 0);
    await t.run((ctx) => ctx.db.patch("runs", runId, { state: good }));
    await until("the end", async () => (await run(runId)).status === "completed");
    expect(await records()).toEqual({ after: 1 });
    expect((await driverRow(runId))!.driverFailures).toBe(0);
  });

  test("another answer meanwhile does not keep the new segment from beginning: the run still has a driver", async () => {
    const { t, start, answer, run, records, driverRow } = await startBackend();
    const started = await start(three);
    const runId = started.runId as Id<"runs">;
    const set = (state: string) => t.run((ctx) => ctx.db.patch("runs", runId, { state }));
    const state = async () => (await driverRow(runId))!.state;
    const good = await state();
    await set("broken");
    await answer(question(started, 0).approvalId, "yes");
    await until("a broken segment", async () => (await driverRow(runId))!.driverFailures > 0);
    await set(good);
    await answer(question(started, 1).approvalId, "yes");
    expect(await records()).toEqual({ a: 1, b: 1 });
    await until("a new segment", async () => (await driverRow(runId))!.wakeEventId !== null);
    expect(await driverRow(runId)).toMatchObject({ segment: 1, driverFailures: 0 });

    const later = await state();
    await set("broken");
    await answer(question(started, 2).approvalId, "yes");
    await set(later);
    await until("the end", async () => (await run(runId)).status === "completed");
    expect(await records()).toEqual({ a: 1, b: 1, c: 1 });
  });

  test("one that cannot be mended takes the child runs it waits for with it", async () => {
    const harness = await startBackend();
    const { t, start, create, run, open, rows } = harness;
    await create({ id: "child", ...one });
    const parallel = {
      startNodeId: "all",
      nodes: {
        all: { type: "parallel", branches: ["sub", "ask"], next: "done" },
        sub: { type: "run", workflow: "child", next: "done" },
        ask: approve("Parent?", "done", "done"),
        done: end(),
      },
    };
    const started = await start(parallel);
    const runId = started.runId as Id<"runs">;
    await until("the child asks", async () => (await open()).length === 2);
    await t.run((ctx) => ctx.db.patch("runs", runId, { state: "broken", driverFailures: MAX_FAILURES }));
    await harness.answer(question(started).approvalId, "yes");
    await until("failed", async () => (await run(runId)).status === "failed");
    await until("the child is cancelled", async () => (await open()).length === 0);
    expect((await rows("runs")).map((row) => row.status)).toEqual(["failed", "cancelled"]);
  });

  test("one that cannot be mended -> the run fails visibly, its questions are retired", async () => {
    const { t, start, answer, run, open, driverRow } = await startBackend();
    const started = await start(three);
    const runId = started.runId as Id<"runs">;
    await t.run((ctx) => ctx.db.patch("runs", runId, { state: "broken", driverFailures: MAX_FAILURES }));
    await answer(question(started).approvalId, "yes");
    await until("failed", async () => (await run(runId)).status === "failed");
    expect((await run(runId)).error).toContain("could not go on");
    expect(await open()).toEqual([]);
    await t.mutation(internal.driver.restart, { runId, failures: MAX_FAILURES });
    expect((await driverRow(runId))!.status).toBe("failed");
  });
});
