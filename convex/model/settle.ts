/**
 * The only writer of a verdict, whoever brings it: a person on any channel, the clock, a cancelled run. The order is fixed:
 * person -> policy at this moment -> state -> vote or verdict -> record -> copies -> signal to the run.
 */
import type { AnswerOutcome, AnswerResult } from "../../src/contract/approval.ts";
import type { Json } from "../../src/flow/definition.ts";
import { mismatches } from "../../src/flow/schema.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { isApprover } from "./approvers.ts";
import { record } from "./audit.ts";
import { channelWord, moment } from "./cards.ts";
import { closeCodes } from "./codes.ts";
import { reviseCopies } from "./copies.ts";
import type { Acting } from "./people.ts";
import { signal } from "./signals.ts";

export interface Answer {
  acting: Acting;
  /** An option, or its number; for a question that wants words, the words. */
  option: string;
  reason: string | null;
  fields: Json;
  requestKey: string | null;
}

const MAX_REASON = 4000;
const MAX_TEXT = 40_000;

/** Never throws for what a person did: a refused, late or wrong answer is a result with one sentence for them. */
export async function settleAnswer(
  ctx: MutationCtx,
  approval: Doc<"approvals">,
  answer: Answer,
): Promise<AnswerResult> {
  const refusal = refusalOf(approval, answer.acting);
  if (refusal !== null) return await refuse(ctx, approval, answer, refusal);
  const repeated = await repeatOf(ctx, approval, answer);
  if (repeated !== null) return repeated;
  if (approval.status !== "pending") return late(approval);
  const chosen = choose(approval, answer);
  if (!chosen.ok) return result("invalid", approval, null, chosen.message);
  const { option, text } = chosen;
  const votes = await vote(ctx, approval, answer, option);
  if (votes < neededFor(approval, option)) {
    await reviseCopies(ctx, approval);
    await note(ctx, approval, "approval.voted", answer, { option });
    const message = `Your ${option} is counted: ${votes} of ${approval.quorum}.`;
    return result("voted", approval, option, message);
  }
  const { acting, reason, fields } = answer;
  const at = Date.now();
  const outcome = { option, by: acting.shown, personId: acting.person._id, channel: acting.channel, at, reason };
  await close(ctx, approval, "answered", outcome);
  await note(ctx, approval, "approval.answered", answer, { option, fields, payloadHash: approval.payloadHash });
  if (approval.runId !== null && approval.waitId !== null) {
    await signal(ctx, approval.runId, approval.waitId, {
      kind: "verdict",
      ...{ option, reason, at, text, fields },
      by: acting.shown,
      channel: acting.channel,
    });
  }
  return result("settled", approval, option, `Done: ${approval.freeText ? "your words are stored" : option}.`);
}

/** The clock's answer. Only the first one of all counts, so a question expires once or not at all. */
export async function settleExpiry(ctx: MutationCtx, approvalId: Id<"approvals">): Promise<void> {
  const approval = await ctx.db.get("approvals", approvalId);
  if (approval === null || approval.status !== "pending") return;
  const at = Date.now();
  await close(ctx, approval, "expired", { option: null, by: null, personId: null, channel: null, at, reason: null });
  await note(ctx, approval, "approval.expired", null, {});
  if (approval.runId === null || approval.waitId === null) return;
  await signal(ctx, approval.runId, approval.waitId, {
    kind: "verdict",
    ...{ option: "expired", reason: null, by: null, channel: null, at, text: null, fields: null },
  });
}

/** The run has no use for the answer any more. Sends no signal: it is the run that closes the wait. */
export async function cancelByKey(ctx: MutationCtx, key: string, reason: string): Promise<void> {
  const approval = await ctx.db
    .query("approvals")
    .withIndex("by_key", (q) => q.eq("key", key))
    .unique();
  if (approval !== null) await cancel(ctx, approval, reason);
}

export async function cancelOpenOf(ctx: MutationCtx, runId: Id<"runs">, reason: string): Promise<void> {
  const open = await ctx.db
    .query("approvals")
    .withIndex("by_runId_and_status", (q) => q.eq("runId", runId).eq("status", "pending"))
    .take(1000);
  for (const approval of open) await cancel(ctx, approval, reason);
}

async function cancel(ctx: MutationCtx, approval: Doc<"approvals">, reason: string): Promise<void> {
  if (approval.status !== "pending") return;
  const at = Date.now();
  await close(ctx, approval, "cancelled", { option: null, by: null, personId: null, channel: null, at, reason });
  await note(ctx, approval, "approval.cancelled", null, { reason });
}

async function close(
  ctx: MutationCtx,
  approval: Doc<"approvals">,
  status: "answered" | "expired" | "cancelled",
  outcome: NonNullable<Doc<"approvals">["outcome"]>,
): Promise<void> {
  await ctx.db.patch("approvals", approval._id, { status, outcome });
  if (approval.expiryId !== null && status !== "expired") await ctx.scheduler.cancel(approval.expiryId);
  await closeCodes(ctx, approval._id);
  await reviseCopies(ctx, { ...approval, status, outcome });
}

/** Why this person may not answer, in words for them; null: they may. Decided now, not when the question was asked. */
function refusalOf(approval: Doc<"approvals">, acting: Acting): string | null {
  if (!isApprover(approval.approvers, acting.person)) {
    return `${acting.person.name} is not asked here: it is for ${approval.approvers.join(", ")}.`;
  }
  if (approval.fourEyes && (acting.person._id === approval.requestedBy || acting.countsAs === approval.requester)) {
    return "Four eyes: somebody other than who asked must answer.";
  }
  if (approval.tier === "high" && acting.operator !== null) {
    return "The risk is high: nobody answers this for another person.";
  }
  return null;
}

