/** One task in full, and who has how much to do: what the Task Manager looks at before it recommends. */
import type { QueryCtx } from "../_generated/server.js";
import { time } from "./run_analysis.ts";
import { ASSIGNABLE_AGENTS, COUNT_LIMIT, demandTask, showTask } from "./tasks.ts";
import { shorten } from "./words.ts";

const MAX_HISTORY = 20;
const MAX_PEOPLE = 100;
const OPEN = ["ASSIGNED", "IN_PROGRESS", "IN_REVIEW", "BLOCKED"] as const;

export async function taskDetail(ctx: QueryCtx, reference: string): Promise<Record<string, unknown>> {
  const row = await demandTask(ctx, reference);
  const { next, history, createdAt, updatedAt, ...shown } = await showTask(ctx, reference);
  const project = row.projectId === null ? null : await ctx.db.get("projects", row.projectId);
  const cost = await ctx.db
    .query("tokenTotals")
    .withIndex("by_kind_and_name", (q) => q.eq("kind", "task").eq("name", shown.task))
    .unique();
  return {
    ...shown,
    description: shown.description === null ? null : shorten(shown.description, 4000),
    tags: row.tags ?? [],
    issues: (row.issues ?? []).map((issue) =>
      issue.startsWith("#") && project?.repo ? `${project.repo}${issue}` : issue,
    ),
    createdAt: time(createdAt),
    updatedAt: time(updatedAt),
    canBecome: next,
    costUsd: cost === null ? null : cost.costMicroUsd / 1_000_000,
    // Reasons are others' words: quoted and short.
    history: history.slice(-MAX_HISTORY).map(({ at, kind, person, detail }) => {
      const { task: _task, ...rest } = detail;
      return { at: time(at), what: kind, by: person, detail: shorten(JSON.stringify(rest), 300) };
    }),
  };
}

export interface Workload {
  name: string;
  kind: "person" | "agent";
  /** Tasks that are not finished, and of these those that are worked on, reviewed or blocked now. */
  open: number;
  inProgress: number;
  inReview: number;
  blocked: number;
  /** Of the open ones those with priority high or urgent. */
  pressing: number;
}

/** Everybody a task can be given to, the least busy first. Each status is counted up to a limit. */
export async function workload(ctx: QueryCtx): Promise<Workload[]> {
  const people = (await ctx.db.query("people").take(MAX_PEOPLE)).map(({ name }) => ({ name, kind: "person" as const }));
  const agents = ASSIGNABLE_AGENTS.map((name) => ({ name, kind: "agent" as const }));
  const loads = new Map<string, Workload>(
    [...people, ...agents].map((who) => [
      who.name,
      { ...who, open: 0, inProgress: 0, inReview: 0, blocked: 0, pressing: 0 },
    ]),
  );
  const factory = await ctx.db.query("factories").first();
  for (const status of factory === null ? [] : OPEN) {
    const rows = await ctx.db
      .query("tasks")
      .withIndex("by_factoryId_and_status", (q) => q.eq("factoryId", factory!._id).eq("status", status))
      .take(COUNT_LIMIT);
    for (const { assignee, priority } of rows) {
      const load = assignee === null ? undefined : loads.get(assignee);
      if (load === undefined) continue;
      load.open += 1;
      if (status === "IN_PROGRESS") load.inProgress += 1;
      if (status === "IN_REVIEW") load.inReview += 1;
      if (status === "BLOCKED") load.blocked += 1;
      if (priority === "high" || priority === "urgent") load.pressing += 1;
    }
  }
  return [...loads.values()].sort((a, b) => a.open - b.open || a.pressing - b.pressing || a.name.localeCompare(b.name));
}
