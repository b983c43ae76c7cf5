import { defineTable } from "convex/server";
import { v } from "convex/values";

export const peopleTables = {
  /** A person. `owner` among the roles is whoever started this installation; there is always one. */
  people: defineTable({
    name: v.string(),
    /** The name as it is looked up: lower case, one blank between words. Unique. */
    nameKey: v.string(),
    roles: v.array(v.string()),
    /** Where this person is asked; null: the handle last used. */
    preferredHandle: v.union(v.string(), v.null()),
    isOwner: v.boolean(),
  })
    .index("by_nameKey", ["nameKey"])
    .index("by_isOwner", ["isOwner"]),

  /** A person's accounts on platforms. A handle belongs to one person at most. */
  handles: defineTable({
    handle: v.string(),
    channel: v.string(),
    personId: v.id("people"),
    lastUsedAt: v.number(),
  })
    .index("by_handle", ["handle"])
    .index("by_personId_and_lastUsedAt", ["personId", "lastUsedAt"]),
};
