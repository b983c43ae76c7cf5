/**
 * The Factory Manager's tools as the model sees them. A tool that only looks runs at once, through one internal mutation that also
 * records the look; a tool with an effect has no `execute` (see `turns.effect`). Results are JSON text; a refusal is a result too.
 */
import { createTool, type ToolCtx } from "@convex-dev/agent";
import type { Tool } from "ai";
import { z } from "zod";
import { internal } from "../_generated/api.js";
import type { DataModel, Id } from "../_generated/dataModel.js";
import { EFFECT_TOOLS, type EffectToolName, READ_TOOLS, type ReadToolName, type ToolName } from "./tool_schemas.ts";

/** What the answering action adds to the tools' context: the turn, and by it the person served. */
export type TurnCtx = ToolCtx<DataModel> & { turnId: Id<"turns"> };

function looking(name: ReadToolName, description: string): Tool {
  return createTool({
    description,
    inputSchema: READ_TOOLS[name] as z.ZodType<Record<string, unknown>>,
    execute: async (ctx: TurnCtx, input): Promise<string> =>
      await ctx.runMutation(internal.agents.looks.look, {
        turnId: ctx.turnId,
        toolName: name,
        input: JSON.stringify(input),
      }),
  });
}

function changing(name: EffectToolName, description: string): Tool {
  return createTool({
    description,
    inputSchema: EFFECT_TOOLS[name] as z.ZodType<Record<string, unknown>>,
    outputSchema: z.string().describe("JSON"),
  });
}

/** Typed loosely on purpose: the union of all tools' types is more than the compiler can hold. */
export const factoryTools: Record<ToolName, Tool> = {
  listFactoryTasks: looking("listFactoryTasks", "List the factory's tasks with status, priority and assignee."),
  getProjectStatus: looking("getProjectStatus", "Count tasks by status, for the factory or for one project."),
  listWorkflows: looking("listWorkflows", "List the workflows that can be started, with the inputs each one takes."),
  runStatus: looking("runStatus", "Tell how runs of workflows stand: steps, what they wait for, results, errors."),
  pendingQuestions: looking(
    "pendingQuestions",
    "List the questions that wait for an answer of the person you talk with.",
  ),
  listFactoryTeam: looking("listFactoryTeam", "List who is on the team: people with their roles, and the agents."),
  getTokenSpendSummary: looking(
    "getTokenSpendSummary",
    "Tell what the language models used and cost, by agent, model, run or task.",
  ),
  createTask: changing("createTask", "Create a task in the factory. Returns it with its name."),
  assignTask: changing("assignTask", "Give a task to a person or an agent."),
  transitionTask: changing(
    "transitionTask",
    "Move a task to another status. An illegal move is refused with the legal ones.",
  ),
  startWorkflow: changing(
    "startWorkflow",
    "Start a run of a workflow. It asks its questions by itself where they belong.",
  ),
  sendChannelMessage: changing("sendChannelMessage", "Say something in a channel of the team, for the person served."),
  createSession: changing(
    "createSession",
    "Open a topic in a channel: a thread of its own, where whoever replies talks with you about that topic.",
  ),
  requestHumanInput: changing(
    "requestHumanInput",
    "Ask a person to decide or to tell something. The conversation goes on with the answer, which may take days.",
  ),
};
