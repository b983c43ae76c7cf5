/** One function for each thing that a context must get right; what they return says what they saw. */
import { actionGeneric, anyApi, mutationGeneric, queryGeneric } from "convex/server";
import { v } from "convex/values";

(globalThis as Record<string, unknown>).registryOfProbes ??= [];
/** As libraries do that note something at their first use. */
export const registers = queryGeneric(async () => {
  (globalThis as Record<string, unknown>).notedOnce ??= true;
  return null;
});

let loads = 0;
loads++;
export const moduleLoads = queryGeneric({ args: {}, handler: async () => loads });

export const arguments_ = queryGeneric({
  args: { text: v.string() },
  returns: v.object({ text: v.string() }),
  handler: async (_ctx, { text }) => ({ text }),
});

export const buffers = actionGeneric(async () => {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("x"));
  const blob = await new Blob(["x"]).arrayBuffer();
  return [digest instanceof ArrayBuffer, blob instanceof ArrayBuffer, new Uint8Array(2) instanceof Uint8Array, digest];
});

export const errors = queryGeneric(async () => {
  const caught: unknown[] = [];
  for (const run of [() => new URL("::"), () => (null as unknown as string).length, () => atob("$")]) {
    try {
      run();
    } catch (error) {
      caught.push([error instanceof Error, error instanceof TypeError, error instanceof RangeError]);
    }
  }
  return caught;
});

export const dates = mutationGeneric(async () => {
  const before = Date.now();
  let spun = 0;
  for (let i = 0; i < 1e5; i++) spun += i;
  const created = new Date();
  return {
    frozen: before === Date.now() && before === created.getTime(),
    now: before,
    text: typeof (Date as unknown as () => string)(),
    own: new Date(0) instanceof Date && new Date(0).constructor === Date,
    given: new Date(2020, 1, 2).getFullYear(),
    spun: spun > 0,
  };
});

export const outside = queryGeneric(async () => {
  const refused: string[] = [];
  for (const run of [() => fetch("http://localhost/"), () => setTimeout(() => {}, 1), () => setInterval(() => {}, 1)]) {
    try {
      await run();
    } catch (error) {
      refused.push((error as Error).message);
    }
  }
  return refused;
});

export const globals = queryGeneric(async () => {
  const realm = globalThis as unknown as Record<string, unknown>;
  return {
    absent: ["Buffer", "require", "window"].filter((name) => realm[name] !== undefined),
    missing: ["AsyncLocalStorage", "TextDecoderStream", "MessageChannel", "WebAssembly"].filter((name) => !realm[name]),
    self: realm.self === globalThis && realm.global === globalThis,
    writable: ["process", "crypto", "Math", "Date", "console"].every((name) => {
      const descriptor = Object.getOwnPropertyDescriptor(globalThis, name)!;
      return descriptor.writable === true && descriptor.configurable === true;
    }),
    environment: Object.keys(process.env).sort(),
  };
});

export const useEval = queryGeneric(async () => {
  const make = Function as unknown as (body: string) => () => number;
  return make("return 1")();
});

/** Replaces globals and puts them back, or leaves them. */
export const patchGlobals = mutationGeneric({
  args: { restore: v.boolean() },
  handler: async (ctx, { restore }) => {
    const realm = globalThis as unknown as Record<string, unknown>;
    const original = realm.Math;
    realm.Math = { random: () => 0.5 };
    await ctx.db.query("counters").first();
    if (restore) realm.Math = original;
    return null;
  },
});
export const mathIsWhole = queryGeneric(async () => Math.max(1, 2) === 2);

/** A promise that outlives its function and then writes. */
export const zombie = mutationGeneric(async (ctx) => {
  void (async () => {
    await ctx.db.query("counters").first();
    await ctx.db.insert("counters", { name: "zombie", value: 1 });
  })();
  return null;
});

export const floatingRejection = mutationGeneric(async () => {
  void Promise.reject(new Error("nobody awaits me"));
  return null;
});

export const floatingTimer = actionGeneric(async () => {
  setTimeout(() => console.log("fired after the action"), 5);
  const id = setTimeout(() => {}, 1_000);
  clearTimeout(id);
  return typeof id;
});

export const throwingTimer = actionGeneric(async () => {
  setTimeout(() => {
    throw new Error("nobody catches me");
  }, 1);
  await new Promise((resolve) => setTimeout(resolve, 10));
  return "went on";
});

export const sleep = actionGeneric({
  args: { ms: v.number(), name: v.string() },
  handler: async (_ctx, { ms, name }) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    console.log(name);
    return name;
  },
});

export const clone = actionGeneric(async () => {
  const value = structuredClone({ list: [1, { deep: new Date(5) }], map: new Map([["a", new Set([1])]]) });
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  return [
    value instanceof Object,
    value.list.constructor === Array,
    value.map instanceof Map && value.map.get("a") instanceof Set,
    (value.list[1] as { deep: Date }).deep instanceof Date,
    (structuredClone(cycle) as { self: unknown }).self !== undefined,
  ];
});

export const streams = actionGeneric(async () => {
  const source = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("hello"));
      controller.close();
    },
  });
  const upper = new TransformStream<string, string>({
    transform: (chunk, controller) => controller.enqueue(chunk.toUpperCase()),
  });
  let text = "";
  for await (const chunk of source.pipeThrough(new TextDecoderStream() as never).pipeThrough(upper)) text += chunk;
  const data = (await new Response(JSON.stringify({ a: [1] })).json()) as { a: number[] };
  return [text, data instanceof Object, data.a.constructor === Array, new Response("") instanceof Response];
});

export const fetchJson = actionGeneric({
  args: { url: v.string() },
  handler: async (_ctx, { url }) => {
    const response = await fetch(url, { headers: { "x-test": "1" } });
    const copy = response.clone();
    const body = (await response.json()) as unknown;
    return [response instanceof Response, copy instanceof Response, body instanceof Object, body];
  },
});

export const fail = queryGeneric(async () => {
  deep();
});
function deep(): never {
  throw new Error("on purpose");
}

export const prints = queryGeneric(async () => {
  console.log("text", { a: [1] }, 5);
  console.group("inside");
  console.warn("indented");
  console.groupEnd();
  console.count();
  console.count();
  return null;
});

/** Never returns the thread; only ending the worker helps. What it wrote must not stay. */
export const loop = mutationGeneric({
  args: { name: v.string() },
  handler: async (ctx, { name }) => {
    await ctx.db.insert("counters", { name, value: 1 });
    for (;;);
  },
});

export const loopInQuery = queryGeneric({
  args: { name: v.string() },
  handler: async (ctx, { name }) => {
    await ctx.db.query("counters").first();
    for (; name !== "harmless"; );
    return name;
  },
});

/** Schedules one that loops; returns the id of its document. */
export const scheduleLoop = mutationGeneric(async (ctx) =>
  ctx.scheduler.runAfter(0, anyApi.probes!.loop! as never, { name: "scheduled loop" } as never),
);
export const scheduled = queryGeneric({
  args: { id: v.string() },
  handler: async (ctx, { id }) => (await ctx.db.system.get(id as never)) as { state: { kind: string } } | null,
});

/** Fills the memory without ever returning the thread. */
export const flood = actionGeneric(async () => {
  const kept: unknown[] = [];
  for (;;) kept.push({ list: [kept.length, "x"] });
});

export const whoAmI = queryGeneric(async (ctx) => await ctx.auth.getUserIdentity());
