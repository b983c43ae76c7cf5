import { anyApi, internalMutationGeneric, mutationGeneric, queryGeneric } from "convex/server";
import { ConvexError, v } from "convex/values";

export const get = queryGeneric({
  args: { name: v.string() },
  returns: v.number(),
  handler: async (ctx, { name }) => {
    const row = await ctx.db
      .query("counters")
      .withIndex("by_name", (q) => q.eq("name", name))
      .unique();
    return row?.value ?? 0;
  },
});

export const add = mutationGeneric({
  args: { name: v.string(), by: v.number() },
  returns: v.number(),
  handler: async (ctx, { name, by }) => {
    const row = await ctx.db
      .query("counters")
      .withIndex("by_name", (q) => q.eq("name", name))
      .unique();
    if (row === null) await ctx.db.insert("counters", { name, value: by });
    else await ctx.db.patch(row._id, { value: row.value + by });
    return (row?.value ?? 0) + by;
  },
});

/** Adds and then refuses: nothing may stay. */
export const addAndRefuse = mutationGeneric({
  args: { name: v.string() },
  handler: async (ctx, { name }) => {
    await ctx.db.insert("counters", { name, value: 1 });
    throw new ConvexError({ code: "REFUSED", name });
  },
});

/** Schedules a job that records itself; the record must be there exactly once for each acknowledged call. */
export const schedule = mutationGeneric({
  args: { job: v.string(), delayMs: v.number() },
  handler: async (ctx, { job, delayMs }) => {
    await ctx.scheduler.runAfter(delayMs, anyApi.counters!.record! as never, { job } as never);
  },
});

export const scheduleNothing = mutationGeneric({
  args: { delayMs: v.number() },
  handler: async (ctx, { delayMs }) => {
    await ctx.scheduler.runAfter(delayMs, anyApi.counters!.add! as never, { name: "nothing", by: 0 } as never);
  },
});

export const record = internalMutationGeneric({
  args: { job: v.string() },
  handler: async (ctx, { job }) => {
    await ctx.db.insert("ran", { job });
  },
});

/** A page at a time: there may be more jobs than one query may read. */
export const recorded = queryGeneric({
  args: { cursor: v.optional(v.string()) },
  handler: async (ctx, { cursor = null }) => {
    const { page, isDone, continueCursor } = await ctx.db.query("ran").paginate({ cursor, numItems: 5000 });
    return { jobs: page.map(({ job }) => job as string), next: isDone ? null : continueCursor };
  },
});
