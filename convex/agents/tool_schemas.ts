/** What each tool takes. One place for the model's view of a tool and for the check before its effect. */
import { z } from "zod";
import { TASK_STATUSES } from "../model/task_machine.ts";
import { PRIORITIES } from "../model/tasks.ts";

const task = z.string().describe("The task's name, for example T7");
const project = z.string().optional().describe("Name of a project; leave out for all work of the factory");

const channel = z
  .string()
  .describe("A channel where the team talks: #name on the platform you are on, or slack:#name, or discord:CHANNEL");

/** Tools that only look. They run while the model speaks. */
export const READ_TOOLS = {
  listFactoryTasks: z.object({
    status: z.enum(TASK_STATUSES).optional().describe("Only tasks in this status"),
    assignee: z
      .string()
      .optional()
      .describe("Only tasks of this person or agent; `me` is the person you are talking with"),
    project,
  }),
  getProjectStatus: z.object({ project }),
  listWorkflows: z.object({}),
  runStatus: z.object({
    run: z
      .string()
      .optional()
      .describe("Id of a run, or a workflow's name for its newest run; leave out for the latest runs"),
  }),
  pendingQuestions: z.object({}),
  listFactoryTeam: z.object({}),
  getTokenSpendSummary: z.object({
    by: z.enum(["agent", "model", "run", "task"]).optional().describe("How to break it down; default agent"),
    of: z
      .string()
      .optional()
      .describe("Only one of them: an agent's or model's name, a run's id or workflow, a task like T7"),
  }),
};

/** Tools that change something. Generation stops at such a call; the effect and its result are one transaction. */
export const EFFECT_TOOLS = {
  createTask: z.object({
    title: z.string().describe("Short and specific; what will be different when the task is done"),
    description: z.string().optional().describe("Details, acceptance criteria, links"),
    project: z.string().optional().describe("Name of the project it belongs to; made if it does not exist"),
    priority: z.enum(PRIORITIES).optional().describe("urgent: blocks others now; high: soon; default medium"),
    assignee: z.string().optional().describe("Name of a person, or the agent factoryWorker; leave out for the backlog"),
  }),
  assignTask: z.object({
    task,
    assignee: z.string().describe("Name of a person, `me`, or the agent factoryWorker"),
  }),
  transitionTask: z.object({
    task,
    status: z
      .enum(TASK_STATUSES)
      .describe("Where it goes: BACKLOG, ASSIGNED, IN_PROGRESS, IN_REVIEW, COMPLETE, or BLOCKED"),
    reason: z.string().optional().describe("Why, for the record; expected with BLOCKED"),
  }),
  startWorkflow: z.object({
    workflow: z.string().describe("Name of a workflow as listWorkflows gives it"),
    inputs: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('The workflow\'s inputs by name, for example {"version": "1.2", "environment": "production"}'),
    title: z.string().optional().describe("A title for this run"),
  }),
  sendChannelMessage: z.object({
    channel,
    text: z.string().min(1).max(3000).describe("What to say there, complete: nobody there has read this conversation"),
  }),
  createSession: z.object({
    channel,
    topic: z.string().min(1).max(200).describe("What it is about, in a few words"),
    text: z.string().max(3000).optional().describe("What to begin with: background, the question, who is needed"),
  }),
  requestHumanInput: z.object({
    ask: z.string().min(1).max(120).describe("Who is to answer: a person's name, a role, or `me`"),
    question: z.string().min(1).max(2000).describe("Complete: whoever answers has not read this conversation"),
    options: z
      .array(z.string())
      .max(10)
      .optional()
      .describe("The answers to choose from; leave out for yes or no; an empty list asks for words"),
    details: z.string().max(8000).optional().describe("What it is about, in full, for whoever decides"),
  }),
};

export type ReadToolName = keyof typeof READ_TOOLS;
export type EffectToolName = keyof typeof EFFECT_TOOLS;
export type ToolName = ReadToolName | EffectToolName;

export const isReadTool = (name: string): name is ReadToolName => Object.hasOwn(READ_TOOLS, name);
export const isEffectTool = (name: string): name is EffectToolName => Object.hasOwn(EFFECT_TOOLS, name);
