import {
  actionGeneric,
  createFunctionHandle,
  defineSchema,
  defineTable,
  internalMutationGeneric,
  makeFunctionReference,
  mutationGeneric,
  queryGeneric,
} from "convex/server";
import { ConvexError, v } from "convex/values";
import { describe, expect, test } from "vitest";
import { openHarness } from "../testing/harness.ts";
import { CallError } from "./errors.ts";

const schema = defineSchema({ notes: defineTable({ text: v.string() }).index("by_text", ["text"]) });
const mutationRef = (name: string) => makeFunctionReference<"mutation">(name);

let gate = Promise.withResolvers<void>();
let slowHasWritten = Promise.withResolvers<void>();
const zombies: Promise<unknown>[] = [];
let runs = 0;

const notes = {
  add: mutationGeneric({
    args: { text: v.string() },
    handler: async (ctx, { text }) => {
      runs++;
      await ctx.db.insert("notes", { text });
    },
  }),
  list: queryGeneric(async (ctx) => (await ctx.db.query("notes").collect()).map((note) => note.text)),
  addThenFail: mutationGeneric(async (ctx, { text }: { text: string }) => {
    await ctx.db.insert("notes", { text });
    throw new Error(`refused ${text}`);
  }),
  catching: mutationGeneric(async (ctx) => {
    await ctx.runMutation(mutationRef("notes:add"), { text: "kept" });
    const failure = await ctx.runMutation(mutationRef("notes:addThenFail"), { text: "lost" }).catch(String);
    await ctx.db.insert("notes", { text: "after" });
    return failure;
  }),
  together: mutationGeneric(async (ctx) => {
    await Promise.all([
      ctx.runMutation(mutationRef("notes:addThenFail"), { text: "lost 1" }).catch(() => {}),
      ctx.db.insert("notes", { text: "own 1" }),
      ctx.runMutation(mutationRef("notes:add"), { text: "child" }),
      ctx.db.insert("notes", { text: "own 2" }),
      ctx.runMutation(mutationRef("notes:addThenFail"), { text: "lost 2" }).catch(() => {}),
    ]);
  }),
  deep: mutationGeneric(async (ctx, { levels }: { levels: number }) => {
    await ctx.db.insert("notes", { text: `level ${levels}` });
    if (levels === 0) throw new Error("bottom");
    await ctx.runMutation(mutationRef("notes:deep"), { levels: levels - 1 }).catch(() => {});
  }),
  forgetful: mutationGeneric(async (ctx) => {
    // Not awaited: it still runs when this function returns.
    zombies.push(ctx.runMutation(mutationRef("notes:slow"), {}));
    await slowHasWritten.promise;
  }),
  slow: mutationGeneric(async (ctx) => {
    await ctx.db.insert("notes", { text: "slow" });
    slowHasWritten.resolve();
    await gate.promise;
    await ctx.db.insert("notes", { text: "slower" });
  }),
  zombie: mutationGeneric(async (ctx) => {
    zombies.push(gate.promise.then(() => ctx.db.insert("notes", { text: "from the grave" })));
    await ctx.db.insert("notes", { text: "alive" });
  }),
  wrongResult: queryGeneric({ returns: v.number(), handler: async () => "text" as never }),
  thrower: mutationGeneric(async () => {
    throw new ConvexError({ code: "limit", left: 3n });
  }),
  rethrower: mutationGeneric(async (ctx) => {
    const error = await ctx.runMutation(mutationRef("notes:thrower"), {}).catch((thrown: unknown) => thrown);
    if (!(error instanceof ConvexError)) throw new Error("not a ConvexError");
    throw error;
  }),
  whoAmI: queryGeneric(async (ctx) => (await ctx.auth.getUserIdentity())?.subject ?? null),
  hidden: internalMutationGeneric(async () => "inside"),
  token: actionGeneric(async () => {
    const { getServiceToken } = (await import("convex/server")) as unknown as {
      getServiceToken(n: string): Promise<string>;
    };
    return getServiceToken("ai-gateway");
  }),
  callSyscall: mutationGeneric(async (_ctx, { op }: { op: string }) => {
    const { asyncSyscall } = (
      globalThis as unknown as { Convex: { asyncSyscall(op: string, a: string): Promise<string> } }
    ).Convex;
    return asyncSyscall(op, "{}");
  }),
};

function open() {
  gate = Promise.withResolvers();
  slowHasWritten = Promise.withResolvers();
  zombies.length = 0;
  runs = 0;
  return openHarness({ "": { modules: { notes }, schema } });
}

describe("nested mutations", () => {
  test("one that throws and is caught leaves exactly the others' effects", async () => {
    const { run } = open();
    expect(await run("notes:catching")).toBe("Error: refused lost");
    expect(await run("notes:list")).toEqual(["kept", "after"]);
  });

  test("in Promise.all with the caller's own writes, only their own writes are undone", async () => {
    const { run } = open();
    await run("notes:together");
    expect(((await run("notes:list")) as string[]).toSorted()).toEqual(["child", "own 1", "own 2"]);
  });

  test("a failure at the bottom undoes the bottom only", async () => {
    const { run } = open();
    await run("notes:deep", { levels: 3 });
    expect(await run("notes:list")).toEqual(["level 3", "level 2", "level 1"]);
  });

  test("a failure at the top undoes everything", async () => {
    const { run } = open();
    await expect(run("notes:addThenFail", { text: "x" })).rejects.toThrow("Uncaught Error: refused x");
    expect(await run("notes:list")).toEqual([]);
  });
});

