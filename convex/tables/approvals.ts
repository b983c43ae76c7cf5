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
    // What later versions added; absent on rows of earlier ones.
    /** The agent that asks; absent or null: no agent does. */
    agent: v.optional(v.union(v.string(), v.null())),
    /** `AGENT/PERSON`, while an agent's question to be answered for that person is open. Absent: it is not, or no agent asks. */
    openOf: v.optional(v.string()),
    /** Where the definition wants it asked; null: where the run came from, then the approvers' own handles. */
    channels: v.optional(v.union(v.array(v.string()), v.null())),
    /** Who has handed their part on, and to whom. */
    handedOn: v.optional(v.array(v.object({ personId: v.id("people"), to: v.id("people") }))),
    /** What was approved where values were edited, and its SHA-256; `payload` stays what was asked. */
    approvedPayload: v.optional(v.union(v.string(), v.null())),
    approvedHash: v.optional(v.union(v.string(), v.null())),
    /** The question asked instead of this one. */
    supersededBy: v.optional(v.id("approvals")),
    /** False: it has no votes, or never had a timer, so nobody need look for them. Absent: look. */
    voted: v.optional(v.boolean()),
    timed: v.optional(v.boolean()),
    /** The rule of the policy that wants it, or made it stricter. */
    rule: v.optional(v.union(v.string(), v.null())),
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
    .index("by_openOf", ["openOf"])
    .index("by_runId_and_status", ["runId", "status"]),

  /**
   * What is to happen to an open question at a time: `pending` -> `fired`, or `cancelled` with the question's end.
   * remind: one bump beside each copy. escalate: `to` is asked too, `via` are further places. deliver: a copy that quiet hours hold back.
   */
  approvalTimers: defineTable({
    approvalId: v.id("approvals"),
    kind: v.union(v.literal("remind"), v.literal("escalate"), v.literal("deliver")),
    dueAt: v.number(),
    status: v.union(v.literal("pending"), v.literal("fired"), v.literal("cancelled")),
    /** Null only within the transaction that makes the row. */
    scheduledId: v.union(v.id("_scheduled_functions"), v.null()),
    to: v.array(v.string()),
    via: v.array(v.string()),
    /** Of `deliver`, and of a reminder that quiet hours hold back: whose, and where. */
    personId: v.union(v.id("people"), v.null()),
    place: v.union(v.string(), v.null()),
  }).index("by_approvalId_and_status", ["approvalId", "status"]),

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
    /** When a list showed it to its person. Absent: none did; a copy in the outbox may have. */
    listedAt: v.optional(v.number()),
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
    /** Of the edited payload it is for; absent or null: as asked. */
    payloadHash: v.optional(v.union(v.string(), v.null())),
  }).index("by_approvalId", ["approvalId"]),
};
