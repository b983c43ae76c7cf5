/**
 * Questions as rows.
 *
 *   pending (with votes) -> answered | expired | cancelled | superseded
 *
 * `ask.ts` makes one, `settle.ts` ends it, `copies.ts` draws it where people see it. Here: finding one and showing it.
 */
import type { AnswerResult, ApprovalView, WireApproval } from "../../src/contract/approval.ts";
import { channelOf } from "../../src/contract/handle.ts";
import type { Json } from "../../src/flow/definition.ts";
import { timeText } from "../../src/flow/outcome.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { openTimers } from "./approval_timers.ts";
import { room, takeWithin } from "./bounded.ts";
import { cardFor, drawCard } from "./cards.ts";
import { codeFor, MAX_CODE_LENGTH, rowOf } from "./codes.ts";
import { fail } from "./errors.ts";
import { deliveriesOf } from "./outbox.ts";
import type { Acting } from "./people.ts";
import { settleAnswer } from "./settle.ts";

export { ask, type Question } from "./ask.ts";
export { cardFor } from "./cards.ts";

export interface OpenQuestion {
  approvalId: Id<"approvals">;
  code: string;
  question: string;
  options: string[];
  freeText: boolean;
  createdAt: number;
  runId: Id<"runs"> | null;
  /** JSON schema of the payload's fields that may be edited; null: none. */
  form: Json;
  /** Asked where nobody else reads along. */
  isPrivate: boolean;
}

/** Throws only `not_found`; everything else is a result. */
export async function answer(
  ctx: MutationCtx,
  args: {
    acting: Acting;
    ref: string;
    option: string;
    reason?: string | null;
    fields?: Json;
    requestKey?: string | null;
    /** Hash of the payload the person saw. */
    shownHash?: string | null;
    /** The person's own code, where the reply may name it. */
    code?: string | null;
  },
): Promise<AnswerResult> {
  const approval = await demandApproval(ctx, args.acting.person._id, args.ref);
  return await settleAnswer(ctx, approval, {
    acting: args.acting,
    option: args.option,
    reason: args.reason ?? null,
    fields: args.fields ?? null,
    requestKey: args.requestKey ?? null,
    shownHash: args.shownHash ?? null,
    code: args.code ?? null,
  });
}

/** By its id, or by the person's own code (also of a question that is over, so that they can be told how it ended). */
export async function findApproval(
  ctx: QueryCtx,
  personId: Id<"people">,
  ref: string,
): Promise<Doc<"approvals"> | null> {
  const code = ref.trim().length > MAX_CODE_LENGTH ? null : await rowOf(ctx, personId, ref.trim().toUpperCase());
  if (code !== null) return await ctx.db.get("approvals", code.approvalId);
  const id = ctx.db.normalizeId("approvals", ref.trim());
  return id === null ? null : await ctx.db.get("approvals", id);
}

/** With the line that says what asks: "deploy · run r1 · asked by Ana". */
export async function demandApproval(
  ctx: QueryCtx,
  personId: Id<"people">,
  ref: string,
): Promise<Doc<"approvals"> & { context: string }> {
  const approval = await findApproval(ctx, personId, ref);
  if (approval !== null) return { ...approval, context: drawCard(approval, [], null).context };
  fail("not_found", `there is no question "${ref}" for you`, {
    field: "ref",
    remedy: "PENDING (factory approvals list) shows the open ones with their codes",
  });
}

/** What is open for a person, newest first: at most `limit`, and fewer of very large ones, but always two. Costs the same however many questions others have. */
export async function openFor(ctx: QueryCtx, personId: Id<"people">, limit = 50): Promise<OpenQuestion[]> {
  const rows = await ctx.db
    .query("approvalCodes")
    .withIndex("by_personId_and_open", (q) => q.eq("personId", personId).eq("open", true))
    .order("desc")
    .take(limit);
  const found: OpenQuestion[] = [];
  const left = room();
  for (const { approvalId, code } of rows) {
    if (left.characters <= 0 && found.length >= 2) break;
    const approval = await ctx.db.get("approvals", approvalId);
    if (approval === null) continue;
    left.characters -= sizeOf(approval);
    const { question, options, freeText, createdAt, runId } = approval;
    const isPrivate = isAskedInPrivate(approval);
    const form = formOf(approval);
    found.push({ approvalId, code, question, options, freeText, createdAt, runId, form, isPrivate });
  }
  return found;
}

