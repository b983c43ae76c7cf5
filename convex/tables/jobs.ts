import { defineTable } from "convex/server";
import { v } from "convex/values";

export const vJobStatus = v.union(
  v.literal("ready"),
  v.literal("claimed"),
  v.literal("done"),
  v.literal("failed"),
  v.literal("cancelled"),
);

export const jobTables = {
  /** Work outside a transaction: ready -> claimed (lease, heartbeat) -> done | failed, or back to ready when the lease runs out. */
  jobs: defineTable({
    runId: v.id("runs"),
    nodeId: v.string(),
    /** The wait it ends, and that wait's key; an attempt has a wait of its own. */
    waitId: v.string(),
    key: v.string(),
    /** Same for every attempt: what the work may do once only is keyed by it. */
    idempotencyKey: v.string(),
    attempt: v.number(),
    agent: v.union(v.string(), v.null()),
    /** Who does it. Absent: `agent`. `hand`: an agent with functions; `command`: a gateway's machine, in a sandbox. */
    kind: v.optional(v.union(v.literal("agent"), v.literal("hand"), v.literal("command"))),
    /** Of a hand and a command: the step's arguments as JSON text. */
    args: v.optional(v.string()),
    sandbox: v.optional(v.union(v.string(), v.null())),
    /** Of a command: the gateway whose machine took it. */
    gatewayId: v.optional(v.string()),
    prompt: v.string(),
    threadKey: v.union(v.string(), v.null()),
    timeoutMs: v.number(),
    status: vJobStatus,
    leaseId: v.union(v.string(), v.null()),
    leaseUntil: v.union(v.number(), v.null()),
    /** When this attempt must have ended, `timeoutMs` from its first claim; null before. */
    deadline: v.union(v.number(), v.null()),
    claims: v.number(),
    output: v.union(v.string(), v.null()),
    error: v.union(v.string(), v.null()),
    createdAt: v.number(),
    endedAt: v.union(v.number(), v.null()),
  })
    .index("by_key", ["key"])
    .index("by_status", ["status"])
    .index("by_kind_and_status", ["kind", "status"])
    .index("by_gatewayId_and_status", ["gatewayId", "status"])
    .index("by_runId_and_status", ["runId", "status"]),

  /** What a hand's call of a function gave, once a call: the witness that it is not repeated after a crash. */
  handEffects: defineTable({
    jobId: v.id("jobs"),
    toolCallId: v.string(),
    functionId: v.string(),
    /** What the model was told, JSON text. */
    result: v.string(),
  }).index("by_jobId_and_toolCallId", ["jobId", "toolCallId"]),
};
