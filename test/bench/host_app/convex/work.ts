import { mutationGeneric, queryGeneric } from "convex/server";
import { v } from "convex/values";

/** Reads and patches one document: the smallest useful mutation. */
export const bump = mutationGeneric({
  args: { name: v.string() },
  handler: async ({ db }, { name }) => {
    const row = await db
      .query("counters")
      .withIndex("by_name", (q) => q.eq("name", name))
      .unique();
    if (row === null) await db.insert("counters", { name, value: 1 });
    else await db.patch(row._id, { value: row.value + 1 });
    return (row?.value ?? 0) + 1;
  },
});

export const value = queryGeneric({
  args: { name: v.string() },
  handler: async ({ db }, { name }) => {
    const row = await db
      .query("counters")
      .withIndex("by_name", (q) => q.eq("name", name))
      .unique();
    return row?.value ?? 0;
  },
});

export const addRows = mutationGeneric({
  args: { from: v.number(), count: v.number() },
  handler: async ({ db }, { from, count }) => {
    for (let i = from; i < from + count; i++) {
      await db.insert("rows", {
        key: `key-${i}`,
        group: i % 100,
        rank: i,
        text: `text of row ${i}`,
        done: i % 3 === 0,
      });
    }
  },
});

export const byKey = queryGeneric({
  args: { key: v.string() },
  handler: async ({ db }, { key }) =>
    db
      .query("rows")
      .withIndex("by_key", (q) => q.eq("key", key))
      .unique(),
});

export const topOfGroup = queryGeneric({
  args: { group: v.number() },
  handler: async ({ db }, { group }) =>
    db
      .query("rows")
      .withIndex("by_group_and_rank", (q) => q.eq("group", group))
      .order("desc")
      .take(20),
});
