/**
 * How gateways take deliveries: claimed -> confirmed | failed | waiting (after a failed try) | ready (lease ran out).
 * Several gateways may run; a row is held by one at a time. What a gateway learned from the platform is never thrown away,
 * even when its lease has run out meanwhile: a message that was posted must not be posted again.
 */
import { type ErrorInfo, errorInfo } from "../../src/contract/errors.ts";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { type Room, room, takeWithin } from "./bounded.ts";
import { undelivered } from "./fallback.ts";

export interface Filter {
  channel: string;
  /** Only this place; absent: every place of the channel. */
  place?: string;
  /** Leaves out what still grows: for a platform where a message cannot grow. */
  complete?: boolean;
}

/** Longer than a platform's slowest answer; heartbeats extend it. */
export const LEASE_MS = 20_000;
/** Backoff 1 s, 2 s, 4 s, … at most 5 min: this many tries last over an hour, longer than most outages of a platform. */
export const MAX_ATTEMPTS = 20;
const MAX_BACKOFF_MS = 5 * 60_000;
/** Rows looked at per filter; more are claimed by the next call. Bounds what one transaction reads. */
const SCAN = 200;

const sizeOf = (row: Doc<"deliveries">): number => row.message.length;

/** Of one place more would not be claimed at once. Without this a place that is stuck would hide all others of its channel. */
const PER_PLACE = 10;
/** Rows looked at for a whole channel. */
const SCAN_CHANNEL = 1000;

/**
 * Ready rows in the order of their creation, at most `limit`, fewer of very large ones; of a channel's places a few each. Reads only
 * rows that are ready.
 */
export async function readyRows(ctx: QueryCtx, filters: Filter[], limit: number): Promise<Doc<"deliveries">[]> {
  const found = new Map<Id<"deliveries">, Doc<"deliveries">>();
  for (const filter of filters) {
    const { place } = filter;
    const left = room(filters.length);
    const rows =
      place === undefined
        ? fewOfEach(
            ctx.db
              .query("deliveries")
              .withIndex("by_channel_and_status", (q) => q.eq("channel", filter.channel).eq("status", "ready")),
            left,
          )
        : ctx.db
            .query("deliveries")
            .withIndex("by_place_and_status", (q) => q.eq("place", place).eq("status", "ready"));
    for (const row of await takeWithin(rows, limit, sizeOf, left)) {
      if (row.channel === filter.channel && (row.final || filter.complete !== true)) found.set(row._id, row);
    }
  }
  return [...found.values()].sort((a, b) => a._creationTime - b._creationTime).slice(0, limit);
}

async function* fewOfEach(rows: AsyncIterable<Doc<"deliveries">>, left: Room): AsyncGenerator<Doc<"deliveries">> {
  const seen = new Map<string, number>();
  let looked = 0;
  for await (const row of rows) {
    const count = (seen.get(row.place) ?? 0) + 1;
    seen.set(row.place, count);
    if (count <= PER_PLACE) yield row;
    else left.characters -= sizeOf(row);
    if (++looked >= SCAN_CHANNEL || left.characters <= 0) return;
  }
}

/** Claims up to `limit` rows for a gateway, never a row before an older unsent one of the same place that others hold. */
export async function claim(
  ctx: MutationCtx,
  args: { gatewayId: string; filters: Filter[]; limit: number },
): Promise<Doc<"deliveries">[]> {
  const now = Date.now();
  const leaseUntil = now + LEASE_MS;
  const blockedBefore = new Map<string, number>();
  const claimed: Doc<"deliveries">[] = [];
  for (const row of await readyRows(ctx, args.filters, SCAN)) {
    if (claimed.length >= args.limit) break;
    if (!blockedBefore.has(row.place)) blockedBefore.set(row.place, await oldestUnsent(ctx, row.place));
    if (row._creationTime > (blockedBefore.get(row.place) ?? Number.POSITIVE_INFINITY)) continue;
    const lease = {
      status: "claimed" as const,
      gatewayId: args.gatewayId,
      leaseId: `${args.gatewayId}#${row.claims + 1}`,
      leaseUntil,
      claims: row.claims + 1,
    };
    await ctx.db.patch("deliveries", row._id, lease);
    claimed.push({ ...row, ...lease });
  }
  if (claimed.length > 0) {
    await ctx.scheduler.runAt(leaseUntil, internal.outbox.releaseExpired, {
      deliveryIds: claimed.map((row) => row._id),
    });
  }
  return claimed;
}

