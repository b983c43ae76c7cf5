import { defineTable } from "convex/server";
import { v } from "convex/values";

export const policyTables = {
  /** The rules that decide when somebody must be asked, in versions that never change; the newest counts. */
  policies: defineTable({
    version: v.number(),
    /** As written, and the file's name for the positions of errors. */
    source: v.string(),
    file: v.string(),
    /** Compiled, JSON text (src/flow/policy.ts). */
    policy: v.string(),
    hash: v.string(),
    setBy: v.id("people"),
    setByShown: v.string(),
    at: v.number(),
  }).index("by_version", ["version"]),
};
