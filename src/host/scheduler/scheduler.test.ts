import {
  actionGeneric,
  defineSchema,
  defineTable,
  makeFunctionReference,
  mutationGeneric,
  queryGeneric,
} from "convex/server";
import { v } from "convex/values";
import { expect, test } from "vitest";
import { openStore } from "../store/index.ts";
import type { Store } from "../store/types.ts";
import { type HarnessOptions, openHarness, temporaryFile } from "../testing/harness.ts";
import { HostError } from "../values/index.ts";

const schema = defineSchema({ effects: defineTable({ text: v.string() }) });
const job = (name: string) => makeFunctionReference<"mutation">(`jobs:${name}`);
const action = (name: string) => makeFunctionReference<"action">(`jobs:${name}`);

let started = 0;
let inFlight = 0;
let mostInFlight = 0;
let hold = Promise.withResolvers<void>();

const jobs = {
  effect: mutationGeneric(async (ctx, { text }: { text: string }) => {
    await ctx.db.insert("effects", { text });
  }),
  fail: mutationGeneric(async (ctx) => {
    await ctx.db.insert("effects", { text: "must not stay" });
    throw new Error("broken job");
  }),
  hang: actionGeneric(async (ctx) => {
    await ctx.runMutation(job("effect"), { text: "action began" });
    started++;
    await hold.promise;
    await ctx.runMutation(job("effect"), { text: "action ended" });
  }),
  busy: actionGeneric(async () => {
    mostInFlight = Math.max(mostInFlight, ++inFlight);
    await new Promise((resolve) => setTimeout(resolve, 1));
    inFlight--;
  }),
  chain: mutationGeneric(async (ctx, { left }: { left: number }) => {
    await ctx.db.insert("effects", { text: `${left}` });
    if (left > 0) await ctx.scheduler.runAfter(0, job("chain"), { left: left - 1 });
  }),
  later: mutationGeneric(
    async (ctx, { name, args, ms }: { name: string; args: Record<string, string>; ms: number }) => {
      return ctx.scheduler.runAfter(ms, job(name), args);
    },
  ),
  laterThenFail: mutationGeneric(async (ctx) => {
    await ctx.scheduler.runAfter(0, job("effect"), { text: "never" });
    throw new Error("undo");
  }),
  laterFromAction: actionGeneric(async (ctx) => {
    await ctx.scheduler.runAfter(0, job("effect"), { text: "from an action" });
  }),
  manyBusy: mutationGeneric(async (ctx, { count }: { count: number }) => {
    for (let i = 0; i < count; i++) await ctx.scheduler.runAfter(0, action("busy"), {});
  }),
  manyEffects: mutationGeneric(async (ctx, { count }: { count: number }) => {
    for (let i = 0; i < count; i++) await ctx.scheduler.runAfter(0, job("effect"), { text: `${i}` });
  }),
  laterHang: mutationGeneric(async (ctx) => ctx.scheduler.runAfter(0, action("hang"), {})),
  cancel: mutationGeneric(async (ctx, { id }: { id: string }) => ctx.scheduler.cancel(id as never)),
  effects: queryGeneric(async (ctx) => (await ctx.db.query("effects").collect()).map(({ text }) => text)),
  state: queryGeneric(async (ctx, { id }: { id: string }) => (await ctx.db.system.get(id as never)) as never),
  nothing: mutationGeneric(async (ctx) => ctx.scheduler.runAfter(0, job("missing"), {})),
};

function open(options: HarnessOptions = {}) {
  started = inFlight = mostInFlight = 0;
  return openHarness({ "": { modules: { jobs }, schema } }, options);
}

test("pending -> success: a mutation runs once and its document says so", async () => {
  const { engine, run } = open();
  await engine.start();
  const id = await run("jobs:later", { name: "effect", args: { text: "done" }, ms: 0 });
  await expect
    .poll(() => run("jobs:state", { id: id as string }))
    .toMatchObject({
      name: "jobs:effect",
      args: [{ text: "done" }],
      state: { kind: "success" },
      completedTime: expect.any(Number),
    });
  expect(await run("jobs:effects")).toEqual(["done"]);
});

