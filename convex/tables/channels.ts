import { defineTable } from "convex/server";
import { v } from "convex/values";

export const channelTables = {
  /** A shared place where people talk with an agent, or are told something by one. */
  channels: defineTable({ channel: v.string(), place: v.string() }).index("by_place", ["place"]),

  /** A topic opened in a channel. Its thread hangs on the delivery; whoever replies there has a conversation of that thread. */
  sessions: defineTable({
    channel: v.string(),
    place: v.string(),
    topic: v.string(),
    openedBy: v.string(),
    deliveryKey: v.string(),
  }).index("by_place", ["place"]),
};
