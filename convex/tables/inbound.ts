import { defineTable } from "convex/server";
import { v } from "convex/values";

/** A platform's event, stored once. `pending`: not routed yet (a retry is scheduled). `failed`: given up, the sender was told. */
export const inbound = defineTable({
  channel: v.string(),
  eventId: v.string(),
  place: v.string(),
  /** Only messages have one; unique within the channel and place. */
  messageId: v.union(v.string(), v.null()),
  kind: v.union(v.literal("message"), v.literal("action"), v.literal("command")),
  /** InboundEvent as JSON text, as the adapter parsed it. */
  event: v.string(),
  /** The platform's own time. */
  sentAt: v.number(),
  status: v.union(v.literal("pending"), v.literal("routed"), v.literal("failed")),
  /** What routing made of it; null while pending. */
  route: v.union(v.string(), v.null()),
  attempts: v.number(),
  /** ErrorInfo as JSON text of the last failed routing; null when none failed. */
  error: v.union(v.string(), v.null()),
})
  .index("by_channel_and_eventId", ["channel", "eventId"])
  .index("by_channel_and_place_and_messageId", ["channel", "place", "messageId"])
  .index("by_place_and_status", ["place", "status"])
  .index("by_status", ["status"])
  .index("by_channel_and_sentAt", ["channel", "sentAt"])
  .index("by_channel_and_place_and_sentAt", ["channel", "place", "sentAt"]);

/** Everything a channel's platform had before `at` has been received or fetched. */
export const inboundCursors = defineTable({ channel: v.string(), at: v.number() }).index("by_channel", ["channel"]);

/**
 * Events that were swept but could be replayed for ever: Twilio's signature carries no time, so whoever once caught a request can send
 * it again years later. Only the key is kept.
 */
export const inboundSpent = defineTable({ channel: v.string(), eventId: v.string() }).index("by_channel_and_eventId", [
  "channel",
  "eventId",
]);

export const inboundTables = { inbound, inboundCursors, inboundSpent };
