import { v } from "convex/values";
import { gatewayQuery } from "./access.ts";
import { listTasks, type TaskView } from "./model/tasks.ts";

/** The newest 50, in the order in which they were made. */
export const list = gatewayQuery({
  args: { status: v.optional(v.string()) },
  handler: async (ctx, args): Promise<TaskView[]> => (await listTasks(ctx, args)).tasks,
});
