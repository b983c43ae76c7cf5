/** What steps may call besides an agent: the task tools, on behalf of who started the run. Registered in `model/functions.ts`. */
import type { z } from "zod";
import type { Json } from "../src/flow/definition.ts";
import { internalMutation, type MutationCtx } from "./_generated/server.js";
import { taskTools } from "./agents/tools/tasks.ts";
import { fail } from "./model/errors.ts";
import { type FunctionCall, vFunctionCall } from "./model/functions.ts";
import { parseJson, toJsonText } from "./model/json.ts";
import type { Acting } from "./model/people.ts";
import * as tasks from "./model/tasks.ts";

const step = <Schema extends z.ZodType>(
  schema: Schema,
  perform: (ctx: MutationCtx, acting: Acting, args: z.infer<Schema>) => Promise<unknown>,
) =>
  internalMutation({
    args: { call: vFunctionCall },
    handler: async (ctx, { call }): Promise<string> => {
      const args = checked(schema, parseJson(call.args, "config"));
      return toJsonText(await perform(ctx, await starterOf(ctx, call), args), "output");
    },
  });

export const createTask = step(taskTools.createTask.input, async (ctx, acting, args) => ({
  task: await tasks.createTask(ctx, acting, {
    title: args.title,
    ...(args.description === undefined ? {} : { description: args.description }),
    ...(args.project === undefined ? {} : { project: args.project }),
    ...(args.priority === undefined ? {} : { priority: args.priority }),
    ...(args.assignee === undefined ? {} : { assignee: named(acting, args.assignee) }),
  }),
}));

export const assignTask = step(taskTools.assignTask.input, async (ctx, acting, { task, assignee }) => ({
  task: await tasks.assignTask(ctx, acting, { task, assignee: named(acting, assignee) }),
}));

export const transitionTask = step(taskTools.transitionTask.input, async (ctx, acting, { task, status, reason }) => ({
  task: await tasks.transitionTask(ctx, acting, { task, status, ...(reason === undefined ? {} : { reason }) }),
}));

export const listFactoryTasks = step(
  taskTools.listFactoryTasks.input,
  async (ctx, acting, { status, assignee, project }) =>
    await tasks.listTasks(ctx, {
      ...(status === undefined ? {} : { status }),
      ...(assignee === undefined ? {} : { assignee: named(acting, assignee) }),
      ...(project === undefined ? {} : { project }),
    }),
);

export const getProjectStatus = step(taskTools.getProjectStatus.input, async (ctx, _acting, { project }) =>
  tasks.projectStatus(ctx, project),
);

/** `me` in an argument is who started the run. */
const named = (acting: Acting, name: string): string => (/^me$/i.test(name.trim()) ? acting.person.name : name);

function checked<Schema extends z.ZodType>(schema: Schema, args: Json): z.infer<Schema> {
  const parsed = schema.safeParse(args ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = ["config", ...(issue?.path ?? [])].join(".");
  fail("invalid_input", `${field}: ${issue?.message ?? "does not fit"}`, { field });
}

async function starterOf(ctx: MutationCtx, call: FunctionCall): Promise<Acting> {
  const person = await ctx.db.get("people", call.personId);
  const run = await ctx.db.get("runs", call.runId);
  if (person === null || run === null) fail("not_found", "who started the run is gone");
  return {
    person,
    handle: null,
    channel: "system",
    operator: null,
    countsAs: run.requester,
    shown: run.startedByShown,
  };
}
