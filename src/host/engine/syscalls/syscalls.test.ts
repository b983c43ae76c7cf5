import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  actionGeneric,
  defineSchema,
  defineTable,
  httpActionGeneric,
  httpRouter,
  makeFunctionReference,
  mutationGeneric,
  queryGeneric,
} from "convex/server";
import { jsonToConvex, v } from "convex/values";
import { describe, expect, test } from "vitest";
import { openHarness } from "../../testing/harness.ts";
import { asyncSyscalls, jsSyscalls, syscalls } from "./index.ts";

const schema = defineSchema({
  items: defineTable({ n: v.number() }).index("by_n", ["n"]),
  points: defineTable({ at: v.array(v.float64()) }).vectorIndex("by_at", { vectorField: "at", dimensions: 2 }),
});
const ref = (name: string) => makeFunctionReference<"mutation">(name);

const items = {
  add: mutationGeneric(async (ctx, { n }: { n: number }) => ctx.db.insert("items", { n })),
  fill: mutationGeneric(async (ctx, { count }: { count: number }) => {
    for (let n = 0; n < count; n++) await ctx.db.insert("items", { n });
  }),
  remove: mutationGeneric(async (ctx, { id }: { id: string }) => ctx.db.delete(id as never)),
  page: queryGeneric(async (ctx, { cursor, numItems }: { cursor: string | null; numItems: number }) => {
    const { page, ...rest } = await ctx.db.query("items").withIndex("by_n").paginate({ cursor, numItems });
    return { ...rest, ns: page.map((item) => item.n) };
  }),
  twoPages: queryGeneric(async (ctx) => {
    const options = { cursor: null, numItems: 1 };
    await ctx.db.query("items").paginate(options);
    await ctx.db.query("items").paginate(options);
  }),
  everything: mutationGeneric(async (ctx) => {
    const id = await ctx.db.insert("items", { n: 1 });
    await ctx.db.patch(id, { n: 2 });
    const patched = (await ctx.db.get(id))?.n;
    await ctx.db.replace(id, { n: 3 });
    const replaced = (await ctx.db.get(id))?.n;
    const normal = ctx.db.normalizeId("items", id) === id && ctx.db.normalizeId("points", id) === null;
    const between = await ctx.db
      .query("items")
      .withIndex("by_n", (q) => q.gte("n", 2).lt("n", 4))
      .collect();
    const one = await ctx.db
      .query("items")
      .filter((q) => q.eq(q.field("n"), 3))
      .unique();
    let counted = 0;
    for await (const _ of ctx.db.query("items").order("desc")) counted++;
    await ctx.db.delete(id);
    return { patched, replaced, normal, between: between.length, one: one?.n, counted, gone: await ctx.db.get(id) };
  }),
  systemWrite: mutationGeneric(async (ctx) => {
    const id = await ctx.scheduler.runAfter(1e6, ref("items:add"), { n: 1 });
    await ctx.db.patch(id as never, { name: "forged" } as never);
  }),
  writeInQuery: queryGeneric(async () => {
    const { Convex } = globalThis as unknown as { Convex: { asyncSyscall(op: string, args: string): Promise<string> } };
    return Convex.asyncSyscall("1.0/insert", JSON.stringify({ table: "items", value: { n: 1 } }));
  }),
  actionCallInMutation: mutationGeneric(async () => {
    const { Convex } = globalThis as unknown as { Convex: { asyncSyscall(op: string, args: string): Promise<string> } };
    return Convex.asyncSyscall("1.0/actions/mutation", JSON.stringify({ name: "items:add", args: { n: 1 } }));
  }),
  meta: mutationGeneric(async (ctx) => ({
    fn: await ctx.meta.getFunctionMetadata(),
    request: await ctx.meta.getRequestMetadata(),
    deployment: await ctx.meta.getDeploymentMetadata(),
    hasSnapshot: ctx.meta.getSnapshotTs() >= 0n,
  })),
  viaAction: actionGeneric(async (ctx) => {
    const id = await ctx.runMutation(ref("items:add"), { n: 7 });
    const page = await ctx.runQuery(makeFunctionReference<"query">("items:page"), { cursor: null, numItems: 10 });
    const inner = await ctx.runAction(makeFunctionReference<"action">("items:echo"), { text: "hi" });
    return { id: typeof id, ns: page.ns, inner };
  }),
  echo: actionGeneric(async (_ctx, { text }: { text: string }) => text),
  stale: mutationGeneric(async (ctx) => {
    const options = { useStaleSnapshot: true } as never;
    const all = makeFunctionReference<"query">("items:page");
    const ask = async () => (await ctx.runQuery(all, { cursor: null, numItems: 10 }, options)).ns;
    const before = await ask();
    await ctx.db.insert("items", { n: 99 });
    return { before, after: await ask() };
  }),
  commitTime: mutationGeneric(async (ctx) => {
    const { commitTs } = (ctx.db as unknown as { vars: { commitTs: unknown } }).vars;
    return { at: commitTs as null };
  }),
  nearest: actionGeneric(async (ctx) => {
    const found = await ctx.vectorSearch("points", "by_at", { vector: [1, 0], limit: 1 });
    return found.map(({ _score }) => Math.round(_score));
  }),
  addPoints: mutationGeneric(async (ctx) => {
    for (const at of [
      [1, 0],
      [0, 1],
    ])
      await ctx.db.insert("points", { at });
  }),
};

