/**
 * The gate before a tool that has consequences outside (G1, G4, G5). The policy decides over the call's exact input: it passes, it is
 * refused, or people are asked. Asked, the call has no result until somebody answers; the turn ends with a pointer meanwhile.
 *
 *   asked -> approved -> passed          the call is done, once
 *         |           -> asked           what it would do, or what the policy wants, is not what was approved
 *         -> refused                     somebody said no, nobody answered, or the policy refuses it now
 *
 * Tool, agent, person and input are bound by a hash, looked at again right before the call is made ready and at every claim. Nothing here
 * takes a verdict from an argument: it is read from the approval's row, which `settle.ts` alone ends.
 */
import { makeFunctionReference } from "convex/server";
import { sha256Hex } from "../../src/flow/sha256.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { agentTitle, toolTitle } from "../agents/titles.ts";
import { type EffectTool, isAskedAbout, type OutsideTool } from "../agents/tools/define.ts";
import { ask } from "./ask.ts";
import { isIntact } from "./ask_anew.ts";
import { bringResult } from "./call_results.ts";
import { fail } from "./errors.ts";
import { toJsonText } from "./json.ts";
import type { Acting } from "./people.ts";
import { BLOCKED, type CallJudged, demandOf, judgeCall } from "./policy.ts";
import { demand } from "./rights.ts";
import { noteCall } from "./tool_calls.ts";
import { originOf } from "./turns.ts";
import { shorten } from "./words.ts";

/** As for any question of an agent: at most so long. */
const EXPIRES_AFTER_MS = 7 * 24 * 3600_000;
const MAX_PAYLOAD_BYTES = 256 * 1024;
const MAX_LISTED = 20;
/** What would be done changes each time it is approved: then something is wrong here. */
const MAX_ROUNDS = 5;

const release = makeFunctionReference<"mutation", { gateId: Id<"gatedCalls"> }, null>("gate:release");

export interface GuardedCall {
  acting: Acting;
  turn: Doc<"turns">;
  agent: string;
  toolCallId: string;
  toolName: string;
  tool: EffectTool | OutsideTool;
  /** Canonical JSON text, and what `tool.input` makes of it. */
  input: string;
  parsed: unknown;
}

export const canonicalInput = (parsed: unknown): string => toJsonText(parsed, "input", MAX_PAYLOAD_BYTES);

/** Over everything that decides what would be done. */
export async function hashOfCall(call: {
  agent: string;
  toolName: string;
  personId: Id<"people">;
  input: string;
}): Promise<string> {
  const { agent, toolName, personId, input } = call;
  return await sha256Hex(toJsonText({ agent, toolName, personId, input }, "call"));
}

/** They turn the direction of writing: what is shown would read as something else than what is done. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/;

/** What must hold whatever people say: the person's rights, and what the tool itself demands. Throws what refuses. */
export async function demandAble(ctx: QueryCtx, call: GuardedCall): Promise<void> {
  const { tool, acting } = call;
  if (TURNING.test(call.input)) {
    fail(
      "invalid_input",
      `${toolTitle(call.toolName)} has characters that turn the direction of writing, so nobody can see what it would do`,
      {
        remedy: "leave them out",
      },
    );
  }
  if (tool.capability != null) demand(acting, tool.capability);
  await tool.check?.(ctx, call, call.parsed);
}

export type Heard = { kind: "pass" } | { kind: "asked" } | { kind: "same"; question: string; asked: string };

/** At a new call. Throws when the policy blocks it. */
export async function hear(ctx: MutationCtx, call: GuardedCall): Promise<Heard> {
  await demandAble(ctx, call);
  const callHash = await hashOfCall({ ...call, personId: call.turn.personId });
  const judged = await judgeNow(ctx, call);
  if (judged.decision === "allow") {
    const { toolName: tool, toolCallId, turn } = call;
    if (judged.rule !== null)
      await noteCall(ctx, turn, "policy.allowed", { tool, toolCallId, callHash, rule: judged.rule.name });
    return { kind: "pass" };
  }
  const same = await sameAsked(ctx, call.turn, callHash);
  if (same !== null) return { kind: "same", question: same.question, asked: same.asked };
  await askPeople(ctx, call, { callHash, judged, round: 1, changed: false });
  return { kind: "asked" };
}

