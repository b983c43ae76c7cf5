/** Keeps what each generation used. Accounting never stops a reply: what cannot be kept is logged, and the reply goes on. */
import type { UsageHandler } from "@convex-dev/agent";
import { internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import { costMicroUsd, priceOf } from "./model_prices.ts";

/** What the actions add to the context of a generation: what it is for. */
export interface Purpose {
  turnId?: Id<"turns">;
  jobId?: Id<"jobs">;
}

export function createUsageHandler(agent: string): UsageHandler {
  return async (ctx, { threadId, usage, model, provider }) => {
    try {
      const { turnId, jobId } = ctx as unknown as Purpose;
      await ctx.runMutation(internal.spend.record, {
        agent,
        model,
        provider,
        inputTokens: usage.inputTokens ?? 0,
        outputTokens: usage.outputTokens ?? 0,
        costMicroUsd: costMicroUsd(priceOf(model), usage),
        threadId: threadId ?? null,
        turnId: turnId ?? null,
        jobId: jobId ?? null,
      });
    } catch (thrown) {
      console.warn(`what ${agent} used could not be kept: ${String(thrown)}`);
    }
  };
}
