import { defineTable } from "convex/server";
import { v } from "convex/values";

export const vSpendKind = v.union(
  v.literal("agent"),
  v.literal("model"),
  v.literal("run"),
  v.literal("task"),
  v.literal("person"),
);

export const spendTables = {
  /** What one generation of a language model used. Written beside the reply, so a row may be missing; never one twice. */
  tokenEvents: defineTable({
    agent: v.string(),
    /** As its provider calls it. */
    model: v.string(),
    provider: v.string(),
    inputTokens: v.number(),
    outputTokens: v.number(),
    /** Millionths of a US dollar; null: the model has no known price. */
    costMicroUsd: v.union(v.number(), v.null()),
    threadId: v.union(v.string(), v.null()),
    turnId: v.union(v.id("turns"), v.null()),
    jobId: v.union(v.id("jobs"), v.null()),
    runId: v.union(v.id("runs"), v.null()),
    /** The factory's task (`T7`) that the turn worked on: the first it made, gave or moved. */
    task: v.union(v.string(), v.null()),
    /** The project of that task, or of the run. Absent in what earlier versions wrote. */
    projectId: v.optional(v.union(v.id("projects"), v.null())),
    /** Whom it served. */
    personId: v.union(v.id("people"), v.null()),
    at: v.number(),
  })
    .index("by_turnId", ["turnId"])
    .index("by_runId", ["runId"]),

  /** Sums over the events, so that reading them costs the same however many there are. `name`: of the agent, model, run, task or person. */
  tokenTotals: defineTable({
    kind: vSpendKind,
    name: v.string(),
    calls: v.number(),
    inputTokens: v.number(),
    outputTokens: v.number(),
    costMicroUsd: v.number(),
    /** Of `calls`, those of models without a known price. */
    unpricedCalls: v.number(),
  })
    .index("by_kind_and_name", ["kind", "name"])
    .index("by_kind_and_costMicroUsd", ["kind", "costMicroUsd"]),
};