export const formOf = ({ form }: Pick<Doc<"approvals">, "form">): Json =>
  form === null ? null : (JSON.parse(form) as Json);

/** A shared place is not told what it says. */
export const isAskedInPrivate = ({ origin }: Pick<Doc<"approvals">, "origin">): boolean => origin?.private ?? true;

const sizeOf = ({ question, payload, form }: Doc<"approvals">): number =>
  question.length + (payload?.length ?? 0) + (form?.length ?? 0);

/** Views in the order of `ids`, until the room is used up: a view reads a question and each of its copies. */
export async function viewApprovals(
  ctx: QueryCtx,
  ids: Id<"approvals">[],
  forPerson: Id<"people">,
): Promise<WireApproval[]> {
  const views: WireApproval[] = [];
  const left = room();
  for (const id of ids) {
    if (left.characters <= 0) break;
    const approval = await ctx.db.get("approvals", id);
    if (approval === null) continue;
    const view = await viewApproval(ctx, approval, forPerson);
    views.push(view);
    left.characters -= sizeOf(approval) * (2 + view.deliveries.length);
  }
  return views;
}

/** The newest questions, whoever they are for. */
export async function newestApprovals(ctx: QueryCtx, limit: number): Promise<Id<"approvals">[]> {
  return (await takeWithin(ctx.db.query("approvals").order("desc"), limit, sizeOf)).map((row) => row._id);
}

export async function viewApproval(
  ctx: QueryCtx,
  approval: Doc<"approvals">,
  forPerson: Id<"people">,
): Promise<WireApproval> {
  const deliveries = await deliveriesOf(ctx, approval._id);
  const card = await cardFor(ctx, approval, null);
  return {
    approvalId: approval._id,
    code: await codeFor(ctx, approval._id, forPerson),
    status: approval.status,
    question: approval.question,
    options: approval.options,
    freeText: approval.freeText,
    runId: approval.runId,
    nodeId: approval.nodeId,
    requestedBy: approval.requestedByShown,
    approvers: approval.approvers,
    quorum: approval.quorum,
    tier: approval.tier,
    payload: approval.payload,
    payloadHash: approval.payloadHash,
    approvedPayload: approval.approvedPayload ?? null,
    approvedHash: approval.approvedHash ?? null,
    supersededBy: approval.supersededBy ?? null,
    reasonRequired: approval.reasonRequired,
    context: card.context,
    createdAt: approval.createdAt,
    expiresAt: approval.expiresAt,
    votes: card.votes,
    deliveries: [
      ...deliveries.map(({ channel, place, status, receipt, error }) => ({
        ...{ channel, place, status, receipt },
        error: error === null ? null : messageOf(error),
      })),
      ...(await heldCopies(ctx, approval)),
    ],
    outcome: card.outcome,
  };
}

/** What quiet hours hold back. */
async function heldCopies(ctx: QueryCtx, approval: Doc<"approvals">): Promise<ApprovalView["deliveries"]> {
  if (approval.status !== "pending") return [];
  return (await openTimers(ctx, approval._id)).flatMap(({ kind, place, dueAt }) => {
    if (kind !== "deliver" || place === null) return [];
    const error = `held back until ${timeText(dueAt)} by quiet hours`;
    return [{ channel: channelOf(place) ?? "", place, status: "held", receipt: null, error }];
  });
}

const messageOf = (error: string): string => (JSON.parse(error) as { message?: string }).message ?? error;