const files = {
  store: actionGeneric(async (ctx, { text }: { text: string }) =>
    ctx.storage.store(new Blob([text], { type: "text/plain" })),
  ),
  read: actionGeneric(async (ctx, { id }: { id: string }) => (await ctx.storage.get(id as never))?.text() ?? null),
  info: queryGeneric(async (ctx, { id }: { id: string }) => {
    const { _id, _creationTime, ...file } = ((await ctx.db.system.get(id as never)) ?? {}) as Record<string, unknown>;
    return { url: await ctx.storage.getUrl(id as never), file };
  }),
  remove: mutationGeneric(async (ctx, { id }: { id: string }) => ctx.storage.delete(id as never)),
  storeInMutation: mutationGeneric(async (ctx, { fails }: { fails: boolean }) => {
    const storage = ctx.storage as unknown as {
      store(blob: Blob): Promise<string>;
      get(id: string): Promise<Blob | null>;
    };
    const id = await storage.store(new Blob(["inside"]));
    if (fails) throw new Error(id);
    return { id, text: await (await storage.get(id))?.text() };
  }),
  uploadUrl: mutationGeneric(async (ctx) => ctx.storage.generateUploadUrl()),
};

const router = httpRouter();
router.route({
  path: "/echo",
  method: "POST",
  handler: httpActionGeneric(async (ctx, request) => {
    const id = await ctx.runMutation(ref("items:add"), { n: Number(await request.text()) });
    return new Response(`stored ${typeof id}`, { status: 201 });
  }),
});
router.route({
  path: "/stream",
  method: "GET",
  handler: httpActionGeneric(async (ctx) => {
    const lines = ["a", "b"];
    const body = new ReadableStream(
      {
        async pull(controller) {
          const line = lines.shift();
          if (line === undefined) return controller.close();
          // The function has returned by now, its response has not ended.
          await ctx.runMutation(ref("items:add"), { n: 1 });
          controller.enqueue(new TextEncoder().encode(line));
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body);
  }),
});

function open(options = {}) {
  const modules = { items, files, http: { default: router } };
  return openHarness({ "": { modules, schema } }, { cloudUrl: () => "http://127.0.0.1:1", ...options });
}

describe("the table of syscalls", () => {
  test("names every syscall that the installed convex/server issues, but for those refused on purpose", () => {
    const dir = join(import.meta.dirname, "../../../../node_modules/convex/src/server");
    const texts = readdirSync(dir, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !file.includes(".test."))
      .map((file) => readFileSync(join(dir, file), "utf8"));
    const issued = texts.flatMap((text) => [...text.matchAll(/Syscall\(\s*"([^"]+)"/g)].map((match) => match[1]!));
    const known = [...Object.keys(syscalls), ...Object.keys(asyncSyscalls), ...Object.keys(jsSyscalls)];
    expect(issued.length).toBeGreaterThan(30);
    // Issued only by `HttpRouter.runRequest`, which the host does not use: it looks up the route and calls the handler.
    const unused = ["convexJsonFromResponse", "requestFromConvexJson"];
    const refused = ["1.0/createServiceToken", "1.0/getServiceUrl", "1.0/signJwt"];
    expect([...new Set(issued)].filter((op) => !known.includes(op) && !unused.includes(op)).toSorted()).toEqual(
      refused,
    );
  });
});

describe("database", () => {
  test("insert, get, patch, replace, remove, ranges, filters, streams", async () => {
    expect(await open().run("items:everything")).toEqual({
      patched: 2,
      replaced: 3,
      normal: true,
      between: 1,
      one: 3,
      counted: 1,
      gone: null,
    });
  });

  test("writes are refused in queries, and of system documents everywhere", async () => {
    const { run } = open();
    await expect(run("items:writeInQuery")).rejects.toThrow("only possible in mutations");
    await expect(run("items:systemWrite")).rejects.toThrow("System tables (prefixed with `_`) are read-only.");
  });

  test("what belongs to actions is refused inside a transaction instead of waiting for it", async () => {
    await expect(open().run("items:actionCallInMutation")).rejects.toThrow(
      "only possible in actions, not in a mutation",
    );
  });

  test("a stale query sees what was committed before, also when the caller has written", async () => {
    const { run } = open();
    await run("items:fill", { count: 2 });
    expect(await run("items:stale")).toEqual({ before: [0, 1], after: [0, 1] });
  });

  test("vector search from an action", async () => {
    const { run } = open();
    await run("items:addPoints");
    expect(await run("items:nearest")).toEqual([1]);
  });
});

test("a mutation that returns its commit time returns the time of its commit", async () => {
  const { engine } = open();
  const { value, ts } = await engine.mutation(
    engine.parsePath("items:commitTime"),
    {},
    { identity: null, isAdmin: true },
  );
  expect(jsonToConvex(JSON.parse(value))).toEqual({ at: ts });
});

describe("pagination", () => {
  test("pages follow one another to the end; two in one function are refused", async () => {
    const { run } = open();
    await run("items:fill", { count: 5 });
    const first = (await run("items:page", { cursor: null, numItems: 3 })) as { ns: number[]; continueCursor: string };
    expect(first).toMatchObject({ ns: [0, 1, 2], isDone: false });
    const second = await run("items:page", { cursor: first.continueCursor, numItems: 3 });
    expect(second).toMatchObject({ ns: [3, 4], isDone: true });
    await expect(run("items:twoPages")).rejects.toThrow("multiple paginated queries");
  });

  test("with the journal of the run before, a page keeps its end and grows in its middle", async () => {
    const { engine, run } = open();
    await run("items:fill", { count: 4 });
    const path = engine.parsePath("items:page");
    const ask = (journal: string | null) =>
      engine.query(path, { cursor: null, numItems: 2 }, { identity: null, isAdmin: true }, { journal });
    const first = await ask(null);
    expect(JSON.parse(first.value).ns).toEqual([0, 1]);
    await run("items:add", { n: 0.5 });
    const again = await ask(first.journal);
    expect(JSON.parse(again.value).ns).toEqual([0, 0.5, 1]);
    expect(JSON.parse((await ask(null)).value).ns).toEqual([0, 0.5]);
    expect(first.journal).toBe(JSON.parse(again.value).continueCursor);
  });
});

describe("actions", () => {
  test("query, mutation and action from an action", async () => {
    expect(await open().run("items:viaAction")).toEqual({ id: "string", ns: [7], inner: "hi" });
  });
});

describe("metadata", () => {
  test("function, request, deployment, snapshot", async () => {
    const caller = { ip: "10.0.0.1", userAgent: "test", requestId: "r1", authToken: "jwt" };
    expect(await open().run("items:meta", {}, caller)).toEqual({
      fn: { name: "items:meta", componentPath: "", type: "mutation", visibility: "public" },
      request: { ip: "10.0.0.1", userAgent: "test", requestId: "r1", scheduledFunctionId: null, authToken: "jwt" },
      deployment: { name: "embedded", region: null, class: "s16" },
      hasSnapshot: true,
    });
  });
});

describe("files", () => {
  test("stored by an action: document, url, bytes, and all gone after delete", async () => {
    const { run } = open();
    const id = (await run("files:store", { text: "hello" })) as string;
    expect(await run("files:info", { id })).toEqual({
      url: `http://127.0.0.1:1/api/storage/${id}`,
      file: { contentType: "text/plain", sha256: "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", size: 5 },
    });
    expect(await run("files:read", { id })).toBe("hello");
    await run("files:remove", { id });
    expect(await run("files:info", { id })).toEqual({ url: null, file: {} });
    expect(await run("files:read", { id })).toBeNull();
  });

  test("stored by a mutation: undone with it", async () => {
    const { engine, run } = open();
    expect(await run("files:storeInMutation", { fails: false })).toMatchObject({ text: "inside" });
    const thrown = (await run("files:storeInMutation", { fails: true }).catch((error: unknown) => error)) as Error;
    const lost = thrown.message.replace("Uncaught Error: ", "");
    expect(await engine.files?.open(lost)).toBeNull();
    expect(await run("files:info", { id: lost })).toEqual({ url: null, file: {} });
  });

  test("an upload URL carries a token", async () => {
    expect(await open().run("files:uploadUrl")).toMatch(/^http:\/\/127\.0\.0\.1:1\/api\/storage\/upload\?token=.+/);
  });
});

describe("HTTP actions", () => {
  const caller = { identity: null, isAdmin: false };

  test("are routed, run mutations, and answer 404 when no route fits", async () => {
    const { engine, run } = open();
    const request = new Request("http://site/echo", { method: "POST", body: "42" });
    const response = await engine.httpAction(request, caller);
    expect([response.status, await response.text()]).toEqual([201, "stored string"]);
    expect(await run("items:page", { cursor: null, numItems: 5 })).toMatchObject({ ns: [42] });
    expect((await engine.httpAction(new Request("http://site/nowhere"), caller)).status).toBe(404);
  });

  test("a streaming response may write until its body ends", async () => {
    const { engine, run } = open();
    const response = await engine.httpAction(new Request("http://site/stream"), caller);
    expect(await response.text()).toBe("ab");
    expect(await run("items:page", { cursor: null, numItems: 5 })).toMatchObject({ ns: [1, 1] });
  });
});
