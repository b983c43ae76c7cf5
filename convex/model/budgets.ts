/**
 * Budgets: what language models may cost in a calendar month (UTC), for the factory as a whole and for each project. What was spent
 * stands in one row a month; at a share of the limit people are warned, at the limit work that costs is refused before a model is
 * called. Answers, approvals and commands call no model, so they go on. Only a person raises a budget: no tool does.
 */

import { type ErrorInfo, errorInfo } from "../../src/contract/errors.ts";
import type { Budget } from "../../src/contract/work.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { doneBy, record } from "./audit.ts";
import { fail } from "./errors.ts";
import type { Acting } from "./people.ts";
import { demandProject } from "./projects.ts";
import { demand, may } from "./rights.ts";
import { tellOperators } from "./tell_operators.ts";

const MICRO = 1_000_000;
export const DEFAULT_WARN_AT = 0.8;
const MAX_LIMIT_USD = 1_000_000;

export const monthOf = (at: number): string => new Date(at).toISOString().slice(0, 7);

type Scope = Id<"projects"> | null;

/** Null: without a limit. What was spent is counted anyway. */
export async function setBudget(
  ctx: MutationCtx,
  acting: Acting,
  given: { project: string | null; limitUsd: number | null; warnAt: number | null },
): Promise<Budget> {
  demand(acting, "budgets.manage");
  const { limitUsd, warnAt } = given;
  if (limitUsd !== null && !(limitUsd > 0 && limitUsd <= MAX_LIMIT_USD)) {
    fail("invalid_input", `${limitUsd} is not a budget`, {
      field: "limitUsd",
      remedy: `US dollars a month, more than 0 and at most ${MAX_LIMIT_USD}; to have none: factory budget remove`,
    });
  }
  if (warnAt !== null && !(warnAt > 0 && warnAt <= 1)) {
    fail("invalid_input", "the share to warn at is more than 0 and at most 1", {
      field: "warnAt",
      remedy: "for example 0.8",
    });
  }
  const project = given.project === null ? null : await demandProject(ctx, given.project);
  const scope = project?._id ?? null;
  const before = await budgetOf(ctx, scope);
  const row = {
    projectId: scope,
    limitMicroUsd: Math.round((limitUsd ?? 0) * MICRO),
    warnAt: warnAt ?? before?.warnAt ?? DEFAULT_WARN_AT,
    setBy: acting.shown,
    setAt: Date.now(),
  };
  if (limitUsd === null) {
    if (before !== null) await ctx.db.delete("budgets", before._id);
  } else if (before === null) await ctx.db.insert("budgets", row);
  else await ctx.db.patch("budgets", before._id, row);
  await record(ctx, {
    subject: scope === null ? "budget:factory" : `budget:${scope}`,
    kind: limitUsd === null ? "budget.removed" : "budget.set",
    ...doneBy(acting),
    detail: {
      project: project?.name ?? null,
      limitUsd,
      warnAt: row.warnAt,
      before: before === null ? null : before.limitMicroUsd / MICRO,
    },
  });
  await judge(ctx, scope, Date.now());
  return await viewBudget(ctx, scope, Date.now());
}

/** The factory's, then those of the projects that have a budget or spent something in the month of `now`. */
export async function listBudgets(ctx: QueryCtx, now: number): Promise<Budget[]> {
  const scopes = new Set<Scope>([null]);
  for (const { projectId } of await ctx.db.query("budgets").take(500)) scopes.add(projectId);
  const month = monthOf(now);
  for (const project of await ctx.db.query("projects").take(200)) {
    if ((await spentIn(ctx, project._id, month)) !== null) scopes.add(project._id);
  }
  return await Promise.all([...scopes].map(async (scope) => await viewBudget(ctx, scope, now)));
}

export const budgetOfProject = async (ctx: QueryCtx, project: Id<"projects">, now: number): Promise<Budget> =>
  await viewBudget(ctx, project, now);

/** Those over their share, for who is to know of them. */
export async function pressing(ctx: QueryCtx, now: number): Promise<Budget[]> {
  const rows = await ctx.db.query("budgets").take(500);
  const all = await Promise.all(rows.map(async ({ projectId }) => await viewBudget(ctx, projectId, now)));
  return all.filter(({ state }) => state === "warned" || state === "stopped");
}

/** Counts what a generation cost, in the factory's month and in the project's; warns and stops where that is due. */
export async function countSpend(
  ctx: MutationCtx,
  scope: Scope,
  spent: { costMicroUsd: number | null; at: number },
): Promise<void> {
  const month = monthOf(spent.at);
  const row = await spentIn(ctx, scope, month);
  const sum = {
    costMicroUsd: (row?.costMicroUsd ?? 0) + (spent.costMicroUsd ?? 0),
    calls: (row?.calls ?? 0) + 1,
    unpricedCalls: (row?.unpricedCalls ?? 0) + (spent.costMicroUsd === null ? 1 : 0),
  };
  if (row === null) {
    await ctx.db.insert("monthlySpend", { projectId: scope, month, ...sum, warnedFor: null, stoppedFor: null });
  } else await ctx.db.patch("monthlySpend", row._id, sum);
  await judge(ctx, scope, spent.at);
}

