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
    /** The chain (src/flow/audit_chain.ts). Absent on rows of versions before 0.2, which no chain covers. */
    seq: v.optional(v.number()),
    prev: v.optional(v.string()),
    hash: v.optional(v.string()),
  })
    // Rows without a number come first, in the order of their making.
    .index("by_subject_and_seq", ["subject", "seq"]),

  /** The newest row of each chain. `rooted`: the newest root covers it. */
  auditHeads: defineTable({ subject: v.string(), seq: v.number(), hash: v.string(), rooted: v.boolean() })
    .index("by_subject", ["subject"])
    .index("by_rooted", ["rooted"]),

  /** Merkle roots over the heads that had changed, a chain of their own. */
  auditRoots: defineTable({
    seq: v.number(),
    prev: v.string(),
    at: v.number(),
    /** [[subject, seq, hash], …] as JSON text, sorted by subject. */
    leaves: v.string(),
    root: v.string(),
    hash: v.string(),
  }).index("by_seq", ["seq"]),
};
