/** A turn's steps as the answering action calls them; the rules are in `model/turns.ts`. */
import { v } from "convex/values";
import { errorInfo, toErrorInfo, zErrorInfo } from "../src/contract/errors.ts";
import { internal } from "./_generated/api.js";
import type { Id } from "./_generated/dataModel.js";
import { internalMutation, internalQuery } from "./_generated/server.js";
import type { Performed } from "./agents/effects.ts";
import { repeatResult, resultOf, saveResult } from "./model/call_results.ts";
import { agentOf, type Progress, progressOf } from "./model/conversations.ts";
import { noteBlocked } from "./model/gate.ts";
import { recordCall } from "./model/tool_calls.ts";
import { isBegun, openWaitsOf } from "./model/turn_waits.ts";
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

export interface TurnProgress extends Progress {
  /** All that its open calls wait for is being done by others, and may be over in a moment. */
  underWay: boolean;
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
  handler: async (ctx, { turnId }): Promise<TurnProgress> => {
    const turn = (await ctx.db.get("turns", turnId))!;
    const conversation = (await ctx.db.get("conversations", turn.conversationId))!;
    const progress = await progressOf(ctx, conversation, turn.promptMessageId, turn.afterCallId);
    const waits = progress.openCalls.length === 0 ? [] : await openWaitsOf(ctx, turn);
    return { ...progress, underWay: waits.length > 0 && waits.every(({ forPeople }) => !forPeople) };
  },
});

/**
 * Does what a saved tool call asks for and saves its result, in one transaction, once for each call: called again after a crash it
 * changes nothing. `seen`: what was looked up for it (agents/look_up.ts). What refuses becomes the result, so that the model can say why; what people or others have to bring has none until then.
 * False: the lease is lost.
 */
export const effect = internalMutation({
  args: { ...held, toolCallId: v.string(), toolName: v.string(), input: v.string(), seen: v.optional(v.string()) },
  handler: async (ctx, { turnId, leaseId, toolCallId, toolName, input, seen }): Promise<boolean> => {
    const turn = await turns.heldTurn(ctx, turnId, leaseId);
    if (turn === null) return false;
    const done = (await resultOf(ctx, turnId, toolCallId)) !== null;
    // Of a turn that goes on, the call may have been done before the wait.
    if ((done || turn.afterCallId !== undefined) && (await repeatResult(ctx, turn, toolCallId))) return true;
    if (done || (await isBegun(ctx, turnId, toolCallId))) return true;
    let did: Performed;
    let error: string | null = null;
    try {
      // A mutation of its own: what it wrote before it refused is rolled back, and the refusal is kept.
      const call = { turnId, toolCallId, toolName, input, ...(seen === undefined ? {} : { seen }) };
      did = await ctx.runMutation(internal.agents.effects.perform, call);
    } catch (thrown) {
      const { code, message, remedy } = toErrorInfo(thrown);
      error = code;
      await noteBlocked(ctx, turn, toolName, { message });
      did = { kind: "result", result: JSON.stringify({ error: { code, message, remedy } }) };
    }
    // Recorded when it is done; that people are asked is recorded by the gate.
    if (did.kind !== "asked") await recordCall(ctx, turn, { toolName, toolCallId, input, error });
    if (did.kind === "result") await saveResult(ctx, turn, { toolCallId, toolName, result: did.result });
    return true;
  },
});

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
