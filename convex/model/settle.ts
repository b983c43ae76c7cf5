/**
 * The only writer of a verdict, whoever brings it: a person on any channel, the clock, a cancelled run. `src/flow/verdict.ts` decides,
 * from the row and the person as they are at this moment; here the decision becomes rows, in this order:
 * votes -> verdict -> record -> copies -> signal to the run.
 */
import { makeFunctionReference } from "convex/server";
import { type AnswerResult, MAX_REASON } from "../../src/contract/approval.ts";
import type { Json } from "../../src/flow/definition.ts";
import { sha256Hex } from "../../src/flow/sha256.ts";
import type { Signal } from "../../src/flow/types.ts";
import * as verdict from "../../src/flow/verdict.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { endTimers } from "./approval_timers.ts";
import { askAnew, isIntact } from "./ask_anew.ts";
import { BY_ITSELF, doneBy, record, subjectOf } from "./audit.ts";
import { changesOf, voteRows } from "./cards.ts";
import { closeCodes } from "./codes.ts";
import { reviseCopies } from "./copies.ts";
import { toJsonText } from "./json.ts";
import { retireBumps } from "./ladder.ts";
import { deliveriesOf } from "./outbox.ts";
import type { Acting } from "./people.ts";
import { rolesOf } from "./rotas.ts";
import { signal } from "./signals.ts";

export interface Answer {
  acting: Acting;
  /** An option, its number, YES or NO where it means that; for a question that wants words, the words. */
  option: string;
  reason: string | null;
  /** Edited payload fields; null: none. */
  fields: Json;
  /** The same request told twice (a retry after a lost reply) gets the first one's result. */
  requestKey: string | null;
  /** Hash of the payload the person saw; null: the ingress cannot tell. */
  shownHash: string | null;
  /** The person's own code, where the reply may name it; null: it may not. */
  code: string | null;
}

// By name: the module behind it needs this one.
const agentAnswered = makeFunctionReference<"mutation", { key: string; result: string }, null>(
  "agent_questions:answered",
);

const MAX_TEXT = 40_000;

/** Never throws for what a person did: a refused, late or wrong answer is a result with one sentence for them. */
export async function settleAnswer(
  ctx: MutationCtx,
  approval: Doc<"approvals">,
  answer: Answer,
): Promise<AnswerResult> {
  const { acting } = answer;
  const votes = approval.voted === false ? [] : await voteRows(ctx, approval._id);
  const tooLong = lengthProblem(approval, answer);
  if (tooLong !== null) return { outcome: "invalid", approvalId: approval._id, option: null, message: tooLong };
  const repeated = repeatOf(approval, votes, answer);
  if (repeated !== null) return repeated;
  if (approval.status === "pending" && !(await isIntact(approval))) return await refuseChanged(ctx, approval, answer);
  const edited = await editedOf(approval, answer.fields);
  const state = {
    ...stateOf(approval, votes, acting),
    handedOn: await handedOnBy(ctx, approval, acting),
    askedPayload: answer.fields === null ? null : parsed(approval.payload),
  };
  // Shifts give roles, which matter only where a role decides.
  const decides = approval.approvers.some((approver) => approver.startsWith("role:"));
  const roles = decides ? await rolesOf(ctx, acting.person, Date.now()) : acting.person.roles;
  const decided = verdict.answer(state, {
    person: { id: acting.person._id, name: acting.person.name, roles },
    operator: acting.operator === null ? null : { personId: acting.countsAs },
    shown: acting.shown,
    channel: acting.channel,
    option: answer.option,
    text: approval.freeText ? answer.option : null,
    reason: answer.reason,
    fields: answer.fields,
    editedHash: edited?.hash ?? null,
    shownHash: answer.shownHash,
    code: answer.code,
    now: Date.now(),
  });
  const { outcome, option, message } = decided;
  if (decided.state !== state) await writeVote(ctx, approval, votes, decided.state, answer);
  const copies = decided.state === state ? [] : await deliveriesOf(ctx, approval._id);
  if (outcome !== "invalid")
    await note(ctx, approval, NOTES[outcome], answer, {
      ...{ option: option ?? answer.option, told: message },
      ...(edited === null ? {} : { editedHash: edited.hash }),
      ...(decided.state === state ? {} : shownTo(approval, copies)),
    });
  if (decided.ended) {
    const text = approval.freeText && outcome === "settled" ? answer.option : null;
    const approved = outcome === "settled" && edited !== null ? edited : null;
    if (approved !== null) {
      const { text: approvedPayload, hash: approvedHash } = approved;
      await ctx.db.patch("approvals", approval._id, { approvedPayload, approvedHash });
      approval = { ...approval, approvedPayload, approvedHash };
    }
    const payload = outcome === "settled" ? (approved?.payload ?? parsed(approval.payload)) : null;
    const more = {
      ...{ text, fields: answer.fields },
      ...(payload === null ? {} : { payload, payloadHash: approval.approvedHash ?? approval.payloadHash }),
    };
    await end(ctx, approval, decided.state, more, decided.state === state ? undefined : copies);
  } else if (outcome === "voted") {
    await reviseCopies(ctx, approval, decided.state.votes, { copies });
  }
  return { outcome, approvalId: approval._id, option, message, ...endOf(outcome, decided.state) };
}

