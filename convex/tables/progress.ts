import { defineTable } from "convex/server";
import { v } from "convex/values";

export const progressTables = {
  /** A run whose definition has `notify`: when its message was last drawn, and whether a drawing is to come. */
  progress: defineTable({
    runId: v.id("runs"),
    notify: v.array(v.string()),
    /** Ms since 1970; 0: not yet. */
    shownAt: v.number(),
    scheduledId: v.union(v.id("_scheduled_functions"), v.null()),
    /** The thread has its details. */
    details: v.boolean(),
  }).index("by_runId", ["runId"]),
};
