/**
 * What a platform says of a message after it took it: the phone was off, the carrier filtered it. Reports come doubled, late and in
 * any order, and may come before the gateway could store the receipt; the first final one counts.
 */
import type { ErrorInfo } from "../../src/contract/errors.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { undelivered } from "./fallback.ts";

export interface Report {
  channel: string;
  receipt: string;
  /** Where the platform carried it; then a delivery whose answer was lost learns its receipt here. */
  deliveryId: string | null;
  state: "accepted" | "delivered" | "failed";
  error: ErrorInfo | null;
}

/** Deliveries said in one message share its receipt. */
const MAX_SHARED = 20;

/** False: no delivery has this receipt; it was forgotten, or never ours. */
export async function report(ctx: MutationCtx, told: Report): Promise<boolean> {
  const rows = await rowsOf(ctx, told);
  for (const row of rows) {
    if (told.state === "accepted" || row.reported !== undefined) continue;
    await ctx.db.patch("deliveries", row._id, { reported: told.state });
    if (told.state === "failed") await failed(ctx, row, told.error);
  }
  return rows.length > 0;
}

async function rowsOf(ctx: MutationCtx, { channel, receipt, deliveryId }: Report): Promise<Doc<"deliveries">[]> {
  const rows = await ctx.db
    .query("deliveries")
    .withIndex("by_channel_and_receipt", (q) => q.eq("channel", channel).eq("receipt", receipt))
    .take(MAX_SHARED);
  const id = deliveryId === null ? null : ctx.db.normalizeId("deliveries", deliveryId);
  const named = id === null ? null : await ctx.db.get("deliveries", id);
  if (named === null || named.channel !== channel || named.receipt !== null) return rows;
  // Its version is not confirmed by this: the next try looks for the message, finds it and confirms.
  await ctx.db.patch("deliveries", named._id, { receipt });
  return [...rows, { ...named, receipt }];
}

async function failed(ctx: MutationCtx, row: Doc<"deliveries">, error: ErrorInfo | null): Promise<void> {
  await ctx.db.patch("deliveries", row._id, {
    status: "failed",
    gatewayId: null,
    leaseId: null,
    leaseUntil: null,
    nextAttemptAt: null,
    error: JSON.stringify(error),
  });
  if (error !== null) await undelivered(ctx, row, error);
}
