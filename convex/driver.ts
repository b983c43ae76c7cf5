/**
 * The durable workflow that drives every run, whatever its definition says: so its step sequence never changes on a deploy.
 *
 * This file's path, the name `drive` and its argument `{runId}` are frozen: parked journals refer to them. A change needs a second
 * driver beside this one. What a run does is decided in `runs.advance`, which may change freely.
 */
import { defineWorkflow, vResultValidator } from "@convex-dev/workflow";
import { makeFunctionReference } from "convex/server";
import { v } from "convex/values";
import { components, internal } from "./_generated/api.js";
import { internalMutation } from "./_generated/server.js";
import type { Next } from "./model/driver.ts";
import * as driver from "./model/driver.ts";

export const drive = defineWorkflow(components.workflow, { args: { runId: v.id("runs") } }).handler(
  async (step, { runId }): Promise<void> => {
    for (;;) {
      const next: Next = await step.runMutation(
        internal.runs.advance,
        { runId, workflowId: step.workflowId },
        { inline: true, name: "advance", unstableArgs: true },
      );
      if (next.kind !== "wait") return;
      await step.awaitEvent({ id: next.wakeEventId, name: "wake" });
    }
  },
);

// By name: a function of this module cannot take its type from itself.
const sweepReference = makeFunctionReference<"mutation", Record<string, never>, null>("driver:sweep");

/** Called by the library when a segment ends, in the same transaction. */
export const ended = internalMutation({
  args: { workflowId: v.string(), result: vResultValidator, context: v.object({ runId: v.id("runs") }) },
  handler: async (ctx, { workflowId, result, context }): Promise<void> => {
    await driver.segmentEnded(ctx, context.runId, workflowId, result);
  },
});

/** After the backoff of a segment that ended in an error. */
export const restart = internalMutation({
  args: { runId: v.id("runs"), failures: v.number() },
  handler: async (ctx, { runId, failures }): Promise<void> => await driver.restartSegment(ctx, runId, failures),
});

/** Journals of runs that are over. What one transaction does not take the next one does, right after. */
export const sweep = internalMutation({
  args: {},
  handler: async (ctx): Promise<null> => {
    if (await driver.sweepDrivers(ctx)) await ctx.scheduler.runAfter(0, sweepReference, {});
    return null;
  },
});
