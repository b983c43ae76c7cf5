import { defineTable } from "convex/server";
import { v } from "convex/values";

export const workerTables = {
  /** A task in the hands of the Factory Worker, one row a task: working -> ended; working again when it is given out anew. */
  workers: defineTable({
    taskId: v.id("tasks"),
    /** `T7` */
    task: v.string(),
    status: v.union(v.literal("working"), v.literal("ended")),
    conversationId: v.id("conversations"),
    /** The worker's turn of this round. */
    turnId: v.id("turns"),
    /** For whom it works. */
    personId: v.id("people"),
    startedBy: v.string(),
    startedAt: v.number(),
    endedAt: v.union(v.number(), v.null()),
    rounds: v.number(),
    /** Of all rounds, as the machine said last: `factory/T7`, null while nothing is changed, and `git diff --stat`. */
    branch: v.union(v.string(), v.null()),
    diffstat: v.string(),
  })
    .index("by_taskId", ["taskId"])
    .index("by_conversationId", ["conversationId"])
    .index("by_turnId", ["turnId"]),
};
