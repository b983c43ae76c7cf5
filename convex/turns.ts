/** A turn's steps as the answering action calls them; the rules are in `model/turns.ts`. */
import { v } from "convex/values";
import { errorInfo, toErrorInfo, zErrorInfo } from "../src/contract/errors.ts";
import { internal } from "./_generated/api.js";
import type { Id } from "./_generated/dataModel.js";
import { internalMutation, internalQuery } from "./_generated/server.js";
import { questionOfCall } from "./model/agent_questions.ts";
import { agentOf, type Progress, progressOf, saveToolResult } from "./model/conversations.ts";
import { attributeTurn } from "./model/spend.ts";
import { recordCall } from "./model/tool_calls.ts";
import * as turns from "./model/turns.ts";

const held = { turnId: v.id("turns"), leaseId: v.string() };

export interface TurnLease {
  leaseId: string;
  /** Whose conversation it is (agents/crew.ts). */
  agent: string;
  threadId: string;
  userId: string;
  private: boolean;
  promptMessageId: string;
  personId: Id<"people">;
}

/** null: nothing to do. Of two actions that take up the same turn one gets null. */
export const begin = internalMutation({
  args: { turnId: v.id("turns") },
  handler: async (ctx, { turnId }): Promise<TurnLease | null> => {
    const turn = await turns.takeTurn(ctx, turnId);
    if (turn === null) return null;
    const conversation = (await ctx.db.get("conversations", turn.conversationId))!;
    return {
      leaseId: turn.leaseId ?? "",
      agent: agentOf(conversation),
      threadId: conversation.threadId,
      userId: conversation.userId,
      private: turn.private,
      promptMessageId: turn.promptMessageId,
      personId: turn.personId,
    };
  },
});

/** False: the lease is lost, stop. */
export const beat = internalMutation({
  args: { ...held, text: v.union(v.string(), v.null()) },
  handler: async (ctx, { turnId, leaseId, text }): Promise<boolean> => {
    const turn = await turns.heldTurn(ctx, turnId, leaseId);
    if (turn === null) return false;
    await turns.showProgress(ctx, turn, text);
    return true;
  },
});

export const progress = internalQuery({
  args: { turnId: v.id("turns") },
  handler: async (ctx, { turnId }): Promise<Progress> => {
    const turn = (await ctx.db.get("turns", turnId))!;
    const conversation = (await ctx.db.get("conversations", turn.conversationId))!;
    return await progressOf(ctx, conversation, turn.promptMessageId, turn.afterCallId);
  },
});

/**
 * Does what a saved tool call asks for and saves its result, in one transaction, once for each call: called again after a crash it
 * changes nothing. What refuses becomes the result, so that the model can say why; a question for a person has none until it is answered.
 * False: the lease is lost.
 */
export const effect = internalMutation({
  args: { ...held, toolCallId: v.string(), toolName: v.string(), input: v.string() },
  handler: async (ctx, { turnId, leaseId, toolCallId, toolName, input }): Promise<boolean> => {
    const turn = await turns.heldTurn(ctx, turnId, leaseId);
    if (turn === null) return false;
    const done = await ctx.db
      .query("toolEffects")
      .withIndex("by_turnId_and_toolCallId", (q) => q.eq("turnId", turnId).eq("toolCallId", toolCallId))
      .unique();
    if (done !== null || (await questionOfCall(ctx, turnId, toolCallId)) !== null) return true;
    let result: string | null;
    let error: string | null = null;
    try {
      // A mutation of its own: what it wrote before it refused is rolled back, and the refusal is kept.
      result = await ctx.runMutation(internal.agents.effects.perform, { turnId, toolCallId, toolName, input });
    } catch (thrown) {
      const { code, message, remedy } = toErrorInfo(thrown);
      error = code;
      result = JSON.stringify({ error: { code, message, remedy } });
    }
    await recordCall(ctx, turn, { toolName, toolCallId, input, error });
    // Its result comes later, for example from a person who is asked.
    if (result === null) return true;
    await ctx.db.insert("toolEffects", { toolCallId, turnId, toolName, result });
    const task = error === null ? taskIn(result) : null;
    if (task !== null) await attributeTurn(ctx, turnId, task);
    const conversation = (await ctx.db.get("conversations", turn.conversationId))!;
    await saveToolResult(ctx, conversation, turn.promptMessageId, { toolCallId, toolName, result });
    return true;
  },
});

/** The factory's task that a tool's result is about; null: none. */
function taskIn(result: string): string | null {
  const { task } = JSON.parse(result) as { task?: { task?: unknown } | null };
  return typeof task?.task === "string" ? task.task : null;
}

export const end = internalMutation({
  args: held,
  handler: async (ctx, { turnId, leaseId }): Promise<void> => {
    const turn = await turns.heldTurn(ctx, turnId, leaseId);
    if (turn !== null) await turns.endTurn(ctx, turn);
  },
});

/** `error` is an ErrorInfo. */
export const fail = internalMutation({
  args: { ...held, error: v.any() },
  handler: async (ctx, { turnId, leaseId, error }): Promise<void> => {
    const turn = await turns.heldTurn(ctx, turnId, leaseId);
    if (turn === null) return;
    const parsed = zErrorInfo.safeParse(error);
    await turns.failTurn(ctx, turn, parsed.success ? parsed.data : errorInfo("internal", "something went wrong here"));
  },
});

export const watch = internalMutation({
  args: { turnId: v.id("turns") },
  handler: async (ctx, { turnId }): Promise<void> => await turns.watchTurn(ctx, turnId),
});
