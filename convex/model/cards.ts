/** One copy of a question, drawn from its row by `src/flow/card.ts`: the same words on every copy. */
import type { ApprovalCard, Outcome, Vote } from "../../src/contract/approval.ts";
import { cardOf } from "../../src/flow/card.ts";
import type { Json } from "../../src/flow/definition.ts";
import { changedText } from "../../src/flow/outcome.ts";
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
  const { _id: approvalId, status, question, options, quorum, tier, expiresAt, reasonRequired, form } = approval;
  const { workflow, runId, requestedByShown: requestedBy } = approval;
  // Where values were edited every copy shows what was approved.
  const payload = approval.approvedPayload ?? approval.payload;
  const payloadHash = approval.approvedHash ?? approval.payloadHash;
  const asked = {
    approvalId,
    status,
    question,
    options,
    payload,
    payloadHash,
    quorum,
    tier,
    expiresAt,
    reasonRequired,
  };
  const settled = { votes, outcome: outcomeOf(approval), changed: changesOf(approval) };
  return cardOf({ ...asked, ...settled, formText: form, workflow, runId, requestedBy }, code);
}

/** What was approved otherwise than it was asked, in words; null: nothing. */
export function changesOf({ payload, approvedPayload }: Doc<"approvals">): string | null {
  if (approvedPayload == null) return null;
  return changedText(payload === null ? null : (JSON.parse(payload) as Json), JSON.parse(approvedPayload) as Json);
}

/** Bounded by the persons who may vote. */
const MAX_VOTES = 1000;

export async function voteRows(ctx: QueryCtx, approvalId: Id<"approvals">): Promise<Doc<"votes">[]> {
  return await ctx.db
    .query("votes")
    .withIndex("by_approvalId", (q) => q.eq("approvalId", approvalId))
    .take(MAX_VOTES);
}

export async function votesOf(ctx: QueryCtx, approvalId: Id<"approvals">): Promise<Vote[]> {
  return (await voteRows(ctx, approvalId)).map(({ shown, option, channel, reason, at, payloadHash }) => ({
    person: shown,
    ...{ option, channel, reason, at },
    ...(payloadHash == null ? {} : { payloadHash }),
  }));
}

export function outcomeOf(approval: Doc<"approvals">): Outcome | null {
  if (approval.outcome === null) return null;
  const { option, by, channel, at, reason } = approval.outcome;
  return { option, by, channel, at, reason };
}
