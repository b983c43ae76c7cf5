/** A small app, run by the in-realm executor, for the tests of the wire. */
import {
  actionGeneric,
  type DataModelFromSchemaDefinition,
  defineSchema,
  defineTable,
  httpActionGeneric,
  httpRouter,
  internalMutationGeneric,
  internalQueryGeneric,
  type MutationBuilder,
  mutationGeneric,
  paginationOptsValidator,
  type QueryBuilder,
  queryGeneric,
} from "convex/server";
import { ConvexError, v } from "convex/values";

export const schema = defineSchema({
  messages: defineTable({ channel: v.string(), body: v.string(), rank: v.number() }).index("by_channel_and_rank", [
    "channel",
    "rank",
  ]),
  counters: defineTable({ name: v.string(), value: v.number() }).index("by_name", ["name"]),
});
type DataModel = DataModelFromSchemaDefinition<typeof schema>;
const query = queryGeneric as QueryBuilder<DataModel, "public">;
const mutation = mutationGeneric as MutationBuilder<DataModel, "public">;
const internalQuery = internalQueryGeneric as QueryBuilder<DataModel, "internal">;
const internalMutation = internalMutationGeneric as MutationBuilder<DataModel, "internal">;

const messages = {
  list: query({
    args: { channel: v.string() },
    handler: async ({ db }, { channel }) => {
      const found = await db
        .query("messages")
        .withIndex("by_channel_and_rank", (q) => q.eq("channel", channel))
        .collect();
      return found.map(({ body }) => body);
    },
  }),
  below: query({
    args: { channel: v.string(), rank: v.number() },
    handler: async ({ db }, { channel, rank }) => {
      const found = await db
        .query("messages")
        .withIndex("by_channel_and_rank", (q) => q.eq("channel", channel).lt("rank", rank))
        .order("desc")
        .take(3);
      return found.map(({ body }) => body);
    },
  }),
  all: query({ args: {}, handler: async ({ db }) => (await db.query("messages").collect()).length }),
  page: query({
    args: { channel: v.string(), paginationOpts: paginationOptsValidator },
    handler: ({ db }, { channel, paginationOpts }) =>
      db
        .query("messages")
        .withIndex("by_channel_and_rank", (q) => q.eq("channel", channel))
        .paginate(paginationOpts),
  }),
  get: query({ args: { id: v.id("messages") }, handler: ({ db }, { id }) => db.get(id) }),
  send: mutation({
    args: { channel: v.string(), body: v.string(), rank: v.optional(v.number()) },
    handler: ({ db }, { channel, body, rank }) => db.insert("messages", { channel, body, rank: rank ?? 0 }),
  }),
  edit: mutation({
    args: { channel: v.string(), body: v.string() },
    handler: async ({ db }, { channel, body }) => {
      const first = await db
        .query("messages")
        .withIndex("by_channel_and_rank", (q) => q.eq("channel", channel))
        .first();
      if (first !== null) await db.patch(first._id, { body });
    },
  }),
  clear: mutation({
    args: { channel: v.string() },
    handler: async ({ db }, { channel }) => {
      const found = db.query("messages").withIndex("by_channel_and_rank", (q) => q.eq("channel", channel));
      for await (const { _id } of found) await db.delete(_id);
    },
  }),
};

