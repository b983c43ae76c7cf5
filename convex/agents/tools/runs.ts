/** What a run's records say: for run analysis, which only looks. */
import { z } from "zod";
import { RUN_STATUSES } from "../../../src/contract/run.ts";
import { runContext, stepResults } from "../../model/run_analysis.ts";
import { costBreakdown } from "../../model/run_cost.ts";
import { stepDetail } from "../../model/run_step.ts";
import { structuralTimeline } from "../../model/run_timeline.ts";
import { look } from "./define.ts";

const which = {
  run: z
    .string()
    .min(1)
    .max(200)
    .describe("Id of a run, a workflow's name for its newest run, or `last` for the newest of all"),
  status: z
    .enum(RUN_STATUSES)
    .optional()
    .describe("With a workflow's name or `last`: the newest run that stands so, for example failed"),
};

/** They need to know of nobody: a workflow's step has them too (`step_looks.ts`). */
export const RUN_LOOKS = {
  getRunContext: runContext,
  getStepResults: stepResults,
  getStructuralTimeline: structuralTimeline,
  getStepDetail: stepDetail,
  getCostBreakdown: costBreakdown,
};
export type RunLook = keyof typeof RUN_LOOKS;

export const runTools = {
  getRunContext: look({
    description:
      "Tell what a run is and how it stands: who started it, input, result, error, the steps that failed, what it waits for. Begin here.",
    input: z.object(which),
    run: async (ctx, _serving, input) => await RUN_LOOKS.getRunContext(ctx, input),
  }),
  getStepResults: look({
    description:
      "List a run's steps in order: status, attempt, times, error with its code, the beginning of each output.",
    input: z.object(which),
    run: async (ctx, _serving, input) => await RUN_LOOKS.getStepResults(ctx, input),
  }),
  getStructuralTimeline: look({
    description:
      "Tell what happened in a run in order of time: steps, failed attempts, questions and who answered them where, policy, cancellation.",
    input: z.object(which),
    run: async (ctx, _serving, input) => await RUN_LOOKS.getStructuralTimeline(ctx, input),
  }),
  getStepDetail: look({
    description:
      "Tell everything about one step of a run: what it was to do, each attempt with output and error, its question with every copy and answer.",
    input: z.object({
      ...which,
      step: z.string().min(1).max(200).describe("Name of the step, as getStepResults gives it"),
    }),
    run: async (ctx, _serving, input) => await RUN_LOOKS.getStepDetail(ctx, input),
  }),
  getCostBreakdown: look({
    description: "Tell what the language models used and cost in a run, by step.",
    input: z.object(which),
    run: async (ctx, _serving, input) => await RUN_LOOKS.getCostBreakdown(ctx, input),
  }),
};
