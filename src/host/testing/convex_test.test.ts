import {
  actionGeneric,
  componentsGeneric,
  defineSchema,
  defineTable,
  type FunctionReference,
  httpActionGeneric,
  httpRouter,
  makeFunctionReference,
  mutationGeneric,
  queryGeneric,
} from "convex/server";
import { ConvexError, v } from "convex/values";
import { afterEach, describe, expect, test, vi } from "vitest";
import { convexTest } from "./convex_test.ts";

const schema = defineSchema({ notes: defineTable({ text: v.string() }) });
const query = (name: string) => makeFunctionReference<"query">(name);
const mutation = (name: string) => makeFunctionReference<"mutation">(name);
const action = (name: string) => makeFunctionReference<"action">(name);

const notes = {
  add: mutationGeneric({
    args: { text: v.string() },
    handler: async (ctx, { text }) => ctx.db.insert("notes", { text }),
  }),
  list: queryGeneric(async (ctx) => (await ctx.db.query("notes").collect()).map(({ text }) => text)),
  addLater: mutationGeneric(async (ctx, { ms, text }: { ms: number; text: string }) => {
    await ctx.scheduler.runAfter(ms, mutation("notes:add"), { text });
  }),
  again: mutationGeneric(async (ctx) => {
    await ctx.scheduler.runAfter(0, mutation("notes:again"), {});
  }),
  slowAction: actionGeneric(async (ctx) => {
    await new Promise((resolve) => setTimeout(resolve, 5000));
    await ctx.runMutation(mutation("notes:add"), { text: "after the wait" });
  }),
  startSlow: mutationGeneric(async (ctx) => {
    await ctx.scheduler.runAfter(0, action("notes:slowAction"), {});
  }),
  who: queryGeneric(async (ctx) => ctx.auth.getUserIdentity()),
  refuse: mutationGeneric(async () => {
    throw new ConvexError({ code: "no" });
  }),
  clocks: mutationGeneric(async () => {
    setTimeout(() => {}, 0);
  }),
  patched: mutationGeneric(async (ctx) => {
    const real = globalThis.Math;
    (globalThis as { Math: unknown }).Math = { random: () => 42 };
    const inner = await ctx.runQuery(query("notes:random"), {});
    const own = Math.random();
    globalThis.Math = real;
    return { inner: inner < 1, own };
  }),
  random: queryGeneric(async () => Math.random()),
};

const router = httpRouter();
router.route({
  path: "/who",
  method: "GET",
  handler: httpActionGeneric(async (ctx) => new Response((await ctx.auth.getUserIdentity())?.subject ?? "nobody")),
});

const modules = {
  "./_generated/api.ts": async () => ({}),
  "./notes.ts": async () => notes,
  "./http.ts": async () => ({ default: router }),
};

afterEach(() => {
  vi.useRealTimers();
});

