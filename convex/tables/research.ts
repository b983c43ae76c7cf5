import { defineTable } from "convex/server";
import { v } from "convex/values";

export const researchTables = {
  /** One run of the research flow. `requestKey`: the same key is the same research. */
  research: defineTable({
    requestKey: v.string(),
    topic: v.string(),
    personId: v.id("people"),
    /** Of the durable workflow; null until it has begun. */
    workflowId: v.union(v.string(), v.null()),
    status: v.union(v.literal("running"), v.literal("completed"), v.literal("failed"), v.literal("cancelled")),
    findings: v.union(v.string(), v.null()),
    analysis: v.union(v.string(), v.null()),
    error: v.union(v.string(), v.null()),
    endedAt: v.union(v.number(), v.null()),
  }).index("by_requestKey", ["requestKey"]),

  /** The thread of one step with its prompt saved in it, once: what a retried step goes on from. */
  researchThreads: defineTable({
    researchId: v.id("research"),
    step: v.string(),
    threadId: v.string(),
    promptMessageId: v.string(),
  }).index("by_researchId_and_step", ["researchId", "step"]),
};
