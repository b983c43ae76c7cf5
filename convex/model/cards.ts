/** One copy of a question, drawn from its row. The same words on every copy. */
import type { ApprovalCard, Outcome, Vote } from "../../src/contract/approval.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { codeFor } from "./codes.ts";

/** For one person (with their code) or, with null, for a shared place (without any). */
export async function cardFor(
  ctx: QueryCtx,
  approval: Doc<"approvals">,
  audience: Id<"people"> | null,
): Promise<ApprovalCard> {
  const code = audience === null ? null : await codeFor(ctx, approval._id, audience);
  return drawCard(approval, await votesOf(ctx, approval._id), code);
}

export function drawCard(approval: Doc<"approvals">, votes: Vote[], code: string | null): ApprovalCard {
  return {
    approvalId: approval._id,
    status: approval.status,
    question: approval.question,
    options: approval.options,
    code,
    context: approval.context,
    payload: approval.payload,
    quorum: approval.quorum,
    votes,
    expiresAt: approval.expiresAt,
    reasonRequired: approval.reasonRequired,
    outcome: outcomeOf(approval),
    outcomeLine: outcomeLine(approval),
  };
}

export async function votesOf(ctx: QueryCtx, approvalId: Id<"approvals">): Promise<Vote[]> {
  const rows = await ctx.db
    .query("votes")
    .withIndex("by_approvalId", (q) => q.eq("approvalId", approvalId))
    .take(1000);
  return rows.map((row) => ({
    person: row.shown,
    option: row.option,
    channel: row.channel,
    reason: row.reason,
    at: row.at,
  }));
}

export function outcomeOf(approval: Doc<"approvals">): Outcome | null {
  if (approval.outcome === null) return null;
  const { option, by, channel, at, reason } = approval.outcome;
  return { option, by, channel, at, reason };
}

const YES = new Set(["yes", "approve", "approved"]);
const NO = new Set(["no", "deny", "denied", "reject"]);

/** "Approved by Ana via SMS"; null while pending. */
export function outcomeLine(approval: Doc<"approvals">): string | null {
  const { outcome } = approval;
  if (approval.status === "pending" || outcome === null) return null;
  const reason = outcome.reason === null || outcome.reason === "" ? "" : `: ${outcome.reason}`;
  if (approval.status === "expired") return `Expired ${clock(outcome.at)} UTC`;
  if (approval.status === "cancelled") return `Cancelled${reason}`;
  if (approval.status === "superseded") return `Superseded${reason}`;
  const option = (outcome.option ?? "").toLowerCase();
  const verb = YES.has(option) ? "Approved" : NO.has(option) ? "Denied" : `Answered "${outcome.option}"`;
  return `${verb} by ${outcome.by} via ${channelWord(outcome.channel)}${reason}`;
}

export const channelWord = (channel: string | null): string =>
  ({ sms: "SMS", slack: "Slack", discord: "Discord", terminal: "terminal" })[channel ?? ""] ?? channel ?? "nowhere";

/** UTC, because a row is read in many places. */
export const clock = (at: number): string => new Date(at).toISOString().slice(11, 16);
export const moment = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
