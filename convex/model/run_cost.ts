/** What a run's steps cost, from the events of the language models. */
import type { Doc } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { demandRun, jobRows, type RunRef } from "./run_analysis.ts";

/** A run that used more is summed up as far as this; the total is kept by `spend.ts` beside it. */
const MAX_EVENTS = 1000;
const OTHER_STEPS = "other steps";

interface Cost {
  step: string;
  models: string[];
  calls: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: number;
  /** Calls of models without a known price: the true cost is higher. */
  unpricedCalls: number;
}

export async function costBreakdown(
  ctx: QueryCtx,
  ref: RunRef,
): Promise<{
  runId: string;
  workflow: string;
  total: Omit<Cost, "step" | "models">;
  steps: Cost[];
  complete: boolean;
}> {
  const run = await demandRun(ctx, ref);
  const events = await ctx.db
    .query("tokenEvents")
    .withIndex("by_runId", (q) => q.eq("runId", run._id))
    .take(MAX_EVENTS + 1);
  const nodes = new Map((await jobRows(ctx, run._id)).map((job): [string, string] => [job._id, job.nodeId]));
  const kept = await ctx.db
    .query("tokenTotals")
    .withIndex("by_kind_and_name", (q) => q.eq("kind", "run").eq("name", run._id))
    .unique();
  return {
    runId: run._id,
    workflow: run.workflow,
    total: {
      calls: kept?.calls ?? 0,
      inputTokens: kept?.inputTokens ?? 0,
      outputTokens: kept?.outputTokens ?? 0,
      costUsd: (kept?.costMicroUsd ?? 0) / 1_000_000,
      unpricedCalls: kept?.unpricedCalls ?? 0,
    },
    steps: byStep(events.slice(0, MAX_EVENTS), nodes),
    complete: events.length <= MAX_EVENTS,
  };
}

/** The dearest first. A long run's earliest jobs are not read again: what they cost stands under OTHER_STEPS. */
function byStep(events: Doc<"tokenEvents">[], nodes: ReadonlyMap<string, string>): Cost[] {
  const costs = new Map<string, Cost>();
  for (const event of events) {
    const step = (event.jobId === null ? null : nodes.get(event.jobId)) ?? OTHER_STEPS;
    const cost = costs.get(step) ?? {
      ...{ step, models: [], calls: 0, inputTokens: 0, outputTokens: 0, costUsd: 0, unpricedCalls: 0 },
    };
    if (!cost.models.includes(event.model)) cost.models.push(event.model);
    cost.calls += 1;
    cost.inputTokens += event.inputTokens;
    cost.outputTokens += event.outputTokens;
    cost.costUsd += (event.costMicroUsd ?? 0) / 1_000_000;
    if (event.costMicroUsd === null) cost.unpricedCalls += 1;
    costs.set(step, cost);
  }
  return [...costs.values()].sort((a, b) => b.costUsd - a.costUsd || b.calls - a.calls);
}
