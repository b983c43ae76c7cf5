/** Tasks as the command reaches them; the rules are in `model/tasks.ts`. */
import { v } from "convex/values";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import { resolveActor } from "./model/people.ts";
import * as tasks from "./model/tasks.ts";
import { vActor } from "./model/validators.ts";

/** The newest 50 that fit, in the order in which they were made. */
export const list = gatewayQuery({
  args: { status: v.optional(v.string()), assignee: v.optional(v.string()), project: v.optional(v.string()) },
  handler: async (ctx, args): Promise<tasks.TaskView[]> => (await tasks.listTasks(ctx, args)).tasks,
});

/** `T7`, with what happened to it, oldest first. Throws `not_found`. */
export const show = gatewayQuery({
  args: { actor: vActor, task: v.string() },
  handler: async (ctx, { actor, task }): Promise<tasks.TaskDetail> => {
    await resolveActor(ctx, actor);
    return await tasks.showTask(ctx, task);
  },
});

export const create = gatewayMutation({
  args: {
    actor: vActor,
    title: v.string(),
    description: v.optional(v.string()),
    project: v.optional(v.string()),
    priority: v.optional(v.string()),
    assignee: v.optional(v.string()),
  },
  handler: async (ctx, { actor, ...task }): Promise<tasks.TaskView> =>
    await tasks.createTask(ctx, await resolveActor(ctx, actor), task),
});

export const assign = gatewayMutation({
  args: { actor: vActor, task: v.string(), assignee: v.string() },
  handler: async (ctx, { actor, task, assignee }): Promise<tasks.TaskView> =>
    await tasks.assignTask(ctx, await resolveActor(ctx, actor), { task, assignee }),
});

/** Throws `conflict` with the legal moves for one that is not. */
export const move = gatewayMutation({
  args: { actor: vActor, task: v.string(), status: v.string(), reason: v.optional(v.string()) },
  handler: async (ctx, { actor, ...move }): Promise<tasks.TaskView> =>
    await tasks.transitionTask(ctx, await resolveActor(ctx, actor), move),
});
