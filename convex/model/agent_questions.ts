/**
 * Questions that an agent raises (S11). The call has no result until a person answers: its turn ends with a reply that points to the
 * question, and goes on as a turn of its own once the answer has become the call's result. A message said meanwhile is conversation; it
 * neither answers nor ends the question. What a model writes is only ever the question: verdicts are written by `settle.ts` alone.
 */
import { reservedReason, wordsFor } from "../../src/flow/options.ts";
import { sha256Hex } from "../../src/flow/sha256.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { agentTitle } from "../agents/titles.ts";
import { ask } from "./ask.ts";
import { bringResult } from "./call_results.ts";
import { fail } from "./errors.ts";
import { askedInConversation } from "./gate.ts";
import { toJsonText } from "./json.ts";
import { type Acting, personByName } from "./people.ts";
import { demand } from "./rights.ts";
import { membersOf } from "./rotas.ts";
import { originOf } from "./turns.ts";

/** A question nobody answers is not to block its agent for ever: at most so many may be open (A11). */
const EXPIRES_AFTER_MS = 7 * 24 * 3600_000;
const MAX_OPTIONS = 10;
const MAX_LISTED = 20;

export interface Raised {
  acting: Acting;
  turn: Doc<"turns">;
  toolCallId: string;
  agent: string;
}

export interface Wanted {
  ask: string;
  question: string;
  /** Absent: yes or no. Empty: words. */
  options?: string[] | undefined;
  details?: string | undefined;
}

/** Undefined: raised, the answer will be the call's result. Else what is open already, as the same was asked before. Throws what nobody could answer. */
export async function raiseQuestion(ctx: MutationCtx, raised: Raised, wanted: Wanted): Promise<unknown> {
  const { acting, turn, toolCallId, agent } = raised;
  demand(acting, "agents.use");
  const options = optionsOf(wanted.options ?? ["yes", "no"]);
  const { approver, shown } = await approverFor(ctx, acting, wanted.ask);
  const question = wanted.question.trim();
  const details = wanted.details?.trim() || null;
  const payloadHash = await sha256Hex(toJsonText({ agent, approver, question, options, details }, "question"));
  const open = await sameOpen(ctx, turn, payloadHash);
  if (open !== null) return { alreadyAsked: true, question: open.question, asked: open.asked };
  const key = `agent:${turn._id}:${toolCallId}`;
  await ask(ctx, {
    ...{ key, question, options, freeText: options.length === 0, approvers: [approver], agent },
    ...{ quorum: 1, fourEyes: false, tier: "low", channels: null, form: null, reasonRequired: [] },
    payload: details === null ? null : { details },
    expiresAt: Date.now() + EXPIRES_AFTER_MS,
    requestedBy: acting.person._id,
    requestedByShown: `${agentTitle(agent)} for ${acting.shown}`,
    requester: acting.countsAs,
    origin: await originOf(ctx, turn),
    ...{ workflow: null, runId: null, waitId: null, nodeId: null, remindAfterMs: null, escalate: [], rule: null },
  });
  await ctx.db.insert("agentQuestions", {
    ...{ agent, key, toolCallId, question, payloadHash, asked: shown, status: "open" as const },
    conversationId: turn.conversationId,
    turnId: turn._id,
    promptMessageId: turn.promptMessageId,
    personId: acting.person._id,
  });
  return undefined;
}

/** For the model, which does not see a call without a result again. */
export async function openInConversation(
  ctx: QueryCtx,
  conversationId: Id<"conversations">,
): Promise<{ question: string; asked: string }[]> {
  const rows = await ctx.db
    .query("agentQuestions")
    .withIndex("by_conversationId_and_status", (q) => q.eq("conversationId", conversationId).eq("status", "open"))
    .take(MAX_LISTED);
  const gated = await askedInConversation(ctx, conversationId);
  return [...rows.map(({ question, asked }) => ({ question, asked })), ...gated];
}

/** `result`: JSON text. The call has its result from now on, once; its turn goes on unless it still runs and will find it. */
export async function takeAnswer(ctx: MutationCtx, key: string, result: string): Promise<void> {
  const row = await ctx.db
    .query("agentQuestions")
    .withIndex("by_key", (q) => q.eq("key", key))
    .unique();
  if (row === null || row.status !== "open") return;
  const { turnId, toolCallId } = row;
  await ctx.db.patch("agentQuestions", row._id, { status: "answered" });
  await bringResult(ctx, turnId, { toolCallId, toolName: "requestHumanInput", result });
}

/** The same, asked from this conversation or for this person elsewhere. */
async function sameOpen(ctx: QueryCtx, turn: Doc<"turns">, payloadHash: string): Promise<Doc<"agentQuestions"> | null> {
  const rows = await ctx.db
    .query("agentQuestions")
    .withIndex("by_payloadHash_and_status", (q) => q.eq("payloadHash", payloadHash).eq("status", "open"))
    .take(MAX_LISTED);
  const same = (row: Doc<"agentQuestions">): boolean =>
    row.conversationId === turn.conversationId || row.personId === turn.personId;
  return rows.find(same) ?? null;
}

async function approverFor(ctx: QueryCtx, acting: Acting, name: string): Promise<{ approver: string; shown: string }> {
  const wanted = name.trim().replace(/^@/, "");
  if (/^(?:me|myself)$/i.test(wanted)) return { approver: `person:${acting.person.name}`, shown: "you" };
  const person = wanted.startsWith("role:") ? null : await personByName(ctx, wanted.replace(/^person:/, ""));
  if (person !== null) return { approver: `person:${person.name}`, shown: person.name };
  const role = wanted
    .replace(/^role:/, "")
    .replace(/^the\s+|\s+(?:role|team|people)$/gi, "")
    .toLowerCase();
  if ((await membersOf(ctx, role, Date.now())).length > 0)
    return { approver: `role:${role}`, shown: `the role ${role}` };
  const known = (await ctx.db.query("people").take(10)).map((each) => each.name);
  fail("not_found", `nobody here is called "${wanted.slice(0, 80)}", and nobody has such a role`, {
    field: "ask",
    remedy: `known are ${known.join(", ")}`,
  });
}

function optionsOf(given: string[]): string[] {
  const options = given.map((option) => option.trim());
  const refuse = (why: string): never => fail("invalid_input", why, { field: "options", remedy: "choose other words" });
  if (options.length === 1 || options.length > MAX_OPTIONS)
    refuse(`a question has 2 to ${MAX_OPTIONS} options, or none`);
  const words = new Set<string>();
  for (const [index, option] of options.entries()) {
    const reason = reservedReason(option);
    if (reason !== null) refuse(`an option cannot be named "${option.slice(0, 40)}": ${reason}`);
    if (option === "" || option.length > 60 || /\p{Cc}/u.test(option))
      refuse("an option has 1 to 60 characters on one line");
    for (const word of wordsFor(options, index)) {
      if (words.has(word)) refuse(`"${word}" would mean two of the options`);
      words.add(word);
    }
  }
  return options;
}
