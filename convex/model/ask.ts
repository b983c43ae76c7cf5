/** Making a question: the row, a code for each person asked, a copy for each place, the moment it expires. */
import { makeFunctionReference } from "convex/server";
import type { Asked } from "../../src/flow/definition.ts";
import { sha256Hex } from "../../src/flow/sha256.ts";
import type { Ask } from "../../src/flow/types.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { agentTitle } from "../agents/titles.ts";
import { setDue } from "./approval_timers.ts";
import { answerers, candidatesFor } from "./approvers.ts";
import { openCode } from "./codes.ts";
import { deliverQuestion } from "./copies.ts";
import { fail } from "./errors.ts";
import { toJsonText } from "./json.ts";
import { waitKey } from "./signals.ts";

export interface Question extends Asked {
  /** Asking again under the same key returns the first row. */
  key: string;
  /** Ms since 1970; null: waits without end. */
  expiresAt: number | null;
  requestedBy: Id<"people">;
  requestedByShown: string;
  requester: Id<"people">;
  origin: Doc<"runs">["origin"];
  /** The title of the run that asks; null outside of a run. */
  workflow: string | null;
  runId: Id<"runs"> | null;
  waitId: string | null;
  nodeId: string | null;
  /** The agent that asks; null: no agent does. */
  agent: string | null;
  /** The rule of the policy that wants the question, or made it stricter; null: none. */
  rule: string | null;
}

/** An agent that has so many questions open for somebody has to wait for answers (A11). Others it serves are asked meanwhile. */
const MAX_OPEN_OF_AGENT = 5;

const expire = makeFunctionReference<"mutation", { approvalId: Id<"approvals"> }, null>("approvals:expire");

/** Throws, before anything is written, when nobody could answer. */
export async function ask(
  ctx: MutationCtx,
  question: Question,
  {
    anew = false,
  }: { /** In place of one that is open: asked even if too few could answer by now. */ anew?: boolean } = {},
): Promise<Doc<"approvals">> {
  const { key, channels, payload, form, remindAfterMs, escalate, ...rest } = question;
  const before = await ctx.db
    .query("approvals")
    .withIndex("by_key", (q) => q.eq("key", key))
    .unique();
  if (before !== null) return before;
  if (question.agent !== null) await demandRoom(ctx, question.agent, question.requestedBy);
  const requestedBy = await ctx.db.get("people", question.requestedBy);
  const approvers = question.approvers ?? [`person:${requestedBy?.name ?? ""}`];
  // A weighty question is never approved by who asks it; see verdict.ts.
  const fourEyes = question.fourEyes || question.tier === "high";
  const asked = { ...rest, approvers, fourEyes };
  const candidates = anew ? await answerers(ctx, asked) : await candidatesFor(ctx, asked);
  const payloadText = payload === null ? null : toJsonText(payload, "payload");
  const approvalId = await ctx.db.insert("approvals", {
    ...rest,
    key,
    approvers,
    payload: payloadText,
    payloadHash: payloadText === null ? null : await sha256Hex(payloadText),
    form: form === null ? null : toJsonText(form, "form"),
    channels,
    status: "pending",
    createdAt: Date.now(),
    expiryId: null,
    outcome: null,
    voted: false,
    timed: false,
    ...(question.agent === null ? {} : { openOf: openOf(question.agent, question.requestedBy) }),
  });
  if (question.expiresAt !== null) {
    const expiryId = await ctx.scheduler.runAt(question.expiresAt, expire, { approvalId });
    await ctx.db.patch("approvals", approvalId, { expiryId });
  }
  const now = Date.now();
  if (remindAfterMs !== null) await setDue(ctx, approvalId, { kind: "remind", dueAt: now + remindAfterMs });
  for (const { afterMs, to, via } of escalate) {
    await setDue(ctx, approvalId, { kind: "escalate", dueAt: now + afterMs, to, via });
  }
  const codes = new Map<Id<"people">, string>();
  for (const person of candidates) codes.set(person._id, await openCode(ctx, approvalId, person._id));
  const approval = (await ctx.db.get("approvals", approvalId))!;
  await deliverQuestion(ctx, approval, candidates, codes, channels);
  return approval;
}

const openOf = (agent: string, requestedBy: Id<"people">): string => `${agent}/${requestedBy}`;

async function demandRoom(ctx: MutationCtx, agent: string, requestedBy: Id<"people">): Promise<void> {
  const limit = Number(process.env.FACTORY_AGENT_QUESTIONS) || MAX_OPEN_OF_AGENT;
  const open = await ctx.db
    .query("approvals")
    .withIndex("by_openOf", (q) => q.eq("openOf", openOf(agent, requestedBy)))
    .take(limit);
  if (open.length < limit) return;
  fail("limit_reached", `${agentTitle(agent)} has ${open.length} questions open already; at most ${limit} may be`, {
    field: "agent",
    remedy: "wait until one of them is answered, or withdraw one",
  });
}

export async function askForRun(
  ctx: MutationCtx,
  run: Doc<"runs">,
  effect: Ask,
  rule: string | null = null,
): Promise<void> {
  const { question, options, freeText, approvers, quorum, fourEyes, tier, channels, payload, form } = effect;
  const { reasonRequired, expiresAt, waitId, nodeId, remindAfterMs, escalate } = effect;
  await ask(ctx, {
    key: waitKey(run._id, waitId),
    ...{ question, options, freeText, approvers, quorum, fourEyes, tier, channels, payload, form },
    ...{ reasonRequired, expiresAt, waitId, nodeId, remindAfterMs, escalate },
    ...{ agent: null, rule },
    requestedBy: run.startedBy,
    requestedByShown: run.startedByShown,
    requester: run.requester,
    origin: run.origin,
    workflow: run.title,
    runId: run._id,
  });
}
