/** The factory's tasks. */
import { z } from "zod";
import { countRuns } from "../../model/run_lookup.ts";
import { taskDetail, workload } from "../../model/task_details.ts";
import { TASK_STATUSES } from "../../model/task_machine.ts";
import * as tasks from "../../model/tasks.ts";
import { effect, look, named } from "./define.ts";

const task = z.string().describe("The task's name, for example T7");
const project = z.string().optional().describe("Name of a project; leave out for all work of the factory");

export const taskTools = {
  listFactoryTasks: look({
    description: "List the factory's tasks with status, priority and assignee.",
    input: z.object({
      status: z.enum(TASK_STATUSES).optional().describe("Only tasks in this status"),
      assignee: z
        .string()
        .optional()
        .describe("Only tasks of this person or agent; `me` is the person you are talking with"),
      project,
    }),
    run: async (ctx, { acting }, input) =>
      await tasks.listTasks(
        ctx,
        input.assignee === undefined ? input : { ...input, assignee: named(acting, input.assignee) },
      ),
  }),
  listTasks: look({
    description: "List development tasks, and how much everybody has to do. Look here before you recommend somebody.",
    input: z.object({
      status: z.enum(TASK_STATUSES).optional().describe("Only tasks in this status"),
      assignee: z
        .string()
        .optional()
        .describe("Only tasks of this person or agent; `me` is the person you are talking with"),
      project,
    }),
    run: async (ctx, { acting }, { assignee, ...rest }) => ({
      ...(await tasks.listTasks(ctx, {
        ...rest,
        ...(assignee === undefined ? {} : { assignee: named(acting, assignee) }),
      })),
      workload: await workload(ctx),
    }),
  }),
  getTask: look({
    description:
      "Tell everything about one task: description, tags, issues, where it may move, its history, what it cost.",
    input: z.object({ task }),
    run: async (ctx, _serving, input) => await taskDetail(ctx, input.task),
  }),
  getProjectStatus: look({
    description: "Count tasks by status, for the factory or for one project.",
    input: z.object({ project }),
    run: async (ctx, _serving, input) => ({
      ...(await tasks.projectStatus(ctx, input.project)),
      runs: { running: await countRuns(ctx, "running"), waiting: await countRuns(ctx, "waiting") },
    }),
  }),
  createTask: effect({
    description: "Create a task in the factory. Returns it with its name.",
    input: z.object({
      title: z.string().describe("Short and specific; what will be different when the task is done"),
      description: z.string().optional().describe("Details, acceptance criteria, links"),
      project: z.string().optional().describe("Name of the project it belongs to; made if it does not exist"),
      priority: z.enum(tasks.PRIORITIES).optional().describe("urgent: blocks others now; high: soon; default medium"),
      assignee: z
        .string()
        .optional()
        .describe("Name of a person, or the agent factoryWorker; leave out for the backlog"),
      tags: z.array(z.string()).max(10).optional().describe("Areas it belongs to, one word each"),
      issues: z.array(z.string()).max(10).optional().describe("GitHub issues it comes from, as owner/name#12"),
    }),
    run: async (ctx, { acting, agent }, { assignee, ...rest }) => ({
      task: await tasks.createTask(ctx, acting, {
        ...rest,
        // Who asked for it is in the record; who thought of it is the agent whose task this is.
        ...(agent === "taskManager" ? { createdBy: "agent:taskManager" } : {}),
        ...(assignee === undefined ? {} : { assignee: named(acting, assignee) }),
      }),
    }),
  }),
  assignTask: effect({
    description: "Give a task to a person or an agent.",
    input: z.object({
      task,
      assignee: z.string().describe("Name of a person, `me`, or the agent factoryWorker"),
    }),
    run: async (ctx, { acting }, input) => ({
      task: await tasks.assignTask(ctx, acting, { task: input.task, assignee: named(acting, input.assignee) }),
    }),
  }),
  transitionTask: effect({
    description: "Move a task to another status. An illegal move is refused with the legal ones.",
    input: z.object({
      task,
      status: z
        .enum(TASK_STATUSES)
        .describe("Where it goes: BACKLOG, ASSIGNED, IN_PROGRESS, IN_REVIEW, COMPLETE, or BLOCKED"),
      reason: z.string().optional().describe("Why, for the record; expected with BLOCKED"),
    }),
    run: async (ctx, { acting }, input) => ({ task: await tasks.transitionTask(ctx, acting, input) }),
  }),
};
