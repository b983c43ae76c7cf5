/** Budgets as the command and the agents' actions reach them; the rules are in `model/budgets.ts`. */

import { v } from "convex/values";
import type { ErrorInfo } from "../src/contract/errors.ts";
import type { Budget } from "../src/contract/work.ts";
import type { Id } from "./_generated/dataModel.js";
import { internalQuery } from "./_generated/server.js";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import { defaultModelId } from "./agents/model_id.ts";
import { isFree } from "./agents/model_prices.ts";
import { listBudgets, refusalFor, setBudget } from "./model/budgets.ts";
import { saidInTurn } from "./model/conversations.ts";
import { resolveActor } from "./model/people.ts";
import { projectsNamedIn } from "./model/projects.ts";
import { projectOfRun, projectOfTask, projectOfTurn } from "./model/spend.ts";
import { vActor } from "./model/validators.ts";

/** `project` null: the factory as a whole. `limitUsd` null: without a limit from now on. `warnAt` null: as before, else 0.8. */
export const set = gatewayMutation({
  args: {
    actor: vActor,
    project: v.union(v.string(), v.null()),
    limitUsd: v.union(v.number(), v.null()),
    warnAt: v.union(v.number(), v.null()),
  },
  handler: async (ctx, { actor, ...given }): Promise<Budget> =>
    await setBudget(ctx, await resolveActor(ctx, actor), given),
});

/** `now`: the caller's clock, because a query has none of its own; the month is that of it, in UTC. */
export const show = gatewayQuery({
  args: { actor: vActor, now: v.number() },
  handler: async (ctx, { actor, now }): Promise<Budget[]> => {
    await resolveActor(ctx, actor);
    return await listBudgets(ctx, now);
  },
});

/**
 * Whether a model may be called for this turn or job; null: it may. Asked before each generation. A turn is paid by the project of the
 * task it works on, and by those that its message names; a job by the project of its run. A model that costs nothing is never refused.
 */
export const refusal = internalQuery({
  args: { turnId: v.optional(v.id("turns")), jobId: v.optional(v.id("jobs")), now: v.number() },
  handler: async (ctx, { turnId, jobId, now }): Promise<ErrorInfo | null> => {
    if ((await ctx.db.query("budgets").first()) === null) return null;
    if (isFree(defaultModelId())) return null;
    const projects = new Set<Id<"projects">>();
    if (turnId !== undefined) {
      const turn = await ctx.db.get("turns", turnId);
      const conversation = turn === null ? null : await ctx.db.get("conversations", turn.conversationId);
      const worked = await projectOfTurn(ctx, turnId);
      if (worked !== null) projects.add(worked);
      const said =
        turn === null || conversation === null
          ? ""
          : await saidInTurn(ctx, conversation.threadId, turn.promptMessageId);
      for (const project of await projectsNamedIn(ctx, said)) projects.add(project._id);
      for (const task of new Set(said.match(/\bT\d{1,9}\b/gi))) {
        const named = await projectOfTask(ctx, task.toUpperCase());
        if (named !== null) projects.add(named);
      }
    }
    if (jobId !== undefined) {
      const job = await ctx.db.get("jobs", jobId);
      const project = job === null ? null : await projectOfRun(ctx, await ctx.db.get("runs", job.runId));
      if (project !== null) projects.add(project);
    }
    return await refusalFor(ctx, projects, now);
  },
});
