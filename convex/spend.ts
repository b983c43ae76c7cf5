/** What a generation used, as the agents' usage handler hands it in; the sums are in `model/spend.ts`. */
import { v } from "convex/values";
import { internalMutation } from "./_generated/server.js";
import { recordSpend } from "./model/spend.ts";

export const record = internalMutation({
  args: {
    agent: v.string(),
    model: v.string(),
    provider: v.string(),
    inputTokens: v.number(),
    outputTokens: v.number(),
    costMicroUsd: v.union(v.number(), v.null()),
    threadId: v.union(v.string(), v.null()),
    turnId: v.union(v.id("turns"), v.null()),
    jobId: v.union(v.id("jobs"), v.null()),
  },
  handler: async (ctx, used): Promise<void> => await recordSpend(ctx, used),
});
