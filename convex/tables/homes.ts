import { defineTable } from "convex/server";
import { v } from "convex/values";

/** A person's page on a platform that draws one (Slack's App Home), since they last opened it: it is redrawn when it changes. */
export const homes = defineTable({
  channel: v.string(),
  handle: v.string(),
  openedAt: v.number(),
})
  .index("by_channel_and_handle", ["channel", "handle"])
  .index("by_channel_and_openedAt", ["channel", "openedAt"]);

export const homeTables = { homes };
