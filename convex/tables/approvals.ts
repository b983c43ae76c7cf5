import { defineTable } from "convex/server";
import { v } from "convex/values";
import { vOrigin } from "./runs.ts";

export const vApprovalStatus = v.union(
  v.literal("pending"),
  v.literal("answered"),
  v.literal("expired"),
  v.literal("cancelled"),
  v.literal("superseded"),
);

export const vTier = v.union(v.literal("low"), v.literal("medium"), v.literal("high"));

export const approvalTables = {
  /** A question. Only `settle` writes `status` and `outcome`; everything people see is a projection of this row. */
  approvals: defineTable({
    status: vApprovalStatus,
    question: v.string(),
    options: v.array(v.string()),
    /** The answer is words, stored verbatim; `options` is empty then. */
    freeText: v.boolean(),
    /** Asking the same twice gives the same row: `RUN/WAIT`. */
    key: v.string(),
    runId: v.union(v.id("runs"), v.null()),
    waitId: v.union(v.string(), v.null()),
    nodeId: v.union(v.string(), v.null()),
    requestedBy: v.id("people"),
    requestedByShown: v.string(),
    /** Who may not approve under four eyes: the operator's own person when they acted for the requester. */
    requester: v.id("people"),
    /** `person:ana`, `role:release`; who that is, is decided at the moment of the answer. */
    approvers: v.array(v.string()),
    quorum: v.number(),
    fourEyes: v.boolean(),
    tier: vTier,
    /** Canonical JSON text of what is approved, and its SHA-256; null when nothing but the question is. */
    payload: v.union(v.string(), v.null()),
    payloadHash: v.union(v.string(), v.null()),
    /** JSON schema (text) of the fields an approver may edit. */
    form: v.union(v.string(), v.null()),
    reasonRequired: v.array(v.string()),
    origin: v.union(vOrigin, v.null()),
    /** The title of the run that asks; null outside of a run. */
    workflow: v.union(v.string(), v.null()),
    createdAt: v.number(),
    expiresAt: v.union(v.number(), v.null()),
    expiryId: v.union(v.id("_scheduled_functions"), v.null()),
    outcome: v.union(
      v.object({
        option: v.union(v.string(), v.null()),
        by: v.union(v.string(), v.null()),
        channel: v.union(v.string(), v.null()),
        at: v.number(),
        reason: v.union(v.string(), v.null()),
      }),
      v.null(),
    ),
  })
    .index("by_status", ["status"])
    .index("by_key", ["key"])
    .index("by_runId_and_status", ["runId", "status"]),

  /**
   * The short code by which one person names one question. `open` is closed with the question; a code is not given again to that
   * person while open, nor for 72 h after `closedAt`.
   */
  approvalCodes: defineTable({
    approvalId: v.id("approvals"),
    personId: v.id("people"),
    code: v.string(),
    open: v.boolean(),
    closedAt: v.union(v.number(), v.null()),
  })
    .index("by_personId_and_code", ["personId", "code"])
    .index("by_personId_and_open", ["personId", "open"])
    .index("by_approvalId", ["approvalId"]),

  votes: defineTable({
    approvalId: v.id("approvals"),
    /** Who counts: for `--as` the operator's own person. */
    countsAs: v.id("people"),
    personId: v.id("people"),
    shown: v.string(),
    option: v.string(),
    channel: v.string(),
    handle: v.union(v.string(), v.null()),
    reason: v.union(v.string(), v.null()),
    requestKey: v.union(v.string(), v.null()),
    at: v.number(),
  }).index("by_approvalId", ["approvalId"]),
};