test("pending -> failed: what the mutation wrote is undone, the document carries the error", async () => {
  const { engine, run } = open();
  await engine.start();
  const id = await run("jobs:later", { name: "fail", args: {}, ms: 0 });
  const state = { kind: "failed", error: "broken job" };
  await expect.poll(() => run("jobs:state", { id: id as string })).toMatchObject({ state });
  expect(await run("jobs:effects")).toEqual([]);
});

test("pending -> pending: the storage refuses -> the mutation is not failed, and runs once when it can be written again", async () => {
  const file = temporaryFile();
  const real = openStore({ path: file, synchronous: "OFF" });
  let refusing = false;
  const store = new Proxy(real, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name !== "write") return typeof value === "function" ? value.bind(target) : value;
      // The body runs and is rolled back, as when COMMIT finds the disk full.
      return (body: Parameters<Store["write"]>[0]) =>
        target.write(async (tx) => {
          const result = await body(tx);
          if (refusing) throw new HostError("The disk is full.", "disk_full");
          return result;
        });
    },
  });
  const logs: string[] = [];
  const waits: (() => void)[] = [];
  const { engine, run } = open({
    store,
    log: ({ text }) => logs.push(text),
    timers: {
      // Only the pause after a failure is longer than a second.
      setTimeout: (callback, ms) => (ms > 1_000 ? waits.push(callback) : setTimeout(callback, ms)),
      clearTimeout: () => {},
    },
  });
  await engine.start();
  const id = (await run("jobs:later", { name: "effect", args: { text: "once" }, ms: 10 })) as string;
  refusing = true;
  await expect.poll(() => waits.length).toBe(1);
  expect(logs.at(-1)).toMatch(/disk is full/);
  expect(await run("jobs:state", { id })).toMatchObject({ state: { kind: "pending" } });
  refusing = false;
  waits[0]!();
  await expect.poll(() => run("jobs:state", { id })).toMatchObject({ state: { kind: "success" } });
  expect(await run("jobs:effects")).toEqual(["once"]);
  real.close();
});

test("pending -> canceled: it never runs", async () => {
  const { engine, run } = open();
  const id = (await run("jobs:later", { name: "effect", args: { text: "no" }, ms: 0 })) as string;
  await run("jobs:cancel", { id });
  await run("jobs:cancel", { id });
  await engine.start();
  await run("jobs:later", { name: "effect", args: { text: "yes" }, ms: 0 });
  await expect.poll(() => run("jobs:effects")).toEqual(["yes"]);
  expect(await run("jobs:state", { id })).toMatchObject({ state: { kind: "canceled" } });
});

test("a mutation that fails schedules nothing", async () => {
  const { engine, store, run } = open();
  await engine.start();
  await expect(run("jobs:laterThenFail")).rejects.toThrow("undo");
  expect(store.nextScheduledTs()).toBeNull();
});

test("a function that does not exist cannot be scheduled", async () => {
  const { run } = open();
  await expect(run("jobs:nothing")).rejects.toThrow("Could not find function for 'jobs:missing'");
});

test("a mutation that was pending when the process died runs exactly once after the restart", async () => {
  const file = temporaryFile();
  const before = open({ file });
  for (let i = 0; i < 20; i++) await before.run("jobs:later", { name: "effect", args: { text: `${i}` }, ms: 0 });
  await before.engine.start();
  // Dies while some have run, some have not.
  await expect.poll(async () => ((await before.run("jobs:effects")) as string[]).length).toBeGreaterThan(0);
  before.kill();
  const after = open({ file });
  await after.engine.start();
  await expect.poll(async () => ((await after.run("jobs:effects")) as string[]).length).toBe(20);
  expect(new Set((await after.run("jobs:effects")) as string[]).size).toBe(20);
  expect(after.store.nextScheduledTs()).toBeNull();
});

