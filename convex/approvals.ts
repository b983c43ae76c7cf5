import { v } from "convex/values";
import type { AnswerResult, WireApproval } from "../src/contract/approval.ts";
import { internal } from "./_generated/api.js";
import { internalMutation } from "./_generated/server.js";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import * as approvals from "./model/approvals.ts";
import type { HandedOn, Resent } from "./model/hand_on.ts";
import * as handOn from "./model/hand_on.ts";
import { parseJson } from "./model/json.ts";
import { fire } from "./model/ladder.ts";
import { demandPerson, resolveActor } from "./model/people.ts";
import { settleExpiry } from "./model/settle.ts";
import { vActor } from "./model/validators.ts";

const MAX_LISTED = 100;
const vNullable = v.union(v.string(), v.null());

/** Newest first, at most 100, fewer of very large ones: what is open for the actor; with `all` every question, also those that are over. */
export const list = gatewayQuery({
  args: { actor: vActor, all: v.optional(v.boolean()) },
  handler: async (ctx, { actor, all }): Promise<WireApproval[]> => {
    const { person } = await resolveActor(ctx, actor);
    const ids =
      all === true
        ? await approvals.newestApprovals(ctx, MAX_LISTED)
        : (await approvals.openFor(ctx, person._id, MAX_LISTED)).map((open) => open.approvalId);
    return await approvals.viewApprovals(ctx, ids, person._id);
  },
});

/** By the actor's code or the id; null: there is none. */
export const get = gatewayQuery({
  args: { actor: vActor, ref: v.string() },
  handler: async (ctx, { actor, ref }): Promise<WireApproval | null> => {
    const { person } = await resolveActor(ctx, actor);
    const approval = await approvals.findApproval(ctx, person._id, ref);
    return approval === null ? null : await approvals.viewApproval(ctx, approval, person._id);
  },
});

export const answer = gatewayMutation({
  args: {
    actor: vActor,
    ref: v.string(),
    option: v.string(),
    reason: v.optional(vNullable),
    fields: v.optional(vNullable),
    requestKey: v.optional(vNullable),
    shownHash: v.optional(vNullable),
  },
  handler: async (ctx, args): Promise<AnswerResult> => {
    const acting = await resolveActor(ctx, args.actor);
    return await approvals.answer(ctx, {
      acting,
      ref: args.ref,
      option: args.option,
      reason: args.reason ?? null,
      fields: args.fields == null ? null : parseJson(args.fields, "fields"),
      requestKey: args.requestKey ?? null,
      shownHash: args.shownHash ?? null,
    });
  },
});

/** Hands the actor's part on (an admin's: that of the only one asked). `done` false: policy refused it. */
export const reassign = gatewayMutation({
  args: { actor: vActor, ref: v.string(), to: v.string() },
  handler: async (ctx, { actor, ref, to }): Promise<HandedOn> => {
    const acting = await resolveActor(ctx, actor);
    const approval = await approvals.demandApproval(ctx, acting.person._id, ref);
    return await handOn.reassign(ctx, acting, approval, await demandPerson(ctx, to, "to"));
  },
});

/** A copy more: for the actor who is asked, or for everybody who is when the actor asked or is an admin. */
export const resend = gatewayMutation({
  args: { actor: vActor, ref: v.string(), requestKey: v.string() },
  handler: async (ctx, { actor, ref, requestKey }): Promise<Resent> => {
    const acting = await resolveActor(ctx, actor);
    const approval = await approvals.demandApproval(ctx, acting.person._id, ref);
    return await handOn.resend(ctx, acting, approval, requestKey);
  },
});

/** A reminder, a rung of the ladder, or the end of quiet hours. */
export const due = internalMutation({
  args: { timerId: v.id("approvalTimers") },
  handler: async (ctx, { timerId }): Promise<null> => {
    await fire(ctx, timerId);
    return null;
  },
});

/** A person's roles are others now; see `hand_on.ts`. */
export const reconsider = internalMutation({
  args: { personId: v.id("people") },
  handler: async (ctx, { personId }): Promise<null> => {
    await handOn.reconsider(ctx, personId);
    return null;
  },
});

export const expire = internalMutation({
  args: { approvalId: v.id("approvals") },
  handler: async (ctx, { approvalId }): Promise<null> => {
    await settleExpiry(ctx, approvalId);
    const left = await ctx.db.get("approvals", approvalId);
    if (left?.status === "pending" && left.expiresAt !== null) {
      // The clock was set back meanwhile: without another look the question would never expire.
      const expiryId = await ctx.scheduler.runAt(left.expiresAt, internal.approvals.expire, { approvalId });
      await ctx.db.patch("approvals", approvalId, { expiryId });
    }
    return null;
  },
});