/** For an answer that came too late: what programs need to know of how the question had ended. */
function endOf(
  told: AnswerResult["outcome"],
  { status, outcome }: verdict.ApprovalState,
): Pick<AnswerResult, "by" | "channel" | "at"> & { option?: string | null } {
  if (outcome === null || told === "invalid" || NOTES[told] !== "approval.late") return {};
  const { option, by, channel, at } = outcome;
  return { ...(status === "answered" ? { option } : {}), by, channel, at };
}

const parsed = (text: string | null): Json => (text === null ? null : (JSON.parse(text) as Json));

/** The payload with edited values in place, and its hash; null: nothing is edited, or to what it was. */
async function editedOf(
  approval: Doc<"approvals">,
  fields: Json,
): Promise<{ payload: Json; text: string; hash: string } | null> {
  if (fields === null) return null;
  const payload = verdict.editedPayload(parsed(approval.payload), fields);
  const text = toJsonText(payload, "payload");
  const hash = await sha256Hex(text);
  return hash === approval.payloadHash ? null : { payload, text, hash };
}

/** Nobody may answer for something else than they were shown. It is asked anew, as it is now. */
async function refuseChanged(ctx: MutationCtx, approval: Doc<"approvals">, answer: Answer): Promise<AnswerResult> {
  const reason = "its payload is not what was asked";
  await note(ctx, approval, "approval.changed", answer, { option: answer.option, reason });
  await askAnew(ctx, approval, () => supersede(ctx, approval, reason));
  const message = "What you were shown has changed since, so nothing is settled. It is asked anew.";
  return { outcome: "refused", approvalId: approval._id, option: null, message };
}

/** The record's answer to "what did they see": the words of the question, and where its copies were (G2). */
function shownTo(approval: Doc<"approvals">, copies: Doc<"deliveries">[]): Record<string, unknown> {
  return {
    shown: { options: approval.options, payload: approval.payload },
    copies: copies.map(({ place, receipt }) => ({ place, receipt })),
  };
}

const NOTES: Record<Exclude<AnswerResult["outcome"], "invalid">, string> = {
  settled: "approval.answered",
  voted: "approval.voted",
  refused: "approval.refused",
  alreadyAnswered: "approval.late",
  expired: "approval.late",
  cancelled: "approval.late",
  superseded: "approval.late",
};

/** The clock's answer. A question expires once or not at all. */
export async function settleExpiry(ctx: MutationCtx, approvalId: Id<"approvals">): Promise<void> {
  const approval = await ctx.db.get("approvals", approvalId);
  if (approval === null || approval.status !== "pending") return;
  const state = stateOf(approval, await voteRows(ctx, approvalId), null);
  const expired = verdict.expire(state, Date.now());
  if (!expired.ended) return;
  await note(ctx, approval, "approval.expired", null, {});
  await end(ctx, approval, expired.state, { text: null, fields: null });
}

/** The run has no use for the answer any more. Sends no signal: it is the run that closes the wait. */
export async function cancelByKey(ctx: MutationCtx, key: string, reason: string): Promise<void> {
  const approval = await byKey(ctx, key);
  if (approval !== null) await cancel(ctx, approval, reason);
}

