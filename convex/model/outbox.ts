/**
 * What is to be said where. A delivery is a row with a version: enqueued once by key, revised when its content changes, and done
 * while the platform has confirmed the newest version. This module writes the rows; `delivery_leases.ts` hands them to gateways.
 */
import type { OutMessage } from "../../src/contract/message.ts";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";

export interface NewDelivery {
  channel: string;
  place: string;
  /** Unique for ever: a second `enqueue` with the same key changes nothing and returns the first row. */
  key: string;
  message: OutMessage;
  /** Default true. False: the message will still grow. */
  final?: boolean;
  approvalId?: string;
  runId?: string;
  conversationId?: string;
  /** Default: none, but 10 minutes for `cli` and `sdk`. When passed before the first send was confirmed, the delivery fails as `expired` instead of being sent late. */
  deadline?: number;
}

/** A command's or a client's own place is gone when it ends: nobody would ever read what is still unsent after this time. */
const EPHEMERAL = new Set(["cli", "sdk"]);
const EPHEMERAL_MS = 10 * 60_000;

/** Idempotent on `key`. Deliveries of one place are sent in the order in which they were enqueued. */
export async function enqueue(ctx: MutationCtx, delivery: NewDelivery): Promise<Id<"deliveries">> {
  const existing = await byKey(ctx, delivery.key);
  if (existing !== null) return existing._id;
  const deadline = delivery.deadline ?? (EPHEMERAL.has(delivery.channel) ? Date.now() + EPHEMERAL_MS : null);
  const deliveryId = await ctx.db.insert("deliveries", {
    key: delivery.key,
    channel: delivery.channel,
    place: delivery.place,
    message: JSON.stringify(delivery.message),
    version: 1,
    confirmedVersion: 0,
    receipt: null,
    status: "ready",
    final: delivery.final ?? true,
    gatewayId: null,
    leaseId: null,
    leaseUntil: null,
    claims: 0,
    attempts: 0,
    nextAttemptAt: null,
    error: null,
    deadline,
    approvalId: delivery.approvalId ?? null,
    runId: delivery.runId ?? null,
    conversationId: delivery.conversationId ?? null,
  });
  if (deadline !== null) {
    await ctx.scheduler.runAt(deadline, internal.outbox.expire, { deliveryId });
  }
  return deliveryId;
}

/**
 * New content for a delivery. Unchanged content is no new version. A delivery that had failed is tried again with it;
 * one that waits after a failed try keeps waiting. A claimed one is sent again after its confirmation.
 */
export async function revise(
  ctx: MutationCtx,
  deliveryId: Id<"deliveries">,
  message: OutMessage,
  more: { final?: boolean } = {},
): Promise<void> {
  const row = await ctx.db.get("deliveries", deliveryId);
  if (row !== null) await reviseRow(ctx, row, message, more);
}

/** The same for a row that was read in this transaction and not changed since. */
export async function reviseRow(
  ctx: MutationCtx,
  row: Doc<"deliveries">,
  message: OutMessage,
  more: { final?: boolean } = {},
): Promise<void> {
  const text = JSON.stringify(message);
  const final = more.final ?? row.final;
  if (text === row.message && final === row.final) return;
  const retry = row.status === "failed" ? { attempts: 0 } : {};
  // What the platform took and could not bring to anybody stays undelivered: nobody waits for news of it.
  const kept = row.status === "claimed" || row.status === "waiting" || row.reported === "failed";
  const status = kept ? row.status : "ready";
  await ctx.db.patch("deliveries", row._id, { message: text, final, version: row.version + 1, status, ...retry });
}

/** New content that its reader knows already: nothing is sent. */
export async function reviseSilently(
  ctx: MutationCtx,
  deliveryId: Id<"deliveries">,
  message: OutMessage,
): Promise<void> {
  await revise(ctx, deliveryId, message);
  const row = await ctx.db.get("deliveries", deliveryId);
  if (row === null) return;
  const status = row.status === "ready" ? "confirmed" : row.status;
  await ctx.db.patch("deliveries", deliveryId, { confirmedVersion: row.version, status });
}

export async function byKey(ctx: QueryCtx, key: string): Promise<Doc<"deliveries"> | null> {
  return await ctx.db
    .query("deliveries")
    .withIndex("by_key", (q) => q.eq("key", key))
    .unique();
}

/** All copies of a question, oldest first. */
export async function deliveriesOf(ctx: QueryCtx, approvalId: string): Promise<Doc<"deliveries">[]> {
  return await ctx.db
    .query("deliveries")
    .withIndex("by_approvalId", (q) => q.eq("approvalId", approvalId))
    .collect();
}

/** How many deliveries of a place are still under way, counted up to `limit`. */
export async function underWay(ctx: QueryCtx, place: string, limit: number): Promise<number> {
  let count = 0;
  for (const status of ["ready", "claimed", "waiting"] as const) {
    const rows = await ctx.db
      .query("deliveries")
      .withIndex("by_place_and_status", (q) => q.eq("place", place).eq("status", status))
      .take(limit - count);
    count += rows.length;
    if (count >= limit) break;
  }
  return count;
}

/** A plain text reply; the commonest delivery. */
export async function sayText(
  ctx: MutationCtx,
  delivery: Omit<NewDelivery, "message"> & { text: string; onlyTo?: string | null },
): Promise<Id<"deliveries">> {
  const { text, onlyTo, ...rest } = delivery;
  return await enqueue(ctx, { ...rest, message: { kind: "text", text, onlyTo: onlyTo ?? null } });
}
