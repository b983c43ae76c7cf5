/** What the processes with adapters last said of their channels. */
import type { Doc } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";

const GONE_MS = 45_000;

/** Those that are heard of; one that was killed says no more. */
export async function livingGateways(ctx: QueryCtx, now: number): Promise<Doc<"gateways">[]> {
  return (await ctx.db.query("gateways").take(100)).filter(({ seenAt }) => now - seenAt < GONE_MS);
}

/** Channel → state. */
export async function channelStates(ctx: QueryCtx, now: number): Promise<Map<string, string>> {
  return new Map((await livingGateways(ctx, now)).flatMap(({ channels }) => Object.entries(channels)));
}