/** The run asks anew, because what the question was about has become something else. */
export async function supersedeByKey(ctx: MutationCtx, key: string, reason: string): Promise<void> {
  const approval = await byKey(ctx, key);
  if (approval !== null) await supersede(ctx, approval, reason);
}

async function byKey(ctx: MutationCtx, key: string): Promise<Doc<"approvals"> | null> {
  return await ctx.db
    .query("approvals")
    .withIndex("by_key", (q) => q.eq("key", key))
    .unique();
}

export async function cancelOpenOf(ctx: MutationCtx, runId: Id<"runs">, reason: string): Promise<void> {
  const open = await ctx.db
    .query("approvals")
    .withIndex("by_runId_and_status", (q) => q.eq("runId", runId).eq("status", "pending"))
    .take(1000);
  for (const approval of open) await cancel(ctx, approval, reason);
}

/** Replaced by another question; sends no signal. */
export async function supersede(ctx: MutationCtx, approval: Doc<"approvals">, reason: string): Promise<void> {
  const state = stateOf(approval, await voteRows(ctx, approval._id), null);
  const superseded = verdict.supersede(state, reason, Date.now());
  if (!superseded.ended) return;
  await note(ctx, approval, "approval.superseded", null, { reason });
  await close(ctx, approval, superseded.state);
}

async function cancel(ctx: MutationCtx, approval: Doc<"approvals">, reason: string): Promise<void> {
  const state = stateOf(approval, await voteRows(ctx, approval._id), null);
  // With its run: told as the run's end is.
  const run = approval.runId === null ? null : await ctx.db.get("runs", approval.runId);
  const { by, reason: why } = run?.cancelled ?? { by: null, reason };
  const cancelled = verdict.cancel(state, by, why, Date.now());
  if (!cancelled.ended) return;
  await note(ctx, approval, "approval.cancelled", null, { reason });
  await close(ctx, approval, cancelled.state);
}

/** The row as the decision sees it. Under four eyes both count as who asked: the requester and the operator who acted for them. */
function stateOf(approval: Doc<"approvals">, votes: Doc<"votes">[], acting: Acting | null): verdict.ApprovalState {
  const { status, options, freeText, approvers, quorum, fourEyes, tier, reasonRequired } = approval;
  const asked = acting !== null && acting.countsAs === approval.requester;
  return {
    ...{ status, options, freeText, approvers, quorum, fourEyes, tier, reasonRequired },
    requesterId: asked ? approval.requester : approval.requestedBy,
    form: approval.form === null ? null : (JSON.parse(approval.form) as Json),
    payloadHash: approval.payloadHash,
    changed: changesOf(approval),
    expiresAt: approval.expiresAt,
    votes: votes.map((row) => ({
      personId: row.countsAs,
      inNameOf: row.personId,
      person: row.shown,
      option: row.option,
      channel: row.channel,
      reason: row.reason,
      at: row.at,
      payloadHash: row.payloadHash ?? null,
    })),
    outcome: approval.outcome,
  };
}

/** Only of this person, so that they are told to whom. */
async function handedOnBy(
  ctx: MutationCtx,
  approval: Doc<"approvals">,
  { person }: Acting,
): Promise<{ personId: string; to: string }[]> {
  const handed = approval.handedOn?.find(({ personId }) => personId === person._id);
  if (handed === undefined) return [];
  return [{ personId: person._id, to: (await ctx.db.get("people", handed.to))?.name ?? "somebody else" }];
}

/** The person's newest vote takes the place of the one before: nobody counts twice. */
async function writeVote(
  ctx: MutationCtx,
  approval: Doc<"approvals">,
  votes: Doc<"votes">[],
  state: verdict.ApprovalState,
  { acting, requestKey }: Answer,
): Promise<void> {
  const cast = state.votes.find((vote) => vote.personId === acting.countsAs);
  const own = votes.find((row) => row.countsAs === acting.countsAs);
  if (cast === undefined || (own !== undefined && own.at === cast.at && own.option === cast.option)) return;
  if (own !== undefined) await ctx.db.delete("votes", own._id);
  if (approval.voted === false && state.outcome === null)
    await ctx.db.patch("approvals", approval._id, { voted: true });
  await ctx.db.insert("votes", {
    approvalId: approval._id,
    countsAs: acting.countsAs,
    personId: acting.person._id,
    shown: cast.person,
    option: cast.option,
    channel: cast.channel,
    handle: acting.handle,
    reason: cast.reason,
    requestKey,
    at: cast.at,
    payloadHash: cast.payloadHash ?? null,
  });
}

