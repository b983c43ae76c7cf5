/** The inbox: the gateway hands over a platform's event and acknowledges to the platform once this has returned. */
import { v } from "convex/values";
import type { InboundEvent, StoredInbound } from "../src/contract/inbound.ts";
import { internal } from "./_generated/api.js";
import { internalMutation } from "./_generated/server.js";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import * as inbound from "./model/inbound.ts";
import { routeEvent } from "./model/routing.ts";

/** `event`: JSON text of an InboundEvent. The same event, or the same message, again changes nothing. */
export const receive = gatewayMutation({
  args: { event: v.string() },
  handler: async (ctx, { event }): Promise<StoredInbound> => await inbound.receive(ctx, inbound.parseEvent(event)),
});

/** From when on to fetch what came while nobody listened; null: nothing was ever stored. */
export const watermark = gatewayQuery({
  args: { channel: v.string(), place: v.optional(v.string()) },
  handler: async (ctx, { channel, place }): Promise<number | null> => await inbound.watermark(ctx, channel, place),
});

/** Resolves with what was made of it. A throw undoes it and is handled by the caller (`model/inbound.ts`). */
export const route = internalMutation({
  args: { inboundId: v.id("inbound") },
  handler: async (ctx, { inboundId }): Promise<string> => {
    const row = await ctx.db.get("inbound", inboundId);
    if (row === null) return "gone";
    return await routeEvent(ctx, inboundId, JSON.parse(row.event) as InboundEvent);
  },
});

export const retry = internalMutation({
  args: { inboundId: v.id("inbound") },
  handler: async (ctx, { inboundId }): Promise<void> => await inbound.tryRoute(ctx, inboundId),
});

/** Daily, in batches. */
export const sweep = internalMutation({
  args: {},
  handler: async (ctx): Promise<void> => {
    if (await inbound.sweep(ctx)) await ctx.scheduler.runAfter(0, internal.inbound.sweep, {});
  },
});
