import { defineTable } from "convex/server";
import { v } from "convex/values";

export const auditTables = {
  /** Append-only. One chain a subject (a run, an approval, a person), so that concurrent work does not contend. */
  audit: defineTable({
    subject: v.string(),
    kind: v.string(),
    personId: v.union(v.id("people"), v.null()),
    /** As shown to people, with the operator named: "operator (root) for Ana". Null: the system itself. */
    person: v.union(v.string(), v.null()),
    handle: v.union(v.string(), v.null()),
    channel: v.union(v.string(), v.null()),
    /** Canonical JSON text. */
    detail: v.string(),
    at: v.number(),
  }).index("by_subject", ["subject"]),
};