async function end(
  ctx: MutationCtx,
  approval: Doc<"approvals">,
  state: verdict.ApprovalState,
  more: { text: string | null; fields: Json; payload?: Json; payloadHash?: string | null },
  copies?: Doc<"deliveries">[],
): Promise<void> {
  await close(ctx, approval, state, copies);
  await tellAgent(ctx, approval, state, more.text);
  if (approval.runId === null || approval.waitId === null || state.outcome === null) return;
  const { option, reason, by, channel, at } = state.outcome;
  const what: Signal = { kind: "verdict", option: option ?? state.status, reason, by, channel, at, ...more };
  await signal(ctx, approval.runId, approval.waitId, what);
}

/** An agent's question: the answer becomes the result of its call. */
async function tellAgent(
  ctx: MutationCtx,
  { agent, runId, key, question, options }: Doc<"approvals">,
  { status, outcome }: verdict.ApprovalState,
  text: string | null,
): Promise<void> {
  if (agent == null || runId !== null) return;
  const answer = text ?? outcome?.option ?? null;
  const { by = null, channel = null, reason = null } = outcome ?? {};
  const result = JSON.stringify({ status, question, options, answer, reason, by, channel });
  await ctx.runMutation(agentAnswered, { key, result });
}

/** `copies`: the outbox's rows as they are, where they have been read already. */
async function close(
  ctx: MutationCtx,
  approval: Doc<"approvals">,
  state: verdict.ApprovalState,
  copies?: Doc<"deliveries">[],
): Promise<void> {
  const { status, outcome } = state;
  const closed = approval.openOf === undefined ? {} : { openOf: undefined };
  await ctx.db.patch("approvals", approval._id, { status, outcome, voted: state.votes.length > 0, ...closed });
  if (approval.expiryId !== null && status !== "expired") await ctx.scheduler.cancel(approval.expiryId);
  if (approval.timed !== false) {
    await endTimers(ctx, approval._id);
    await retireBumps(ctx, approval._id);
  }
  await closeCodes(ctx, approval._id);
  await reviseCopies(ctx, { ...approval, status, outcome }, state.votes, { copies });
}

function lengthProblem(approval: Doc<"approvals">, { option, reason }: Answer): string | null {
  if ((reason?.length ?? 0) > MAX_REASON) return `A reason has at most ${MAX_REASON} characters.`;
  return approval.freeText && option.length > MAX_TEXT ? `An answer has at most ${MAX_TEXT} characters.` : null;
}

function repeatOf(approval: Doc<"approvals">, votes: Doc<"votes">[], answer: Answer): AnswerResult | null {
  const { requestKey, acting } = answer;
  const before = votes.find((row) => row.requestKey === requestKey && row.countsAs === acting.countsAs);
  if (requestKey === null || before === undefined) return null;
  const outcome = approval.status === "answered" ? "settled" : "voted";
  return { outcome, approvalId: approval._id, option: before.option, message: `Your ${before.option} has been taken.` };
}

/** In the run's own record when there is a run: one place tells its story. */
async function note(
  ctx: MutationCtx,
  approval: Doc<"approvals">,
  kind: string,
  answer: Answer | null,
  detail: Record<string, unknown>,
): Promise<void> {
  const acting = answer?.acting ?? null;
  const { _id: approvalId, question, payloadHash } = approval;
  const said = answer === null ? {} : { reason: answer.reason, fields: answer.fields };
  const by = acting?.message === undefined ? {} : { message: acting.message };
  await record(ctx, {
    subject: subjectOf(approval),
    kind,
    ...(acting === null ? BY_ITSELF : doneBy(acting)),
    detail: { approvalId, question, payloadHash, ...by, ...said, ...detail },
  });
}
