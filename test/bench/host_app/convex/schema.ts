import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  counters: defineTable({ name: v.string(), value: v.number() }).index("by_name", ["name"]),
  /** The usual row of an application: five indexes, one of them over three fields. */
  rows: defineTable({ key: v.string(), group: v.number(), rank: v.number(), text: v.string(), done: v.boolean() })
    .index("by_key", ["key"])
    .index("by_group", ["group"])
    .index("by_group_and_rank", ["group", "rank"])
    .index("by_done_and_group_and_rank", ["done", "group", "rank"])
    .index("by_text", ["text"]),
});
