/** Outside calls that a gateway's machine does: what waits, claims under a lease, results. The rules are in `model/outside_calls.ts`. */
import { v } from "convex/values";
import { zErrorInfo } from "../src/contract/errors.ts";
import type { Id } from "./_generated/dataModel.js";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import * as calls from "./model/outside_calls.ts";
import { MACHINE } from "./model/outside_performers.ts";
import { type ClaimedCall, claimCall } from "./outside.ts";

/** Rows for one answer; when these are taken the next ones are seen. */
const SCAN = 50;

/** For a subscription; oldest first. */
export const ready = gatewayQuery({
  args: {},
  handler: async (ctx): Promise<{ callId: Id<"outsideCalls">; toolName: string }[]> => {
    const rows = await ctx.db
      .query("outsideCalls")
      .withIndex("by_performer_and_status", (q) => q.eq("performer", MACHINE).eq("status", "ready"))
      .take(SCAN);
    return rows.map(({ _id: callId, toolName }) => ({ callId, toolName }));
  },
});

/** Null: somebody else has it, or it may not be done any more. `machine` is the gateway's id, for the record. */
export const claim = gatewayMutation({
  args: { callId: v.id("outsideCalls"), machine: v.string() },
  handler: async (ctx, { callId, machine }): Promise<ClaimedCall | null> => {
    const row = await ctx.db.get("outsideCalls", callId);
    return row?.performer === MACHINE ? await claimCall(ctx, callId, machine) : null;
  },
});

const held = { callId: v.id("outsideCalls"), leaseId: v.string() };

/** `held` false: the lease is lost, or the call is over; stop. */
export const heartbeat = gatewayMutation({
  args: held,
  handler: async (ctx, { callId, leaseId }): Promise<{ held: boolean }> => ({
    held: await calls.heartbeat(ctx, callId, leaseId),
  }),
});

/** `result`: JSON text. */
export const complete = gatewayMutation({
  args: { ...held, result: v.string() },
  handler: async (ctx, { callId, leaseId, result }): Promise<{ held: boolean }> => ({
    held: await calls.complete(ctx, callId, leaseId, result),
  }),
});

/** `error`: an ErrorInfo; where it says so, the call is tried again. */
export const fail = gatewayMutation({
  args: { ...held, error: v.any() },
  handler: async (ctx, { callId, leaseId, error }): Promise<{ held: boolean }> => ({
    held: await calls.failCall(ctx, callId, leaseId, { error: zErrorInfo.parse(error) }),
  }),
});