/**
 * Right before a call is made ready, and at every claim: is it still what was let pass, and does the policy still let it pass? False: people
 * are asked anew. `gate` null: it was the policy that let it pass. Throws when it is blocked by now, or not allowed to this person any more.
 */
export async function hearAgain(
  ctx: MutationCtx,
  call: GuardedCall,
  passed: { callHash: string; gate: Doc<"gatedCalls"> | null },
): Promise<boolean> {
  await demandAble(ctx, call);
  const { gate } = passed;
  const callHash = await hashOfCall({ ...call, personId: call.turn.personId });
  const changed = callHash !== passed.callHash || (gate !== null && gate.callHash !== callHash);
  const judged = await judgeNow(ctx, call);
  if (!changed && judged.decision === "allow") return true;
  if (!changed && gate !== null && (await saidYes(ctx, gate)) && covers(gate, judged)) return true;
  const round = (gate?.round ?? 0) + 1;
  if (round > MAX_ROUNDS)
    fail("conflict", `${toolTitle(call.toolName)} was approved ${MAX_ROUNDS} times and never was what was approved`);
  await askPeople(ctx, call, { callHash, judged, round, changed });
  return false;
}

async function judgeNow(ctx: MutationCtx, call: GuardedCall): Promise<CallJudged> {
  const { acting, agent, toolName, tool } = call;
  const readOnly = !isAskedAbout(tool);
  const judged = await judgeCall(ctx, acting.person, { toolName, agent, payload: JSON.parse(call.input), readOnly });
  if (judged.decision !== "block") return judged;
  fail(
    "forbidden",
    `${BLOCKED}: rule "${judged.rule?.name}" does not let ${agentTitle(agent)} go on with ${toolTitle(toolName)}${judged.why}`,
    {
      remedy: "factory policy test shows which rule speaks and why",
    },
  );
}

/** What was asked for then is at least what is wanted now. */
const covers = (gate: Doc<"gatedCalls">, judged: CallJudged): boolean =>
  judged.rule === null || gate.demand === demandOf(judged.rule);

async function saidYes(ctx: QueryCtx, gate: Doc<"gatedCalls">): Promise<boolean> {
  const approval = await approvalOf(ctx, gate);
  if (approval === null || approval.status !== "answered" || approval.outcome?.option !== "yes") return false;
  return (await isIntact(approval)) && approval.payload === gate.input;
}

async function approvalOf(ctx: QueryCtx, gate: Doc<"gatedCalls">): Promise<Doc<"approvals"> | null> {
  return await ctx.db
    .query("approvals")
    .withIndex("by_key", (q) => q.eq("key", gate.key))
    .unique();
}

async function sameAsked(ctx: QueryCtx, turn: Doc<"turns">, callHash: string): Promise<Doc<"gatedCalls"> | null> {
  const rows = await ctx.db
    .query("gatedCalls")
    .withIndex("by_conversationId_and_status", (q) => q.eq("conversationId", turn.conversationId).eq("status", "asked"))
    .take(MAX_LISTED);
  return rows.find((row) => row.callHash === callHash) ?? null;
}

/** What is asked in this conversation and not answered, for the model. */
export async function askedInConversation(
  ctx: QueryCtx,
  conversationId: Id<"conversations">,
): Promise<{ question: string; asked: string }[]> {
  const rows = await ctx.db
    .query("gatedCalls")
    .withIndex("by_conversationId_and_status", (q) => q.eq("conversationId", conversationId).eq("status", "asked"))
    .take(MAX_LISTED);
  return rows.map(({ question, asked }) => ({ question, asked }));
}

