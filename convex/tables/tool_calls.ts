import { defineTable } from "convex/server";
import { v } from "convex/values";

/** What every call that waits is: whose turn it belongs to, and what it is exactly. */
const call = {
  turnId: v.id("turns"),
  toolCallId: v.string(),
  conversationId: v.id("conversations"),
  /** Whom it serves. */
  personId: v.id("people"),
  agent: v.string(),
  toolName: v.string(),
  /** Canonical JSON text, and the SHA-256 of it with tool, agent and person: what was judged is what is done. */
  input: v.string(),
  callHash: v.string(),
};

export const vOutsideStatus = v.union(
  v.literal("ready"),
  v.literal("claimed"),
  v.literal("waiting"),
  v.literal("done"),
  v.literal("failed"),
);

export const toolCallTables = {
  /**
   * A call that people are asked about (model/gate.ts): asked -> approved -> passed | asked (again) | refused, or asked -> refused.
   * The approval under `key` is the question; asked again it is another key.
   */
  gatedCalls: defineTable({
    ...call,
    key: v.string(),
    round: v.number(),
    status: v.union(v.literal("asked"), v.literal("approved"), v.literal("passed"), v.literal("refused")),
    question: v.string(),
    /** Who is asked, as said to people. */
    asked: v.string(),
    /** What the policy wanted when it was asked: the rule by name, and how strict. */
    rule: v.union(v.string(), v.null()),
    demand: v.string(),
  })
    .index("by_key", ["key"])
    .index("by_turnId_and_toolCallId", ["turnId", "toolCallId"])
    .index("by_conversationId_and_status", ["conversationId", "status"]),

  /**
   * Work outside of a transaction (model/outside_calls.ts): ready -> claimed (heartbeats extend the lease) -> done | failed; back to ready
   * when the lease runs out; waiting (for the next attempt) -> ready after a failure that may pass.
   */
  outsideCalls: defineTable({
    ...call,
    /** `machine`, or a name of model/outside_performers.ts. */
    performer: v.string(),
    status: vOutsideStatus,
    /** Same for every attempt. */
    idempotencyKey: v.string(),
    /** The question that let it pass; null: the policy did. */
    gateId: v.union(v.id("gatedCalls"), v.null()),
    /** The gateway's machine that has it, of `machine`. */
    machine: v.union(v.string(), v.null()),
    leaseId: v.union(v.string(), v.null()),
    leaseUntil: v.union(v.number(), v.null()),
    timeoutMs: v.number(),
    /** When all attempts must have ended; null before the first claim. */
    deadline: v.union(v.number(), v.null()),
    claims: v.number(),
    /** How many attempts failed by themselves. */
    failures: v.number(),
    /** Of the last failure, ErrorInfo as JSON text. */
    error: v.union(v.string(), v.null()),
    createdAt: v.number(),
    endedAt: v.union(v.number(), v.null()),
  })
    .index("by_turnId_and_toolCallId", ["turnId", "toolCallId"])
    .index("by_performer_and_status", ["performer", "status"]),
};