describe("a promise that outlives its function", () => {
  test("writes nothing, neither into its own transaction nor into the next", async () => {
    const { run } = open();
    await run("notes:zombie");
    const next = run("notes:slow");
    gate.resolve();
    await expect(zombies[0]).rejects.toThrow("has already returned");
    await next;
    expect(await run("notes:list")).toEqual(["alive", "slow", "slower"]);
  });

  test("a nested mutation nobody awaited is undone", async () => {
    const { run } = open();
    await run("notes:forgetful");
    gate.resolve();
    await expect(zombies[0]).rejects.toThrow();
    expect(await run("notes:list")).toEqual([]);
  });
});

describe("refusals", () => {
  test("a syscall the host does not know is refused by its name", async () => {
    const { run } = open();
    await expect(run("notes:token")).rejects.toThrow(
      'The embedded Convex host does not support syscall "1.0/createServiceToken"',
    );
    await expect(run("notes:callSyscall", { op: "toString" })).rejects.toThrow('does not support syscall "toString"');
  });

  test("arguments that do not fit are refused before the function runs", async () => {
    const { run } = open();
    await expect(run("notes:add", {})).rejects.toThrow(
      /^ArgumentValidationError: Object is missing the required field `text`/,
    );
    await expect(run("notes:add", { text: 1 })).rejects.toThrow(
      /Path: \.text\nValue: 1(\.0)?\nValidator: v\.string\(\)/,
    );
    await expect(run("notes:add", { text: "a", more: true })).rejects.toThrow("extra field `more`");
    expect(runs).toBe(0);
  });

  test("a result that does not fit is refused", async () => {
    const { run } = open();
    await expect(run("notes:wrongResult")).rejects.toThrow("ReturnsValidationError: Value does not match validator.");
  });

  test("a function of another type is refused", async () => {
    const { engine } = open();
    const call = engine.query(engine.parsePath("notes:add"), {}, { identity: null, isAdmin: true });
    await expect(call).rejects.toThrow("Trying to execute notes:add as Query, but it is defined as Mutation.");
  });
});

describe("errors", () => {
  test("a ConvexError keeps its data through nested calls up to the client", async () => {
    const { run } = open();
    const data = { code: "limit", left: { $integer: "AwAAAAAAAAA=" } };
    const thrown = await run("notes:rethrower").catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(CallError);
    expect((thrown as CallError).failure).toMatchObject({ data });
  });
});

describe("visibility", () => {
  test("clients reach public functions of the app only", async () => {
    const { run } = open();
    await expect(run("notes:hidden", {}, { isAdmin: false })).rejects.toThrow(
      "Could not find public function for 'notes:hidden'",
    );
    await expect(run("notes:nothing", {}, { isAdmin: false })).rejects.toThrow(
      "Could not find public function for 'notes:nothing'",
    );
    expect(await run("notes:hidden")).toBe("inside");
    expect(await run("notes.js:list", {}, { isAdmin: false })).toEqual([]);
  });
});

describe("components", () => {
  const child = {
    tools: {
      open: queryGeneric(async (ctx) => ({ who: (await ctx.auth.getUserIdentity())?.subject ?? null })),
      closed: internalMutationGeneric(async () => "through a handle"),
      handle: mutationGeneric(async () => createFunctionHandle(mutationRef("tools:closed"))),
    },
  };
  const reference = (path: string) =>
    ({ [Symbol.for("toReferencePath")]: `_reference/childComponent/${path}` }) as never;
  const app = {
    main: {
      ask: queryGeneric(async (ctx) => {
        const own = (await ctx.auth.getUserIdentity())?.subject;
        return { own, child: await ctx.runQuery(reference("child/tools/open")) };
      }),
      peek: mutationGeneric(async (ctx) => ctx.runMutation(reference("child/tools/closed"))),
      viaHandle: mutationGeneric(async (ctx) => {
        const handle = await ctx.runMutation(reference("child/tools/handle"));
        return { handle, answer: await ctx.runMutation(handle) };
      }),
      stranger: mutationGeneric(async (ctx) => ctx.runMutation(reference("other/tools/open"))),
    },
  };
  const components = { "": { modules: app, children: { child: "child" } }, child: { modules: child } };

  test("no identity crosses the border of a component", async () => {
    const { run } = openHarness(components);
    expect(await run("main:ask", {}, { identity: { subject: "ada" } })).toEqual({ own: "ada", child: { who: null } });
  });

  test("a reference reaches public functions only, a handle also internal ones", async () => {
    const { run } = openHarness(components);
    await expect(run("main:peek")).rejects.toThrow("it is internal");
    expect(await run("main:viaHandle")).toEqual({
      handle: "function://child;tools:closed",
      answer: "through a handle",
    });
    await expect(run("main:stranger")).rejects.toThrow('Child component "other" is not installed');
  });
});