async function askPeople(
  ctx: MutationCtx,
  call: GuardedCall,
  how: { callHash: string; judged: CallJudged; round: number; changed: boolean },
): Promise<void> {
  const { acting, turn, agent, toolName, toolCallId, tool, input, parsed } = call;
  const { judged, round, callHash } = how;
  const { rule } = judged;
  const key = `gate:${turn._id}:${toolCallId}:${round}`;
  const own = tool.question?.(parsed);
  const title = toolTitle(toolName);
  const what =
    own === undefined ? `May ${agentTitle(agent)} go on with ${title}?` : `${shorten(own.trim(), 1500)} (${title})`;
  const changed = how.changed ? "This is not what was approved. " : "";
  const question = `${changed}${what}${judged.because}`;
  await ask(ctx, {
    ...{ key, question, options: ["yes", "no"], freeText: false, agent, rule: rule?.name ?? null },
    ...{ approvers: rule?.approvers ?? null, quorum: rule?.quorum ?? 1, fourEyes: rule?.fourEyes ?? false },
    ...{ tier: rule?.tier ?? "low", channels: rule?.channels ?? null, form: null },
    reasonRequired: rule?.reasonRequired === true ? ["yes", "no"] : [],
    payload: JSON.parse(input),
    expiresAt: Date.now() + EXPIRES_AFTER_MS,
    requestedBy: acting.person._id,
    requestedByShown: `${agentTitle(agent)} for ${acting.shown}`,
    requester: acting.countsAs,
    origin: await originOf(ctx, turn),
    ...{ workflow: null, runId: null, waitId: null, nodeId: null, remindAfterMs: null, escalate: [] },
  });
  const { _id: turnId, conversationId, personId } = turn;
  await ctx.db.insert("gatedCalls", {
    ...{ turnId, toolCallId, conversationId, personId, agent, toolName, input, callHash, key, round, question },
    status: "asked",
    asked: rule?.approvers == null ? "you" : rule.approvers.map(approverWord).join(" and "),
    rule: rule?.name ?? null,
    demand: demandOf(rule),
  });
  const kind = how.changed ? "policy.changed" : "policy.held";
  await noteCall(ctx, turn, kind, { tool: toolName, toolCallId, callHash, rule: rule?.name ?? null, round });
}

const approverWord = (approver: string): string =>
  approver.startsWith("role:") ? `the role ${approver.slice(5)}` : approver.replace(/^person:/, "");

/** The question under `key` has ended. What it came to is read from its row. */
export async function takeVerdict(ctx: MutationCtx, key: string): Promise<void> {
  const gate = await ctx.db
    .query("gatedCalls")
    .withIndex("by_key", (q) => q.eq("key", key))
    .unique();
  if (gate === null || gate.status !== "asked") return;
  const approval = await approvalOf(ctx, gate);
  if (approval === null || approval.status === "pending") return;
  const { status, outcome } = approval;
  if (status === "answered" && outcome?.option === "yes") {
    await ctx.db.patch("gatedCalls", gate._id, { status: "approved" });
    // In a transaction of its own: what the call does cannot undo an answer.
    await ctx.scheduler.runAfter(0, release, { gateId: gate._id });
    return;
  }
  await ctx.db.patch("gatedCalls", gate._id, { status: "refused" });
  const reason = outcome?.reason ? `: ${outcome.reason}` : "";
  const error =
    status === "answered"
      ? {
          code: "forbidden" as const,
          message: `${outcome?.by ?? "somebody"} said no to ${toolTitle(gate.toolName)}${reason}`,
        }
      : {
          code: "expired" as const,
          message: `nobody answered whether to go on with ${toolTitle(gate.toolName)}, so it was not done`,
        };
  await refuse(ctx, gate, { ...error, remedy: null });
}

/** What the policy refused is on the record as that too. Called outside of the transaction that was rolled back with the refusal. */
export async function noteBlocked(
  ctx: MutationCtx,
  turn: Doc<"turns">,
  toolName: string,
  { message }: { message: string },
): Promise<void> {
  if (message.startsWith(BLOCKED)) await noteCall(ctx, turn, "policy.blocked", { tool: toolName, why: message });
}

/** The call's result is why it was not done. */
export async function refuse(
  ctx: MutationCtx,
  { turnId, toolCallId, toolName, callHash }: Doc<"gatedCalls">,
  error: { code: string; message: string; remedy: string | null },
): Promise<void> {
  const turn = await ctx.db.get("turns", turnId);
  if (turn === null) return;
  await noteCall(ctx, turn, "tool.refused", { tool: toolName, toolCallId, callHash, error: error.code });
  await bringResult(ctx, turnId, { toolCallId, toolName, result: JSON.stringify({ error }) });
}
