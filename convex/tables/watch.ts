import { defineTable } from "convex/server";
import { v } from "convex/values";

export const watchTables = {
  /**
   * Something that does not go on by itself: `suspected` (seen once, may be on its way) -> `open` (the operators were told) -> `mended`.
   * One row and one message for each `key`; mended trouble that comes back is a new row.
   */
  troubles: defineTable({
    key: v.string(),
    status: v.union(v.literal("suspected"), v.literal("open"), v.literal("mended")),
    /** What it is about, as words for people, and as ids. */
    what: v.string(),
    cause: v.string(),
    remedy: v.string(),
    approvalId: v.union(v.id("approvals"), v.null()),
    runId: v.union(v.id("runs"), v.null()),
    deliveryId: v.union(v.id("deliveries"), v.null()),
    jobId: v.union(v.id("jobs"), v.null()),
    inboundId: v.union(v.id("inbound"), v.null()),
    /** A place that is known not to be read just now, or all of a channel (`discord:`); the operators are told elsewhere. */
    not: v.union(v.string(), v.null()),
    since: v.number(),
    mendedAt: v.union(v.number(), v.null()),
  })
    .index("by_key_and_status", ["key", "status"])
    .index("by_status", ["status"]),

  /** Where the last look stopped. One row. */
  watches: defineTable({ lookedAt: v.number(), cursor: v.number() }),
};
