/** The result of a tool call, saved once, whoever brings it; and how the turn goes on from it. */
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { progressOf, saveToolResult } from "./conversations.ts";
import { attributeTurn } from "./spend.ts";
import { openWaitsOf } from "./turn_waits.ts";
import { queueTurn } from "./turns.ts";

export interface CallResult {
  toolCallId: string;
  toolName: string;
  /** JSON text. */
  result: string;
}

export async function resultOf(
  ctx: QueryCtx,
  turnId: Id<"turns">,
  toolCallId: string,
): Promise<Doc<"toolEffects"> | null> {
  return await ctx.db
    .query("toolEffects")
    .withIndex("by_turnId_and_toolCallId", (q) => q.eq("turnId", turnId).eq("toolCallId", toolCallId))
    .unique();
}

/** False: the call has its result already, and keeps it. */
export async function saveResult(ctx: MutationCtx, turn: Doc<"turns">, call: CallResult): Promise<boolean> {
  if ((await resultOf(ctx, turn._id, call.toolCallId)) !== null) return false;
  await ctx.db.insert("toolEffects", { ...call, turnId: turn._id });
  const task = taskIn(call.result);
  if (task !== null) await attributeTurn(ctx, turn._id, task);
  const conversation = await ctx.db.get("conversations", turn.conversationId);
  if (conversation !== null) await saveToolResult(ctx, conversation, turn.promptMessageId, call);
  return true;
}

/**
 * A call that was said before in the same answer, with the same id, tool and input: it has the result that it had, and is not done again.
 * False: it is none of these.
 */
export async function repeatResult(ctx: MutationCtx, turn: Doc<"turns">, toolCallId: string): Promise<boolean> {
  const conversation = await ctx.db.get("conversations", turn.conversationId);
  if (conversation === null) return false;
  const { openCalls } = await progressOf(ctx, conversation, turn.promptMessageId, turn.afterCallId);
  const call = openCalls.find((one) => one.toolCallId === toolCallId);
  if (call?.earlier === undefined) return false;
  const { toolName, earlier: result } = call;
  await saveToolResult(ctx, conversation, turn.promptMessageId, { toolCallId, toolName, result });
  return true;
}

/** A result that comes while its turn may be over: then the turn goes on as one of its own. */
export async function bringResult(ctx: MutationCtx, turnId: Id<"turns">, call: CallResult): Promise<void> {
  const turn = await ctx.db.get("turns", turnId);
  if (turn === null || !(await saveResult(ctx, turn, call))) return;
  if (turn.status === "done" || turn.status === "failed") await goOn(ctx, turn, call.toolCallId);
}

/** Queues the turn that goes on from the results, unless one of its calls still waits. */
export async function goOn(ctx: MutationCtx, turn: Doc<"turns">, afterCallId: string): Promise<void> {
  if ((await ctx.db.get("conversations", turn.conversationId)) === null) return;
  if ((await openWaitsOf(ctx, turn)).length > 0) return;
  // Whoever set it to work was told that it failed.
  if (turn.status === "failed" && turn.onEnd !== undefined) return;
  // Nobody waits for it any more.
  const { parentTurnId: parent, parentCallId: call } = turn;
  if (parent !== undefined && call !== undefined && (await resultOf(ctx, parent, call)) !== null) return;
  const { conversationId, personId, handle, channel, place, promptMessageId, parentTurnId, parentCallId, onEnd } = turn;
  await queueTurn(ctx, {
    ...{ conversationId, personId, handle, channel, place, promptMessageId, afterCallId },
    private: turn.private,
    continued: (turn.continued ?? 0) + 1,
    ...(turn.hearsay === undefined ? {} : { hearsay: turn.hearsay }),
    ...(parentTurnId === undefined ? {} : { parentTurnId }),
    ...(parentCallId === undefined ? {} : { parentCallId }),
    ...(onEnd === undefined ? {} : { onEnd }),
  });
}

/** The factory's task that a result is about; null: none. */
function taskIn(result: string): string | null {
  const value = JSON.parse(result) as { task?: { task?: unknown } | null } | null;
  const task = value?.task?.task;
  return typeof task === "string" ? task : null;
}
