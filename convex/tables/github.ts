import { defineTable } from "convex/server";
import { v } from "convex/values";

export const githubTables = {
  /** What a call meant to make, noted before GitHub is asked: by it a second try knows its own branch. */
  githubNotes: defineTable({
    /** The call's idempotency key. */
    key: v.string(),
    base: v.string(),
    sha: v.string(),
    url: v.string(),
  }).index("by_key", ["key"]),
};
