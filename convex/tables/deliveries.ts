import { defineTable } from "convex/server";
import { v } from "convex/values";

/**
 * `ready`: to be claimed. `claimed`: a gateway holds it under a lease. `waiting`: a try failed, a scheduled function makes it
 * ready again (so that no query needs the clock). `confirmed`: the platform has the newest version. `failed`: given up, shown.
 */
export const vDeliveryStatus = v.union(
  v.literal("ready"),
  v.literal("claimed"),
  v.literal("waiting"),
  v.literal("confirmed"),
  v.literal("failed"),
);

const nullable = <T extends Parameters<typeof v.union>[number]>(validator: T) => v.union(validator, v.null());

/** One copy of something to be said. */
export const deliveries = defineTable({
  /** Stable and unique: saying the same thing again is the same row. */
  key: v.string(),
  channel: v.string(),
  place: v.string(),
  /** OutMessage as JSON text. */
  message: v.string(),
  /** Counts up with each revision; the row is done while `confirmedVersion` equals it. 0: nothing confirmed yet. */
  version: v.number(),
  confirmedVersion: v.number(),
  /** The platform's id for it; null until a send was confirmed. */
  receipt: nullable(v.string()),
  status: vDeliveryStatus,
  /** No further revision is expected. */
  final: v.boolean(),
  gatewayId: nullable(v.string()),
  leaseId: nullable(v.string()),
  leaseUntil: nullable(v.number()),
  /** How often it was ever claimed; makes lease ids unique without randomness. */
  claims: v.number(),
  /** Failed tries since the last success. */
  attempts: v.number(),
  nextAttemptAt: nullable(v.number()),
  /** The last failure, ErrorInfo as JSON text; null after a success. */
  error: nullable(v.string()),
  /** What the platform said of it later, of itself; a first word that is final stays. Absent: nothing, or nothing final. */
  reported: v.optional(v.union(v.literal("delivered"), v.literal("failed"))),
  /** After this moment it is not worth sending any more; null: always worth it. */
  deadline: nullable(v.number()),
  approvalId: nullable(v.string()),
  runId: nullable(v.string()),
  conversationId: nullable(v.string()),
})
  .index("by_key", ["key"])
  .index("by_status", ["status"])
  .index("by_channel_and_status", ["channel", "status"])
  .index("by_place_and_status", ["place", "status"])
  .index("by_gatewayId", ["gatewayId"])
  .index("by_channel_and_receipt", ["channel", "receipt"])
  .index("by_approvalId", ["approvalId"])
  .index("by_runId", ["runId"]);

/** Why a channel does not work, and what to do about it. */
export const vFailure = v.object({ channel: v.string(), message: v.string(), remedy: v.union(v.string(), v.null()) });

/** A process with adapters, as its last heartbeat described it. */
export const gateways = defineTable({
  gatewayId: v.string(),
  /** Channel → state (`on`, `off`, `simulated`, `failed`). */
  channels: v.record(v.string(), v.string()),
  /** Of channels that do not work, where the reason is known. */
  failures: v.optional(v.array(vFailure)),
  seenAt: v.number(),
}).index("by_gatewayId", ["gatewayId"]);

export const deliveryTables = { deliveries, gateways };
