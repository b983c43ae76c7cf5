import { v } from "convex/values";
import { internalMutation } from "./_generated/server.js";
import { sayDetails, showProgress } from "./model/progress.ts";

/** Scheduled by `noteProgress`, at most once at a time for each run. */
export const show = internalMutation({
  args: { runId: v.id("runs") },
  handler: async (ctx, { runId }): Promise<null> => {
    await showProgress(ctx, runId);
    return null;
  },
});

export const details = internalMutation({
  args: { runId: v.id("runs"), tries: v.number() },
  handler: async (ctx, { runId, tries }): Promise<null> => {
    await sayDetails(ctx, runId, tries);
    return null;
  },
});