async function refuse(
  ctx: MutationCtx,
  approval: Doc<"approvals">,
  answer: Answer,
  message: string,
): Promise<AnswerResult> {
  await note(ctx, approval, "approval.refused", answer, { option: answer.option.slice(0, 200), message });
  return result("refused", approval, null, message);
}

/** The same request told twice (a retry after a lost reply) gets the first one's result. */
async function repeatOf(ctx: MutationCtx, approval: Doc<"approvals">, answer: Answer): Promise<AnswerResult | null> {
  if (answer.requestKey === null) return null;
  const votes = await ctx.db
    .query("votes")
    .withIndex("by_approvalId", (q) => q.eq("approvalId", approval._id))
    .take(1000);
  const before = votes.find((row) => row.requestKey === answer.requestKey && row.countsAs === answer.acting.countsAs);
  if (before === undefined) return null;
  return result(approval.status === "answered" ? "settled" : "voted", approval, before.option, "Done.");
}

/** Who decided, where and when, for somebody who comes too late. */
function late(approval: Doc<"approvals">): AnswerResult {
  const { outcome } = approval;
  const at = outcome === null ? "" : moment(outcome.at);
  const option = outcome?.option ?? null;
  switch (approval.status) {
    case "answered": {
      const message = `Already answered: "${option}" by ${outcome?.by} via ${channelWord(outcome?.channel ?? null)} at ${at}.`;
      return result("alreadyAnswered", approval, option, message);
    }
    case "expired":
      return result("expired", approval, null, `Too late: the question expired at ${at}.`);
    case "superseded":
      return result("superseded", approval, null, `The question was replaced by a newer one at ${at}.`);
    default:
      return result("cancelled", approval, null, `The question was cancelled at ${at}.`);
  }
}

type Chosen = { ok: true; option: string; text: string | null } | { ok: false; message: string };

function choose(approval: Doc<"approvals">, answer: Answer): Chosen {
  const reason = answer.reason ?? "";
  if (reason.length > MAX_REASON) return { ok: false, message: `A reason has at most ${MAX_REASON} characters.` };
  if (approval.freeText) {
    const text = answer.option;
    if (text.trim() === "") return { ok: false, message: "The question wants words." };
    if (text.length > MAX_TEXT) return { ok: false, message: `An answer has at most ${MAX_TEXT} characters.` };
    return { ok: true, option: "answered", text };
  }
  const said = answer.option.trim().toLowerCase();
  const numbered = /^\d+$/.test(said) ? approval.options[Number(said) - 1] : undefined;
  const option = approval.options.find((each) => each.toLowerCase() === said) ?? numbered;
  if (option === undefined) {
    return { ok: false, message: `"${answer.option.slice(0, 60)}" is not an option: ${approval.options.join(", ")}.` };
  }
  if (approval.reasonRequired.includes(option) && reason.trim() === "") {
    return { ok: false, message: `"${option}" needs a reason.` };
  }
  if (answer.fields !== null) {
    if (approval.form === null) return { ok: false, message: "Nothing can be edited in this question." };
    const [wrong] = mismatches(JSON.parse(approval.form) as Json, answer.fields, "fields");
    if (wrong !== undefined) return { ok: false, message: `${wrong.path} ${wrong.message}` };
  }
  return { ok: true, option, text: null };
}

const REFUSALS = new Set(["no", "deny", "denied", "reject"]);

/** One no is enough; anything else needs the quorum for that same option. */
const neededFor = (approval: Doc<"approvals">, option: string): number =>
  REFUSALS.has(option.toLowerCase()) ? 1 : approval.quorum;

/** Counts each person once, by their newest vote. Returns how many stand for the option now. */
async function vote(ctx: MutationCtx, approval: Doc<"approvals">, answer: Answer, option: string): Promise<number> {
  const { acting, reason, requestKey } = answer;
  const votes = await ctx.db
    .query("votes")
    .withIndex("by_approvalId", (q) => q.eq("approvalId", approval._id))
    .take(1000);
  const own = votes.find((row) => row.countsAs === acting.countsAs);
  const fields = { option, channel: acting.channel, handle: acting.handle, reason, requestKey, at: Date.now() };
  const whom = { countsAs: acting.countsAs, personId: acting.person._id, shown: acting.shown };
  if (own === undefined) await ctx.db.insert("votes", { approvalId: approval._id, ...whom, ...fields });
  else await ctx.db.patch("votes", own._id, { ...whom, ...fields });
  return votes.filter((row) => row !== own && row.option === option).length + 1;
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
  await record(ctx, {
    subject: approval.runId === null ? `approval:${approval._id}` : `run:${approval.runId}`,
    kind,
    person: acting === null ? null : { id: acting.person._id, shown: acting.shown },
    handle: acting?.handle ?? null,
    channel: acting?.channel ?? null,
    detail: { approvalId: approval._id, question: approval.question, reason: answer?.reason ?? null, ...detail },
  });
}

function result(
  outcome: AnswerOutcome,
  approval: Doc<"approvals">,
  option: string | null,
  message: string,
): AnswerResult {
  return { outcome, approvalId: approval._id, option, message };
}