/** Creation time of the oldest row of a place that is held or waiting and was never sent; infinity when there is none. */
async function oldestUnsent(ctx: QueryCtx, place: string): Promise<number> {
  let oldest = Number.POSITIVE_INFINITY;
  for (const status of ["claimed", "waiting"] as const) {
    const rows = ctx.db
      .query("deliveries")
      .withIndex("by_place_and_status", (q) => q.eq("place", place).eq("status", status));
    const unsent = (await takeWithin(rows, SCAN, sizeOf)).find((row) => row.receipt === null);
    if (unsent !== undefined) oldest = Math.min(oldest, unsent._creationTime);
  }
  return oldest;
}

const FREE = { gatewayId: null, leaseId: null, leaseUntil: null } as const;

/** The platform has this version. False: the lease was lost meanwhile; the receipt is kept all the same. */
export async function confirm(
  ctx: MutationCtx,
  args: { deliveryId: Id<"deliveries">; leaseId: string; version: number; receipt: string },
): Promise<boolean> {
  const row = await ctx.db.get("deliveries", args.deliveryId);
  if (row === null) return false;
  const confirmedVersion = Math.max(row.confirmedVersion, Math.min(args.version, row.version));
  const receipt = row.receipt ?? args.receipt;
  const held = row.status === "claimed" && row.leaseId === args.leaseId;
  // What the platform gave up later stays failed, even when that word came before this one.
  if ((row.status === "claimed" && !held) || row.reported === "failed") {
    await ctx.db.patch("deliveries", row._id, { confirmedVersion, receipt });
    return false;
  }
  await ctx.db.patch("deliveries", row._id, {
    ...FREE,
    confirmedVersion,
    receipt,
    status: confirmedVersion === row.version ? "confirmed" : "ready",
    attempts: 0,
    nextAttemptAt: null,
    error: null,
  });
  return held;
}

export type AfterTry = "ready" | "waiting" | "failed" | "lease_lost";

/**
 * A try failed. Retried with backoff unless the error says that a retry cannot help or the tries are used up. `version`: what was
 * tried; when it has been revised meanwhile, the refusal was of something else.
 */
export async function failTry(
  ctx: MutationCtx,
  args: {
    deliveryId: Id<"deliveries">;
    leaseId: string;
    version?: number | undefined;
    error: ErrorInfo;
    retryAfterMs: number | null;
  },
): Promise<AfterTry> {
  const row = await ctx.db.get("deliveries", args.deliveryId);
  if (row === null || row.status !== "claimed" || row.leaseId !== args.leaseId) return "lease_lost";
  const attempts = row.attempts + 1;
  const error = JSON.stringify(args.error);
  if (!args.error.retryable && (args.version ?? row.version) < row.version && attempts < MAX_ATTEMPTS) {
    await ctx.db.patch("deliveries", row._id, { ...FREE, status: "ready", attempts, error });
    return "ready";
  }
  if (!args.error.retryable || attempts >= MAX_ATTEMPTS) {
    await ctx.db.patch("deliveries", row._id, { ...FREE, status: "failed", attempts, nextAttemptAt: null, error });
    await undelivered(ctx, row, args.error);
    return "failed";
  }
  const backoffMs = Math.min(MAX_BACKOFF_MS, 1000 * 2 ** (attempts - 1));
  const nextAttemptAt = Date.now() + Math.max(backoffMs, args.retryAfterMs ?? 0);
  await ctx.db.patch("deliveries", row._id, { ...FREE, status: "waiting", attempts, nextAttemptAt, error });
  await ctx.scheduler.runAt(nextAttemptAt, internal.outbox.retry, { deliveryId: row._id });
  return "waiting";
}

