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
    /** When this person is not written to about what can wait: minutes after midnight, IANA zone. Absent or null: never. */
    quiet: v.optional(v.union(v.object({ from: v.number(), until: v.number(), zone: v.string() }), v.null())),
  })
    .index("by_nameKey", ["nameKey"])
    .index("by_isOwner", ["isOwner"]),

  /** A person's accounts on platforms. A handle belongs to one person at most. */
  handles: defineTable({
    handle: v.string(),
    channel: v.string(),
    personId: v.id("people"),
    lastUsedAt: v.number(),
    /** Not to be used: its owner texted STOP, or has another number now. Absent or null: in use. */
    suspended: v.optional(v.union(v.literal("stop"), v.literal("replaced"), v.null())),
  })
    .index("by_handle", ["handle"])
    .index("by_personId_and_lastUsedAt", ["personId", "lastUsedAt"]),

  /** Who is on call for a role, and when. While somebody is, they are the one who is asked, and they hold the role. */
  rotas: defineTable({ role: v.string(), personId: v.id("people"), from: v.number(), until: v.number() })
    .index("by_role_and_until", ["role", "until"])
    .index("by_personId_and_until", ["personId", "until"]),

  /** A code that, sent from an account on that platform, links the account to the person. Single use. */
  enrolments: defineTable({
    personId: v.id("people"),
    channel: v.string(),
    code: v.string(),
    expiresAt: v.number(),
    status: v.union(v.literal("open"), v.literal("used"), v.literal("replaced")),
  })
    .index("by_channel_and_code", ["channel", "code"])
    .index("by_personId_and_channel_and_status", ["personId", "channel", "status"]),

  /** Somebody who is nobody here yet: what bounds the codes they may try and the hints they get. */
  strangers: defineTable({
    handle: v.string(),
    hintedAt: v.number(),
    tries: v.number(),
    firstTryAt: v.number(),
  }).index("by_handle", ["handle"]),
};
