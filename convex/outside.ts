/** Outside calls as their performers in Convex take them; the rules are in `model/outside_calls.ts`. Machines: `outside_work.ts`. */
import { v } from "convex/values";
import { toErrorInfo, zErrorInfo } from "../src/contract/errors.ts";
import { internal } from "./_generated/api.js";
import type { Doc, Id } from "./_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "./_generated/server.js";
import { guardedCallOf } from "./agents/effects.ts";
import { hearAgain, noteBlocked } from "./model/gate.ts";
import * as calls from "./model/outside_calls.ts";

export interface ClaimedCall {
  callId: Id<"outsideCalls">;
  leaseId: string;
  toolName: string;
  agent: string;
  /** Canonical JSON text. */
  input: string;
  /** Same for every attempt: what may happen once is looked for by it first. */
  idempotencyKey: string;
  /** 1 for the first. */
  attempt: number;
  /** What is left for all attempts. */
  timeoutMs: number;
  turnId: Id<"turns">;
  personId: Id<"people">;
  person: string;
}

/** Null: somebody else has it, it is over, or it may not be done any more. */
export async function claimCall(
  ctx: MutationCtx,
  callId: Id<"outsideCalls">,
  machine: string | null,
): Promise<ClaimedCall | null> {
  const row = await ctx.db.get("outsideCalls", callId);
  if (row === null || row.status !== "ready") return null;
  try {
    if (!(await ctx.runMutation(internal.outside.hear, { callId }))) {
      await calls.withdraw(ctx, callId);
      return null;
    }
  } catch (thrown) {
    const error = toErrorInfo(thrown);
    const turn = await ctx.db.get("turns", row.turnId);
    if (turn !== null) await noteBlocked(ctx, turn, row.toolName, error);
    await calls.end(ctx, row, error);
    return null;
  }
  const call = await calls.take(ctx, callId, machine);
  return call === null ? null : await claimed(ctx, call);
}

async function claimed(ctx: MutationCtx, call: Doc<"outsideCalls">): Promise<ClaimedCall> {
  const { _id: callId, leaseId, toolName, agent, input, idempotencyKey, claims, deadline, turnId, personId } = call;
  const person = await ctx.db.get("people", personId);
  return {
    ...{ callId, toolName, agent, input, idempotencyKey, turnId, personId },
    leaseId: leaseId ?? "",
    attempt: claims,
    timeoutMs: Math.max(1, (deadline ?? 0) - Date.now()),
    person: person?.name ?? "",
  };
}

/** Whether it still may be done. False: people are asked anew. In a mutation of its own, as it may throw after it wrote. */
export const hear = internalMutation({
  args: { callId: v.id("outsideCalls") },
  handler: async (ctx, { callId }): Promise<boolean> => {
    const row = (await ctx.db.get("outsideCalls", callId))!;
    const gate = row.gateId === null ? null : await ctx.db.get("gatedCalls", row.gateId);
    return await hearAgain(ctx, await guardedCallOf(ctx, row), { callHash: row.callHash, gate });
  },
});

const held = { callId: v.id("outsideCalls"), leaseId: v.string() };

export const claim = internalMutation({
  args: { callId: v.id("outsideCalls") },
  handler: async (ctx, { callId }): Promise<ClaimedCall | null> => await claimCall(ctx, callId, null),
});

/** `held` false: the lease is lost, or the call is over; stop. */
export const beat = internalMutation({
  args: held,
  handler: async (ctx, { callId, leaseId }): Promise<{ held: boolean }> => ({
    held: await calls.heartbeat(ctx, callId, leaseId),
  }),
});

export const complete = internalMutation({
  args: { ...held, result: v.string() },
  handler: async (ctx, { callId, leaseId, result }): Promise<{ held: boolean }> => ({
    held: await calls.complete(ctx, callId, leaseId, result),
  }),
});

/** `error` is an ErrorInfo. `retryAfterMs`: what the other side asked for. */
export const fail = internalMutation({
  args: { ...held, error: v.any(), retryAfterMs: v.optional(v.number()) },
  handler: async (ctx, { callId, leaseId, error, retryAfterMs }): Promise<{ held: boolean }> => ({
    held: await calls.failCall(ctx, callId, leaseId, { error: zErrorInfo.parse(error), retryAfterMs }),
  }),
});

export const look = internalMutation({
  args: { callId: v.id("outsideCalls") },
  handler: async (ctx, { callId }): Promise<null> => {
    await calls.lookAt(ctx, callId);
    return null;
  },
});