/** After a wait: ready again, if it still waits for this moment. */
export async function retryNow(ctx: MutationCtx, deliveryId: Id<"deliveries">): Promise<void> {
  const row = await ctx.db.get("deliveries", deliveryId);
  if (row === null || row.status !== "waiting") return;
  if (row.nextAttemptAt !== null && row.nextAttemptAt > Date.now()) {
    // For an earlier wait, or the clock was set back: without another look it would wait for ever.
    await ctx.scheduler.runAt(row.nextAttemptAt, internal.outbox.retry, { deliveryId });
    return;
  }
  await ctx.db.patch("deliveries", deliveryId, { status: "ready", nextAttemptAt: null });
}

/** Frees rows whose lease has run out; looks again later at those whose lease was extended. */
export async function releaseExpired(ctx: MutationCtx, deliveryIds: Id<"deliveries">[]): Promise<void> {
  const now = Date.now();
  const held: Doc<"deliveries">[] = [];
  for (const deliveryId of deliveryIds) {
    const row = await ctx.db.get("deliveries", deliveryId);
    if (row === null || row.status !== "claimed") continue;
    if ((row.leaseUntil ?? 0) <= now) await ctx.db.patch("deliveries", row._id, { ...FREE, status: "ready" });
    else held.push(row);
  }
  if (held.length > 0) {
    const next = Math.min(...held.map((row) => row.leaseUntil ?? now));
    await ctx.scheduler.runAt(next, internal.outbox.releaseExpired, { deliveryIds: held.map((row) => row._id) });
  }
}

/** What this gateway holds, freed at once: for its own start after a crash, so that nobody waits for the leases. */
export async function releaseOf(ctx: MutationCtx, gatewayId: string): Promise<number> {
  const rows = await heldBy(ctx, gatewayId);
  for (const row of rows) await ctx.db.patch("deliveries", row._id, { ...FREE, status: "ready" });
  return rows.length;
}

export async function extendLeases(ctx: MutationCtx, gatewayId: string): Promise<void> {
  const leaseUntil = Date.now() + LEASE_MS;
  for (const row of await heldBy(ctx, gatewayId)) await ctx.db.patch("deliveries", row._id, { leaseUntil });
}

async function heldBy(ctx: MutationCtx, gatewayId: string): Promise<Doc<"deliveries">[]> {
  return await ctx.db
    .query("deliveries")
    .withIndex("by_gatewayId", (q) => q.eq("gatewayId", gatewayId))
    .take(1000);
}

/** Enough for whatever may have been said between a lost answer and the next try. */
const MAX_TAKEN = 50;

/** What the platform called other messages of this place, newest first. */
export async function receiptsAt(ctx: QueryCtx, place: string): Promise<string[]> {
  const rows = ctx.db
    .query("deliveries")
    .withIndex("by_place_and_status", (q) => q.eq("place", place).eq("status", "confirmed"))
    .order("desc");
  return (await takeWithin(rows, MAX_TAKEN, sizeOf)).flatMap((row) => row.receipt ?? []);
}

/** The deadline passed: fails what was never sent. */
export async function expire(ctx: MutationCtx, deliveryId: Id<"deliveries">): Promise<void> {
  const row = await ctx.db.get("deliveries", deliveryId);
  if (row === null || row.receipt !== null || row.status === "confirmed" || row.status === "failed") return;
  const error = errorInfo("expired", "it was not sent before its deadline");
  await ctx.db.patch("deliveries", deliveryId, { ...FREE, status: "failed", error: JSON.stringify(error) });
  await undelivered(ctx, row, error);
}
