import { v } from "convex/values";
import type { QueryCtx } from "./_generated/server.js";
import { gatewayQuery } from "./access.ts";
import { conversationsOf, historyOf } from "./model/conversations.ts";
import { underWay } from "./model/outbox.ts";

/** Counting reads rows: more than this is said as this. */
const COUNT_LIMIT = 100;
const MAX_HISTORY = 200;

/** What was said under a thread key, oldest first; private threads of several persons under one key are put together by time. */
export const history = gatewayQuery({
  args: { threadKey: v.string(), limit: v.number() },
  handler: async (ctx, { threadKey, limit }): Promise<{ role: "user" | "assistant"; text: string; at: number }[]> => {
    const most = Math.max(1, Math.min(MAX_HISTORY, limit));
    const lines = [];
    for (const conversation of await conversationsOf(ctx, threadKey)) {
      lines.push(...(await historyOf(ctx, conversation.threadId, most)));
    }
    return lines.sort((a, b) => a.at - b.at).slice(-most);
  },
});

export interface Busy {
  openTurns: number;
  readyDeliveries: number;
  inboundPending: number;
}

/** What is still under way at a place. A pipe may end when all are 0. */
export const busy = gatewayQuery({
  args: { place: v.string() },
  handler: async (ctx, { place }): Promise<Busy> => ({
    openTurns: (await countTurns(ctx, place, "queued")) + (await countTurns(ctx, place, "running")),
    readyDeliveries: await underWay(ctx, place, COUNT_LIMIT),
    inboundPending: (
      await ctx.db
        .query("inbound")
        .withIndex("by_place_and_status", (q) => q.eq("place", place).eq("status", "pending"))
        .take(COUNT_LIMIT)
    ).length,
  }),
});

async function countTurns(ctx: QueryCtx, place: string, status: "queued" | "running"): Promise<number> {
  const rows = await ctx.db
    .query("turns")
    .withIndex("by_place_and_status", (q) => q.eq("place", place).eq("status", status))
    .take(COUNT_LIMIT);
  return rows.length;
}
