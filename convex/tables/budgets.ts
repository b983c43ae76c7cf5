import { defineTable } from "convex/server";
import { v } from "convex/values";

export const budgetTables = {
  /** What language models may cost in a calendar month (UTC). `projectId` null: the factory as a whole. */
  budgets: defineTable({
    projectId: v.union(v.id("projects"), v.null()),
    limitMicroUsd: v.number(),
    /** From this share of the limit on people are warned: 0.8. */
    warnAt: v.number(),
    setBy: v.string(),
    setAt: v.number(),
  }).index("by_projectId", ["projectId"]),

  /** What was spent in a month: one row for the factory, one for each project, so that reading costs the same however much was. */
  monthlySpend: defineTable({
    projectId: v.union(v.id("projects"), v.null()),
    /** `2025-11`, UTC. */
    month: v.string(),
    costMicroUsd: v.number(),
    calls: v.number(),
    /** Of `calls`, those of models without a known price: what they cost is missing here. */
    unpricedCalls: v.number(),
    /** The limit at which people were warned, and told that work stops; null: they were not. A new limit is told of anew. */
    warnedFor: v.union(v.number(), v.null()),
    stoppedFor: v.union(v.number(), v.null()),
  }).index("by_projectId_and_month", ["projectId", "month"]),
};