const counters = {
  /** Tells the time of its own commit. */
  commitTime: mutation(async ({ db }) => {
    await db.insert("counters", { name: "timed", value: 0 });
    return { at: (db as unknown as { vars: { commitTs: unknown } }).vars.commitTs as null };
  }),
  get: query({
    args: { name: v.string() },
    handler: async ({ db }, { name }) => {
      const counter = await db
        .query("counters")
        .withIndex("by_name", (q) => q.eq("name", name))
        .unique();
      return counter?.value ?? 0;
    },
  }),
  bump: mutation({
    args: { name: v.string() },
    handler: async ({ db }, { name }) => {
      const counter = await db
        .query("counters")
        .withIndex("by_name", (q) => q.eq("name", name))
        .unique();
      if (counter === null) await db.insert("counters", { name, value: 1 });
      else await db.patch(counter._id, { value: counter.value + 1 });
      return (counter?.value ?? 0) + 1;
    },
  }),
  /** Both in one transaction: their sum never changes. */
  transfer: mutation({
    args: { from: v.string(), to: v.string() },
    handler: async ({ db }, args) => {
      const find = (name: string) =>
        db
          .query("counters")
          .withIndex("by_name", (q) => q.eq("name", name))
          .unique();
      for (const [name, change] of [
        [args.from, -1],
        [args.to, 1],
      ] as const) {
        const counter = await find(name);
        if (counter === null) await db.insert("counters", { name, value: change });
        else await db.patch(counter._id, { value: counter.value + change });
      }
    },
  }),
  /** Throws until the counter is there. */
  demand: query({
    args: { name: v.string() },
    handler: async ({ db }, { name }) => {
      const counter = await db
        .query("counters")
        .withIndex("by_name", (q) => q.eq("name", name))
        .unique();
      if (counter === null) throw new ConvexError({ missing: name });
      return counter.value;
    },
  }),
  secret: internalQuery({ args: {}, handler: () => "secret" }),
  reset: internalMutation({
    args: {},
    handler: async ({ db }) => {
      for await (const { _id } of db.query("counters")) await db.delete(_id);
    },
  }),
};

/** Actions begun, so that a test can wait for them to be under way. */
export const begun = { actions: 0 };

const probes = {
  echo: query({ args: { value: v.any() }, handler: (_ctx, { value }) => value }),
  nothing: mutation({ args: {}, handler: () => null }),
  me: query({ args: {}, handler: (ctx) => ctx.auth.getUserIdentity() }),
  fail: mutation({
    args: {},
    handler: async ({ db }) => {
      await db.insert("counters", { name: "failed", value: 1 });
      throw new Error("on purpose");
    },
  }),
  refuse: mutation({
    args: {},
    handler: () => {
      throw new ConvexError({ code: "REFUSED", field: "x", big: 7n });
    },
  }),
  act: actionGeneric({
    args: { ms: v.number() },
    handler: async (_ctx, { ms }) => {
      begun.actions++;
      await new Promise((resolve) => setTimeout(resolve, ms));
      return ms;
    },
  }),
  uploadUrl: mutation({ args: {}, handler: ({ storage }) => storage.generateUploadUrl() }),
  fileUrl: query({ args: { id: v.id("_storage") }, handler: ({ storage }, { id }) => storage.getUrl(id) }),
  deleteFile: mutation({ args: { id: v.id("_storage") }, handler: ({ storage }, { id }) => storage.delete(id) }),
};

const http = httpRouter();
http.route({
  path: "/echo",
  method: "POST",
  handler: httpActionGeneric(async (_ctx, request) => {
    const headers = new Headers({ "x-was": request.headers.get("x-send") ?? "" });
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    return new Response(await request.arrayBuffer(), { status: 201, headers });
  }),
});
http.route({
  pathPrefix: "/show/",
  method: "GET",
  handler: httpActionGeneric(async (_ctx, request) => {
    const url = new URL(request.url);
    return Response.json({ path: url.pathname, query: url.search });
  }),
});
http.route({
  path: "/me",
  method: "GET",
  handler: httpActionGeneric(async (ctx) => Response.json(await ctx.auth.getUserIdentity())),
});
http.route({
  path: "/stream",
  method: "GET",
  handler: httpActionGeneric(async () => {
    const body = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 5; i++) controller.enqueue(new TextEncoder().encode(`${i};`));
        controller.close();
      },
    });
    return new Response(body);
  }),
});
http.route({
  path: "/broken",
  method: "GET",
  handler: httpActionGeneric(async () => {
    throw new Error("broken on purpose");
  }),
});

export const modules: Record<string, Record<string, unknown>> = {
  messages,
  counters,
  probes,
  http: { default: http },
};