describe("sessions", () => {
  test("a resent mutation is answered, not repeated, also when the first try has not ended", async () => {
    const { engine, run } = open();
    const path = engine.parsePath("notes:add");
    const caller = { identity: null, isAdmin: false };
    const send = (requestId: number) => engine.mutation(path, { text: "once" }, caller, { sessionId: "s", requestId });
    const [first, second] = await Promise.all([send(1), send(1)]);
    const third = await send(1);
    expect([first.value, second.value, third.value]).toEqual(["null", "null", "null"]);
    await send(2);
    expect(await run("notes:list")).toEqual(["once", "once"]);
    expect(runs).toBe(2);
  });
});

describe("limits", () => {
  const loop = {
    forever: mutationGeneric(async (ctx) => {
      await ctx.db.insert("notes", { text: "never seen" });
      await new Promise(() => {});
    }),
    ping: mutationGeneric(async () => "pong"),
    metrics: mutationGeneric(async (ctx) => {
      await ctx.db.insert("notes", { text: "one" });
      await ctx.db.query("notes").collect();
      const metrics = await ctx.meta.getTransactionMetrics();
      return [metrics.documentsWritten.used, metrics.documentsRead.used, metrics.databaseQueries.used];
    }),
    greedy: mutationGeneric(async (ctx) => {
      for (let i = 0; i < 10; i++) await ctx.db.insert("notes", { text: `${i}` });
      const options = { transactionLimits: { documentsRead: 5 } } as never;
      return ctx.runQuery(makeFunctionReference<"query">("notes:list"), {}, options);
    }),
  };

  test("a mutation that never ends is given up, undone, and the next one runs", async () => {
    const { run } = openHarness({ "": { modules: { loop, notes }, schema } }, { limits: { transactionMs: 50 } });
    await expect(run("loop:forever")).rejects.toThrow("Function execution timed out");
    expect(await run("loop:ping")).toBe("pong");
    expect(await run("notes:list")).toEqual([]);
  });

  test("metrics count this transaction's work", async () => {
    const { run } = openHarness({ "": { modules: { loop, notes }, schema } });
    expect(await run("loop:metrics")).toEqual([1, 1, 1]);
  });

  test("a nested call keeps to the budget its caller gave", async () => {
    const { run } = openHarness({ "": { modules: { loop, notes }, schema } });
    await expect(run("loop:greedy")).rejects.toThrow(
      /Too many documents read in a single function execution \(limit: /,
    );
  });
});

describe("stopping", () => {
  test("waits for what runs and refuses what comes after", async () => {
    const { engine, run } = open();
    const running = run("notes:slow");
    const stopped = engine.stop(5000);
    gate.resolve();
    await stopped;
    await running;
    await expect(run("notes:list")).rejects.toThrow("shutting down");
  });
});

test("an uncaught error of a function that a client called is logged with its stack, queries included", async () => {
  const logs: { level: string; text: string }[] = [];
  const broken = queryGeneric(async () => {
    throw new Error("broken query");
  });
  const refusing = mutationGeneric(async () => {
    throw new ConvexError("on purpose");
  });
  const { engine } = openHarness(
    { "": { modules: { notes: { ...notes, broken, refusing } }, schema } },
    { log: ({ level, text }) => logs.push({ level, text }) },
  );
  const caller = { identity: null, isAdmin: false };
  const call = (name: string) => engine.parsePath(`notes:${name}`);
  await expect(engine.query(call("broken"), {}, caller)).rejects.toThrow("broken query");
  expect(logs.splice(0)).toEqual([{ level: "error", text: expect.stringMatching(/broken query\n\s+at /) }]);
  await expect(engine.mutation(call("addThenFail"), { text: "x" }, caller)).rejects.toThrow("refused x");
  expect(logs.splice(0)).toEqual([{ level: "error", text: expect.stringMatching(/refused x\n\s+at /) }]);
  await expect(engine.mutation(call("refusing"), {}, caller)).rejects.toThrow();
  expect(logs).toMatchObject([{ level: "debug" }]);
});

test("a transaction that shares a commit with others begins at their time, not at the last commit's", async () => {
  const times = mutationGeneric(async (ctx) => {
    await ctx.db.insert("notes", { text: "t" });
    return ctx.meta.getSnapshotTs().toString();
  });
  const { engine, run, store } = openHarness({ "": { modules: { notes: { ...notes, times } }, schema } });
  await run("notes:times");
  let commits = 0;
  store.onCommit(() => commits++);
  const caller = { identity: null, isAdmin: false };
  const results = await Promise.all(
    [1, 2, 3, 4].map(() => engine.mutation(engine.parsePath("notes:times"), {}, caller)),
  );
  expect(commits).toBeLessThan(4);
  const began = results.map(({ value }) => BigInt(JSON.parse(value) as string));
  // Each saw what the one before it had written.
  for (let i = 1; i < 4; i++) expect(began[i]).toBe(results[i - 1]!.ts);
});