/** Why work may not go on that these projects would pay for; null: it may. The factory's own budget counts for all of it. */
export async function refusalFor(
  ctx: QueryCtx,
  projects: Iterable<Id<"projects">>,
  now: number,
): Promise<ErrorInfo | null> {
  for (const scope of [null, ...projects]) {
    const view = await viewBudget(ctx, scope, now);
    if (view.state !== "stopped") continue;
    const whose = nameOf(view.project);
    return errorInfo(
      "limit_reached",
      `${whose} has used its budget for ${view.month}: ${dollars(view.spentUsd)} of ${dollars(view.limitUsd ?? 0)}${unpriced(view)}`,
      {
        remedy: `${await whoMayRaise(ctx)} can raise it: factory budget set USD${view.project === null ? "" : ` --project "${view.project}"`}. Answers, approvals and commands go on meanwhile.`,
        field: "budget",
        retryable: false,
      },
    );
  }
  return null;
}

/** Says it once for each month and limit. */
async function judge(ctx: MutationCtx, scope: Scope, at: number): Promise<void> {
  const row = await spentIn(ctx, scope, monthOf(at));
  const budget = await budgetOf(ctx, scope);
  if (row === null || budget === null) return;
  const { limitMicroUsd: limit } = budget;
  const view = await viewBudget(ctx, scope, at);
  const key = `budget:${scope ?? "factory"}:${view.month}:${limit}`;
  const spent = `${dollars(view.spentUsd)} of ${dollars(view.limitUsd ?? 0)} for ${view.month}${unpriced(view)}`;
  if (view.state === "stopped" && row.stoppedFor !== limit) {
    await ctx.db.patch("monthlySpend", row._id, { stoppedFor: limit, warnedFor: limit });
    const what = scope === null ? "No agent works" : "No agent works for it";
    await note(ctx, scope, "budget.reached", view);
    await tellOperators(
      ctx,
      `${key}:stop`,
      `${nameOf(view.project)} has used its budget: ${spent}. ${what} until somebody raises it (factory budget set) or the month ends.`,
    );
  } else if (view.state === "warned" && row.warnedFor !== limit) {
    await ctx.db.patch("monthlySpend", row._id, { warnedFor: limit });
    await note(ctx, scope, "budget.warned", view);
    await tellOperators(
      ctx,
      `${key}:warn`,
      `${nameOf(view.project)} has used ${percent(view)} of its budget: ${spent}.`,
    );
  }
}

async function note(ctx: MutationCtx, scope: Scope, kind: string, view: Budget): Promise<void> {
  const { project, month, limitUsd, spentUsd } = view;
  await record(ctx, {
    subject: scope === null ? "budget:factory" : `budget:${scope}`,
    kind,
    ...{ person: null, handle: null, channel: null },
    detail: { project, month, limitUsd, spentUsd },
  });
}

async function viewBudget(ctx: QueryCtx, scope: Scope, now: number): Promise<Budget> {
  const month = monthOf(now);
  const budget = await budgetOf(ctx, scope);
  const row = await spentIn(ctx, scope, month);
  const spent = row?.costMicroUsd ?? 0;
  const project = scope === null ? null : await ctx.db.get("projects", scope);
  return {
    project: project?.name ?? null,
    month,
    limitUsd: budget === null ? null : budget.limitMicroUsd / MICRO,
    spentUsd: spent / MICRO,
    warnAt: budget?.warnAt ?? null,
    state: budget === null ? "none" : stateOf(spent, budget),
    calls: row?.calls ?? 0,
    unpricedCalls: row?.unpricedCalls ?? 0,
  };
}

function stateOf(spent: number, { limitMicroUsd, warnAt }: Doc<"budgets">): "fine" | "warned" | "stopped" {
  if (spent >= limitMicroUsd) return "stopped";
  return spent >= limitMicroUsd * warnAt ? "warned" : "fine";
}

async function budgetOf(ctx: QueryCtx, scope: Scope): Promise<Doc<"budgets"> | null> {
  return await ctx.db
    .query("budgets")
    .withIndex("by_projectId", (q) => q.eq("projectId", scope))
    .unique();
}

async function spentIn(ctx: QueryCtx, scope: Scope, month: string): Promise<Doc<"monthlySpend"> | null> {
  return await ctx.db
    .query("monthlySpend")
    .withIndex("by_projectId_and_month", (q) => q.eq("projectId", scope).eq("month", month))
    .unique();
}

const MAX_NAMED = 3;

async function whoMayRaise(ctx: QueryCtx): Promise<string> {
  const everybody = await ctx.db.query("people").take(200);
  const names = everybody.filter((person) => may(person, "budgets.manage")).map(({ name }) => name);
  return names.slice(0, MAX_NAMED).join(" or ") || "the owner";
}

const nameOf = (project: string | null): string => (project === null ? "The factory" : `The project ${project}`);
const dollars = (usd: number): string => `$${usd.toFixed(2)}`;
const percent = ({ spentUsd, limitUsd }: Budget): string => `${Math.floor((100 * spentUsd) / (limitUsd ?? 1))} %`;
const unpriced = ({ unpricedCalls }: Budget): string =>
  unpricedCalls === 0
    ? ""
    : ` (and ${unpricedCalls} ${unpricedCalls === 1 ? "call" : "calls"} of models whose price is not known)`;
