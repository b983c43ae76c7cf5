/** The gateway's side of the outbox: what is ready, claims under a lease, results. The rules are in `model/delivery_leases.ts`. */
import { v } from "convex/values";
import { zErrorInfo } from "../src/contract/errors.ts";
import type { Id } from "./_generated/dataModel.js";
import { internalMutation } from "./_generated/server.js";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import * as leases from "./model/delivery_leases.ts";
import * as reports from "./model/delivery_reports.ts";
import { vFailure } from "./tables/deliveries.ts";

const vFilters = v.array(
  v.object({ channel: v.string(), place: v.optional(v.string()), complete: v.optional(v.boolean()) }),
);
const MAX_READY = 100;

export interface Ready {
  deliveryId: Id<"deliveries">;
  place: string;
  version: number;
  /** A question that its reader has not got yet: others may come along with it. */
  isQuestion: boolean;
}

/** For a subscription: changes whenever there is something new to claim. Oldest first, at most 100. */
export const ready = gatewayQuery({
  args: { filters: vFilters },
  handler: async (ctx, { filters }): Promise<Ready[]> =>
    (await leases.readyRows(ctx, filters, MAX_READY)).map((row) => ({
      deliveryId: row._id,
      place: row.place,
      version: row.version,
      isQuestion: row.approvalId !== null && row.receipt === null,
    })),
});

export interface Claimed {
  deliveryId: Id<"deliveries">;
  key: string;
  channel: string;
  place: string;
  /** OutMessage as JSON text. */
  message: string;
  version: number;
  /** null: send; else: edit this. */
  receipt: string | null;
  final: boolean;
  leaseId: string;
  /** How often it was claimed before. */
  tries: number;
  createdAt: number;
  deadline: number | null;
  /** With `tries` above 0: receipts of other deliveries to this place, newest first. */
  taken: string[];
}

/** Oldest first; of one place in the order in which they are to be sent. */
export const claim = gatewayMutation({
  args: { gatewayId: v.string(), filters: vFilters, limit: v.number() },
  handler: async (ctx, args): Promise<Claimed[]> => {
    const limit = Math.max(0, Math.min(MAX_READY, args.limit));
    const rows = await leases.claim(ctx, { ...args, limit });
    const claimed = rows.map(async (row) => ({
      deliveryId: row._id,
      key: row.key,
      channel: row.channel,
      place: row.place,
      message: row.message,
      version: row.version,
      receipt: row.receipt,
      final: row.final,
      leaseId: row.leaseId ?? "",
      tries: row.claims - 1,
      createdAt: Math.floor(row._creationTime),
      deadline: row.deadline,
      taken: row.claims > 1 ? await leases.receiptsAt(ctx, row.place) : [],
    }));
    return await Promise.all(claimed);
  },
});

/** `held` false: the lease had run out; the receipt was kept, and an edit may follow. */
export const confirm = gatewayMutation({
  args: { deliveryId: v.id("deliveries"), leaseId: v.string(), version: v.number(), receipt: v.string() },
  handler: async (ctx, args): Promise<{ held: boolean }> => ({ held: await leases.confirm(ctx, args) }),
});

export const fail = gatewayMutation({
  args: {
    deliveryId: v.id("deliveries"),
    leaseId: v.string(),
    version: v.optional(v.number()),
    error: v.any(),
    retryAfterMs: v.union(v.number(), v.null()),
  },
  handler: async (ctx, args): Promise<{ status: leases.AfterTry }> => ({
    status: await leases.failTry(ctx, { ...args, error: zErrorInfo.parse(args.error) }),
  }),
});

/** What a platform says later about a message it took. `known` false: no delivery has this receipt. */
export const report = gatewayMutation({
  args: {
    channel: v.string(),
    receipt: v.string(),
    deliveryId: v.union(v.string(), v.null()),
    state: v.union(v.literal("accepted"), v.literal("delivered"), v.literal("failed")),
    error: v.any(),
  },
  handler: async (ctx, args): Promise<{ known: boolean }> => ({
    known: await reports.report(ctx, { ...args, error: args.error === null ? null : zErrorInfo.parse(args.error) }),
  }),
});

/** Every few seconds: says that the gateway lives, how its channels are, and extends the leases it holds. */
export const heartbeat = gatewayMutation({
  args: {
    gatewayId: v.string(),
    channels: v.record(v.string(), v.string()),
    failures: v.optional(v.array(vFailure)),
  },
  handler: async (ctx, { gatewayId, channels, failures = [] }): Promise<null> => {
    const row = await ctx.db
      .query("gateways")
      .withIndex("by_gatewayId", (q) => q.eq("gatewayId", gatewayId))
      .unique();
    const now = { gatewayId, channels, failures, seenAt: Date.now() };
    if (row === null) await ctx.db.insert("gateways", now);
    else await ctx.db.patch("gateways", row._id, now);
    await leases.extendLeases(ctx, gatewayId);
    return null;
  },
});

/** At a gateway's start under the name it had before: what it held is free at once instead of when the leases run out. */
export const release = gatewayMutation({
  args: { gatewayId: v.string() },
  handler: async (ctx, { gatewayId }): Promise<{ released: number }> => ({
    released: await leases.releaseOf(ctx, gatewayId),
  }),
});

export const releaseExpired = internalMutation({
  args: { deliveryIds: v.array(v.id("deliveries")) },
  handler: async (ctx, { deliveryIds }): Promise<void> => await leases.releaseExpired(ctx, deliveryIds),
});

export const retry = internalMutation({
  args: { deliveryId: v.id("deliveries") },
  handler: async (ctx, { deliveryId }): Promise<void> => await leases.retryNow(ctx, deliveryId),
});

export const expire = internalMutation({
  args: { deliveryId: v.id("deliveries") },
  handler: async (ctx, { deliveryId }): Promise<void> => await leases.expire(ctx, deliveryId),
});