describe("convexTest", () => {
  test("functions, inline functions and run share one database; each convexTest has its own", async () => {
    const t = convexTest(schema, modules);
    const id = await t.mutation(mutation("notes:add"), { text: "a" });
    await t.run(async (ctx) => ctx.db.insert("notes", { text: "b" }));
    expect(await t.query(query("notes:list"), {})).toEqual(["a", "b"]);
    expect(await t.query(async (ctx) => (await ctx.db.query("notes").first())?._id)).toBe(id);
    expect(await convexTest({ schema, modules }).query(query("notes:list"), {})).toEqual([]);
  });

  test("an inline mutation that throws is undone and rejects with what was thrown", async () => {
    const t = convexTest(schema, modules);
    const thrown = new RangeError("mine");
    const failing = t.run(async (ctx) => {
      await ctx.db.insert("notes", { text: "lost" });
      throw thrown;
    });
    await expect(failing).rejects.toBe(thrown);
    expect(await t.query(query("notes:list"), {})).toEqual([]);
    await expect(t.mutation(mutation("notes:refuse"), {})).rejects.toMatchObject({ data: { code: "no" } });
    await expect(t.mutation(mutation("notes:refuse"), {})).rejects.toThrow(ConvexError);
  });

  test("a function called inside run belongs to its transaction", async () => {
    const t = convexTest(schema, modules);
    const failing = t.run(async () => {
      await t.mutation(mutation("notes:add"), { text: "inside" });
      expect(await t.query(query("notes:list"), {})).toEqual(["inside"]);
      throw new Error("undo all");
    });
    await expect(failing).rejects.toThrow("undo all");
    expect(await t.query(query("notes:list"), {})).toEqual([]);
  });

  test("identity: made up where not given, seen by functions and HTTP actions, not by others", async () => {
    const t = convexTest(schema, modules);
    const ada = t.withIdentity({ subject: "ada" });
    const issuer = "https://convex.test";
    expect(await ada.query(query("notes:who"), {})).toEqual({
      subject: "ada",
      issuer,
      tokenIdentifier: `${issuer}|ada`,
    });
    expect(await t.query(query("notes:who"), {})).toBeNull();
    expect(await (await ada.fetch("/who")).text()).toBe("ada");
    expect(await (await t.fetch("/who")).text()).toBe("nobody");
  });

  test("timers are refused in mutations; what a function assigns to a global stays its own", async () => {
    const t = convexTest(schema, modules);
    await expect(t.mutation(mutation("notes:clocks"), {})).rejects.toThrow("`setTimeout` is not supported");
    expect(await t.mutation(mutation("notes:patched"), {})).toEqual({ inner: true, own: 42 });
  });

  test("components are registered by path, in any order, and reached by reference", async () => {
    const t = convexTest(schema, modules);
    t.registerComponent("outer/inner", schema, modules);
    t.registerComponent("outer", schema, modules);
    const { outer } = componentsGeneric() as unknown as {
      outer: { notes: { add: FunctionReference<"mutation">; list: FunctionReference<"query"> } };
    };
    await t.mutation(outer.notes.add, { text: "theirs" });
    expect(await t.query(outer.notes.list, {})).toEqual(["theirs"]);
    expect(await t.query(query("notes:list"), {})).toEqual([]);
  });
});

describe("scheduled functions", () => {
  test("run when the test's clock says so", async () => {
    vi.useFakeTimers();
    const t = convexTest(schema, modules);
    await t.mutation(mutation("notes:addLater"), { ms: 1000, text: "later" });
    vi.advanceTimersByTime(999);
    await t.finishInProgressScheduledFunctions();
    expect(await t.query(query("notes:list"), {})).toEqual([]);
    vi.advanceTimersByTime(1);
    await t.finishInProgressScheduledFunctions();
    expect(await t.query(query("notes:list"), {})).toEqual(["later"]);
  });

  test("finishAll goes on until nothing is left, through actions that wait themselves", async () => {
    vi.useFakeTimers();
    const t = convexTest(schema, modules);
    await t.mutation(mutation("notes:startSlow"), {});
    await t.mutation(mutation("notes:addLater"), { ms: 60_000, text: "in a minute" });
    await t.finishAllScheduledFunctions(vi.runAllTimers);
    expect(((await t.query(query("notes:list"), {})) as string[]).toSorted()).toEqual([
      "after the wait",
      "in a minute",
    ]);
  });

  test("finishAll gives up on functions that schedule themselves for ever", async () => {
    vi.useFakeTimers();
    const t = convexTest(schema, modules);
    await t.mutation(mutation("notes:again"), {});
    await expect(t.finishAllScheduledFunctions(vi.runAllTimers, 10)).rejects.toThrow("too many rounds");
  });

  test("what was scheduled under fake timers runs also after the real ones are back", async () => {
    vi.useFakeTimers();
    const t = convexTest(schema, modules);
    await t.mutation(mutation("notes:addLater"), { ms: 0, text: "first" });
    vi.useRealTimers();
    await t.mutation(mutation("notes:addLater"), { ms: 0, text: "second" });
    await expect.poll(() => t.query(query("notes:list"), {})).toEqual(["first", "second"]);
  });
});
