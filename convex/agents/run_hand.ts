/**
 * Performs a hand's job: generate, stop at each call of a function, do it in a transaction of its own, go on from its result. What the
 * thread holds is the one truth, so a job that is taken up again after a crash repeats neither a call nor an answer.
 */
import type { LanguageModelV4 } from "@ai-sdk/provider";
import { Agent, type AgentComponent, createTool, stepCountIs, type UsageHandler } from "@convex-dev/agent";
import type { Tool, ToolSet } from "ai";
import { v } from "convex/values";
import { z } from "zod";
import { errorInfo } from "../../src/contract/errors.ts";
import type { Hand } from "../../src/flow/profile.ts";
import { components, internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import { type ActionCtx, internalAction } from "../_generated/server.js";
import type { ClaimedJob } from "../jobs.ts";
import { budgetRefusal } from "./budget_functions.ts";
import { type HeldJob, type JobResult, runJob } from "./job_run.ts";
import { createLanguageModel, defaultModelId } from "./llm.ts";
import { instructions } from "./run_task.ts";
import { deadline, RECENT_MESSAGES } from "./shared.ts";
import { taskTools } from "./tools/tasks.ts";
import { createUsageHandler } from "./usage.ts";

/** How a function looks to the model. Names are the function's without `tool::`. */
const FUNCTIONS: Record<string, { description: string; schema: z.ZodType }> = {
  listFactoryTasks: { description: "List the factory's tasks.", schema: taskTools.listFactoryTasks.input },
  getProjectStatus: { description: "Count tasks by status.", schema: taskTools.getProjectStatus.input },
  createTask: { description: "Create a task. Returns it with its name.", schema: taskTools.createTask.input },
  assignTask: { description: "Give a task to a person or an agent.", schema: taskTools.assignTask.input },
  transitionTask: { description: "Move a task to another status.", schema: taskTools.transitionTask.input },
  record: {
    description: "Keep a value under a key.",
    schema: z.object({ key: z.string().describe("Unique"), value: z.string().describe("What to keep") }),
  },
};

/** None has `execute`: generation stops at a call, which is saved before anything is done. */
export function handTools(functions: readonly string[]): ToolSet {
  const tools: Record<string, Tool> = {};
  for (const functionId of functions) {
    const name = functionId.replace(/^tool::/, "");
    const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (known === undefined) continue;
    tools[name] = createTool({
      description: known.description,
      inputSchema: known.schema as z.ZodType<Record<string, unknown>>,
      outputSchema: z.string().describe("JSON"),
    });
  }
  return tools;
}

const brief = (hand: Hand, job: ClaimedJob): string =>
  `${instructions(job)}
You work by yourself with the functions you are given; nobody answers you meanwhile. Change something only through a function, and
never claim a change that no result confirms. If a function refuses, do without it. You may take ${hand.maxSteps} steps.
Your task, as ${hand.title}:
${hand.instructions}`;

// See crew_agents.ts: the library's own parameter type is more than the compiler can hold.
const Constructor = Agent as unknown as new (
  component: AgentComponent,
  options: { name: string; languageModel: LanguageModelV4; tools: ToolSet; usageHandler: UsageHandler },
) => Agent<{ jobId: Id<"jobs"> }, ToolSet>;

export const run = internalAction({
  args: { jobId: v.id("jobs") },
  handler: (ctx, { jobId }): Promise<null> => runJob(ctx, jobId, (job, lost) => perform(ctx, job, lost)),
});

async function perform(ctx: ActionCtx, job: HeldJob, lost: AbortSignal): Promise<JobResult> {
  const { jobId, leaseId } = job;
  const { hand, input } = await ctx.runQuery(internal.hands.work, { jobId });
  const asked = [job.hasPrompt ? job.prompt : "", input === "{}" ? "" : `Input: ${input}`].filter(
    (part) => part !== "",
  );
  const prompt = asked.join("\n\n") || "Do your task.";
  const session = await ctx.runMutation(internal.task_sessions.open, { jobId, prompt, threadKey: job.threadKey });
  const { threadId, promptMessageId } = session;
  const agent = new Constructor(components.agent, {
    name: `hand:${hand.name}`,
    languageModel: createLanguageModel(defaultModelId()),
    usageHandler: createUsageHandler(`hand:${hand.name}`),
    tools: handTools(hand.functions),
  });
  const limit = deadline(lost, job.timeoutMs);
  try {
    // One more than the steps: the last round only reads the answer, or finds that there is none.
    for (let round = 0; round <= hand.maxSteps; round++) {
      const { complete, texts, openCalls } = await ctx.runQuery(internal.hands.progress, { threadId, promptMessageId });
      const last = texts.at(-1);
      if (complete && last !== undefined) return { output: last };
      for (const { toolCallId, toolName, input: given } of openCalls) {
        const call = { toolCallId, toolName, input: JSON.stringify(given ?? {}) };
        const did = await ctx.runMutation(internal.hands.effect, {
          jobId,
          leaseId,
          threadId,
          promptMessageId,
          ...call,
        });
        if (!did) return null;
      }
      if (round === hand.maxSteps) break;
      const refused = await ctx.runQuery(budgetRefusal, { jobId, now: Date.now() });
      if (refused !== null) return { error: refused };
      await agent.generateText(
        { ...ctx, jobId },
        { threadId },
        {
          promptMessageId,
          instructions: brief(hand, job),
          abortSignal: limit.signal,
          stopWhen: stepCountIs(1),
          // The last step has to answer.
          toolChoice: round === hand.maxSteps - 1 ? "none" : "auto",
        },
        { contextOptions: { recentMessages: RECENT_MESSAGES } },
      );
      if (lost.aborted) return null;
    }
  } finally {
    limit.clear();
  }
  return {
    error: errorInfo("limit_reached", `the hand ${hand.name} did not come to an end in ${hand.maxSteps} steps`, {
      remedy: "raise maxSteps in its file, or give it less to do",
      retryable: false,
    }),
  };
}