test("inProgress -> failed: an action that was running when the process died is not repeated", async () => {
  hold = Promise.withResolvers();
  const file = temporaryFile();
  const before = open({ file });
  await before.engine.start();
  const id = (await before.run("jobs:laterHang")) as string;
  await expect.poll(() => started).toBe(1);
  expect(await before.run("jobs:state", { id })).toMatchObject({ state: { kind: "inProgress" } });
  before.kill();
  hold.resolve();
  const after = open({ file });
  await after.engine.start();
  const state = { kind: "failed", error: "Transient error while executing action" };
  expect(await after.run("jobs:state", { id })).toMatchObject({ state });
  expect(await after.run("jobs:effects")).toEqual(["action began"]);
  expect(started).toBe(0);
});

test("a running action that is canceled goes on, but stays canceled", async () => {
  hold = Promise.withResolvers();
  const { engine, run } = open();
  await engine.start();
  const id = (await run("jobs:laterHang")) as string;
  await expect.poll(() => started).toBe(1);
  await run("jobs:cancel", { id });
  hold.resolve();
  await engine.scheduler.settled();
  expect(await run("jobs:effects")).toEqual(["action began", "action ended"]);
  expect(await run("jobs:state", { id })).toMatchObject({ state: { kind: "canceled" } });
});

test("no more actions run at a time than allowed, and all run", async () => {
  const { engine, store, run } = open();
  await engine.start();
  await run("jobs:manyBusy", { count: 200 });
  await expect.poll(() => store.nextScheduledTs() === null && engine.scheduler.runningCount === 0).toBe(true);
  expect(mostInFlight).toBeGreaterThan(1);
  expect(mostInFlight).toBeLessThanOrEqual(64);
});

test("what one mutation schedules for the same time begins in that order", async () => {
  const { engine, run } = open();
  await engine.start();
  await run("jobs:manyEffects", { count: 30 });
  const expected = Array.from({ length: 30 }, (_, i) => `${i}`);
  await expect.poll(() => run("jobs:effects")).toEqual(expected);
});

test("functions schedule functions, in order", async () => {
  const { engine, run } = open();
  await engine.start();
  await run("jobs:chain", { left: 5 });
  await expect.poll(() => run("jobs:effects")).toEqual(["5", "4", "3", "2", "1", "0"]);
  await run("jobs:laterFromAction");
  await expect.poll(() => run("jobs:effects")).toContain("from an action");
});

test("what is due later does not run early", async () => {
  const { engine, store, run } = open({ timers: { setTimeout: () => null, clearTimeout: () => {} } });
  await engine.start();
  const id = (await run("jobs:later", { name: "effect", args: { text: "later" }, ms: 0 })) as string;
  const { scheduledTime } = (await run("jobs:state", { id })) as { scheduledTime: number };
  expect(store.dueScheduled(scheduledTime - 1, 10)).toEqual([]);
  expect(store.dueScheduled(scheduledTime, 10)).toMatchObject([{ id }]);
});

test("finished jobs are swept away by age, pending ones are kept", async () => {
  const { engine, store, run } = open();
  await engine.start();
  const done = (await run("jobs:later", { name: "effect", args: { text: "old" }, ms: 0 })) as string;
  const pending = (await run("jobs:later", { name: "effect", args: { text: "future" }, ms: 3_600_000 })) as string;
  await expect.poll(() => run("jobs:state", { id: done })).toMatchObject({ state: { kind: "success" } });
  await store.sweep({ sessionsMs: 0, scheduledMs: Date.now() + 7_200_000 });
  expect(await run("jobs:state", { id: done })).toBeNull();
  expect(await run("jobs:state", { id: pending })).toMatchObject({ state: { kind: "pending" } });
});
