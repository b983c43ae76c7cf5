import { defineTable } from "convex/server";
import { v } from "convex/values";

/** `queued`: waits for the turn before it; messages may still join. `running`: an action answers under a lease. */
export const vTurnStatus = v.union(v.literal("queued"), v.literal("running"), v.literal("done"), v.literal("failed"));

/** One reply of the agent to one person: all they said since the turn before. Exactly one delivery. */
export const turns = defineTable({
  conversationId: v.id("conversations"),
  /** Whom it serves: every tool acts as this person. */
  personId: v.id("people"),
  handle: v.string(),
  channel: v.string(),
  /** Where the reply goes. */
  place: v.string(),
  private: v.boolean(),
  /** The last message that joined; generation continues from it after a crash. */
  promptMessageId: v.string(),
  /** Somebody else's words that the person passed on: answered, never executed. Absent: their own. */
  hearsay: v.optional(
    v.object({
      from: v.union(v.string(), v.null()),
      how: v.union(v.literal("reported"), v.literal("forwarded"), v.literal("quoted")),
    }),
  ),
  /** It goes on after the result of this call, which a person gave; what was said before it is no part of the reply. Absent: from the start. */
  afterCallId: v.optional(v.string()),
  /** How many turns of the same request went on from results before it. Absent: none. */
  continued: v.optional(v.number()),
  /** The call whose result this turn's end is (`delegate`). Absent: none. */
  parentTurnId: v.optional(v.id("turns")),
  parentCallId: v.optional(v.string()),
  /** An internal mutation, by name, that is told how it ended. */
  onEnd: v.optional(v.string()),
  status: vTurnStatus,
  leaseId: v.union(v.string(), v.null()),
  leaseUntil: v.union(v.number(), v.null()),
  /** The scheduled look at the lease; cancelled when the turn ends. */
  watchId: v.union(v.id("_scheduled_functions"), v.null()),
  /** How often an action took it up: more than one means a crash or a lost lease. */
  attempts: v.number(),
  deliveryId: v.union(v.id("deliveries"), v.null()),
  /** ErrorInfo as JSON text. */
  error: v.union(v.string(), v.null()),
  endedAt: v.union(v.number(), v.null()),
})
  .index("by_conversationId_and_status", ["conversationId", "status"])
  .index("by_place_and_status", ["place", "status"])
  .index("by_parentTurnId_and_parentCallId", ["parentTurnId", "parentCallId"])
  .index("by_status", ["status"]);

/** An effect that a tool call had, once per call: the witness that it is not repeated after a crash. */
export const toolEffects = defineTable({
  toolCallId: v.string(),
  turnId: v.id("turns"),
  toolName: v.string(),
  /** What the model was told, JSON text. */
  result: v.string(),
}).index("by_turnId_and_toolCallId", ["turnId", "toolCallId"]);

export const turnTables = { turns, toolEffects };
