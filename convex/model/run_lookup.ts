/** Runs as people name them: by id, or by their workflow for its newest run. */
import type { Doc, Id } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { takeWithin } from "./bounded.ts";
import { sizeOfRun } from "./run_view.ts";

/** How far back names and persons are looked for. */
const MAX_SCANNED = 200;

/** null: no run fits. */
export async function findRun(ctx: QueryCtx, reference: string): Promise<Doc<"runs"> | null> {
  const id = ctx.db.normalizeId("runs", reference.trim());
  const row = id === null ? null : await ctx.db.get("runs", id);
  if (row !== null) return row;
  const name = reference.trim().toLowerCase();
  const recent = await newest(ctx, MAX_SCANNED);
  return recent.find((run) => run.workflow.toLowerCase() === name || run.title.toLowerCase() === name) ?? null;
}

/** Newest first. `startedBy` null: anybody's. */
export async function recentRuns(ctx: QueryCtx, startedBy: Id<"people"> | null, limit: number): Promise<Doc<"runs">[]> {
  if (startedBy === null) return await newest(ctx, limit);
  const recent = await newest(ctx, MAX_SCANNED);
  return recent.filter((run) => run.startedBy === startedBy).slice(0, limit);
}

async function newest(ctx: QueryCtx, limit: number): Promise<Doc<"runs">[]> {
  return await takeWithin(ctx.db.query("runs").order("desc"), limit, sizeOfRun);
}

/** Counting reads rows: more than this is said as this. */
const COUNT_LIMIT = 500;

export async function countRuns(ctx: QueryCtx, status: "running" | "waiting"): Promise<number> {
  const rows = await ctx.db
    .query("runs")
    .withIndex("by_status", (q) => q.eq("status", status))
    .take(COUNT_LIMIT);
  return rows.length;
}
