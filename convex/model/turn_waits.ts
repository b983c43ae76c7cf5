/** What a turn's calls wait for: people who are asked, work that is done elsewhere, agents that were asked. Only reads. */
import type { Doc, Id } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { agentTitle, toolTitle } from "../agents/titles.ts";
import { capital } from "./words.ts";

export interface Wait {
  toolCallId: string;
  /** False: it is being done, and may be over in a moment; true: it waits for people. */
  forPeople: boolean;
  /** What the reply says of it. */
  pointer: string;
}

/** More than the calls of any one step. */
const MAX_CALLS = 100;

export async function questionsOfTurn(ctx: QueryCtx, turnId: Id<"turns">): Promise<Doc<"agentQuestions">[]> {
  return await ctx.db
    .query("agentQuestions")
    .withIndex("by_turnId", (q) => q.eq("turnId", turnId))
    .take(MAX_CALLS);
}

export async function gatesOfTurn(ctx: QueryCtx, turnId: Id<"turns">): Promise<Doc<"gatedCalls">[]> {
  return await ctx.db
    .query("gatedCalls")
    .withIndex("by_turnId_and_toolCallId", (q) => q.eq("turnId", turnId))
    .take(MAX_CALLS);
}

export async function outsideOfTurn(ctx: QueryCtx, turnId: Id<"turns">): Promise<Doc<"outsideCalls">[]> {
  return await ctx.db
    .query("outsideCalls")
    .withIndex("by_turnId_and_toolCallId", (q) => q.eq("turnId", turnId))
    .take(MAX_CALLS);
}

export async function childrenOf(ctx: QueryCtx, turnId: Id<"turns">): Promise<Doc<"turns">[]> {
  return await ctx.db
    .query("turns")
    .withIndex("by_parentTurnId_and_parentCallId", (q) => q.eq("parentTurnId", turnId))
    .take(MAX_CALLS);
}

/** Whether the call has become something that brings its result later: begun once, it is not begun again. */
export async function isBegun(ctx: QueryCtx, turnId: Id<"turns">, toolCallId: string): Promise<boolean> {
  const of = (row: { toolCallId: string }): boolean => row.toolCallId === toolCallId;
  return (
    (await questionsOfTurn(ctx, turnId)).some(of) ||
    (await gatesOfTurn(ctx, turnId)).some(of) ||
    (await outsideOfTurn(ctx, turnId)).some(of) ||
    (await childrenOf(ctx, turnId)).some(({ parentCallId }) => parentCallId === toolCallId)
  );
}

/** In the order in which they began. A call that was let pass is told by what it has become. */
export async function openWaitsOf(ctx: QueryCtx, turn: Doc<"turns">): Promise<Wait[]> {
  const questions = (await questionsOfTurn(ctx, turn._id)).filter(({ status }) => status === "open");
  const gates = (await gatesOfTurn(ctx, turn._id)).filter(({ status }) => status === "asked" || status === "approved");
  const outside = (await outsideOfTurn(ctx, turn._id)).filter(({ endedAt }) => endedAt === null);
  const asked = (row: Doc<"agentQuestions"> | Doc<"gatedCalls">): Wait => ({
    toolCallId: row.toolCallId,
    forPeople: row.status !== "approved",
    pointer: row.status === "approved" ? workPointer(row) : pointerTo(row),
  });
  return [
    ...[...questions, ...gates].sort((a, b) => a._creationTime - b._creationTime).map(asked),
    ...outside.map((row) => ({ toolCallId: row.toolCallId, forPeople: false, pointer: workPointer(row) })),
    ...(await waitsForAgents(ctx, turn)),
  ];
}

/** An agent that was asked works in a turn of its own, or in several when it had to wait itself. */
async function waitsForAgents(ctx: QueryCtx, turn: Doc<"turns">): Promise<Wait[]> {
  const waits = new Map<string, Wait>();
  for (const child of await childrenOf(ctx, turn._id)) {
    const toolCallId = child.parentCallId ?? "";
    if (await hasResult(ctx, turn._id, toolCallId)) continue;
    const agent = (await ctx.db.get("conversations", child.conversationId))?.agent ?? "an agent";
    const own = child.status === "running" || child.status === "queued" ? [] : await openWaitsOf(ctx, child);
    // What a later turn of the same call waits for is what counts.
    waits.set(toolCallId, {
      toolCallId,
      forPeople: own.length > 0 && own.every(({ forPeople }) => forPeople),
      pointer:
        own.length > 0
          ? own.map(({ pointer }) => pointer).join("\n")
          : `${capital(agentTitle(agent))} is at work. ${LATER}`,
    });
  }
  return [...waits.values()];
}

async function hasResult(ctx: QueryCtx, turnId: Id<"turns">, toolCallId: string): Promise<boolean> {
  const row = await ctx.db
    .query("toolEffects")
    .withIndex("by_turnId_and_toolCallId", (q) => q.eq("turnId", turnId).eq("toolCallId", toolCallId))
    .unique();
  return row !== null;
}

const LATER = "I go on here as soon as it is done.";

const workPointer = ({ toolName }: { toolName?: string }): string =>
  `${capital(toolTitle(toolName ?? "this"))} is under way. ${LATER}`;

const pointerTo = ({ asked, question }: { asked: string; question: string }): string =>
  `I have asked ${asked}: "${question}" I go on here as soon as it is answered.`;
