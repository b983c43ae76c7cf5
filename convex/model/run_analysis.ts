/**
 * What a run's rows say about it, for whoever has to find out why it stands as it does: read only, bounded in size, times as people read
 * them. Outputs and errors of steps are others' words: they are quoted, shortened, and mean nothing here.
 */
import { type ErrorInfo, zErrorInfo } from "../../src/contract/errors.ts";
import type { RunStatus } from "../../src/contract/run.ts";
import { didYouMean } from "../../src/flow/suggest.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { type Room, room, takeWithin } from "./bounded.ts";
import { fail } from "./errors.ts";
import { recentRuns } from "./run_lookup.ts";
import { viewRun } from "./run_view.ts";
import { waitWord } from "./run_words.ts";
import { shorten } from "./words.ts";

/** How far back a run is looked for by its workflow. */
const MAX_SCANNED = 200;
/** Shorter beginnings of an id fit too many runs. */
const MIN_PREFIX = 6;
const MAX_STEPS = 60;
const MAX_JOBS = 200;
const JOB_STATUSES = ["done", "failed", "cancelled", "claimed", "ready"] as const;

export interface RunRef {
  /** An id, its first characters, a workflow's name or title, or `last`. */
  run: string;
  /** Of the runs that fit a name: the newest that stands so. Absent: the newest. */
  status?: RunStatus | undefined;
}

/** Throws `not_found` with what is near. */
export async function demandRun(ctx: QueryCtx, { run: reference, status }: RunRef): Promise<Doc<"runs">> {
  const wanted = reference.trim();
  const id = ctx.db.normalizeId("runs", wanted);
  const row = id === null ? null : await ctx.db.get("runs", id);
  if (row !== null) return row;
  const recent = await recentRuns(ctx, null, MAX_SCANNED);
  const name = wanted.toLowerCase();
  const any = /^(?:the )?(?:last|latest|newest)(?: (?:one|run))?$/.test(name);
  const named = recent.filter(
    ({ workflow, title }) => any || workflow.toLowerCase() === name || title.toLowerCase() === name,
  );
  const found = named.find((run) => status === undefined || run.status === status);
  if (found !== undefined) return found;
  const begun = wanted.length < MIN_PREFIX ? [] : recent.filter((run) => run._id.startsWith(wanted));
  if (begun.length === 1) return begun[0]!;
  if (named[0] !== undefined) {
    const whose = any ? "" : ` of ${named[0].workflow}`;
    const which =
      named.length === 1 ? `the only run${whose} is not` : `none of the last ${named.length} runs${whose} is`;
    fail("not_found", `${which} ${status}`, {
      field: "run",
      remedy: `the newest is ${label(named[0])}, ${named[0].status}`,
    });
  }
  fail("not_found", `there is no run "${shorten(wanted, 60)}"`, { field: "run", remedy: nearby(wanted, recent) });
}

function nearby(wanted: string, recent: Doc<"runs">[]): string {
  if (recent.length === 0) return "nothing has been run yet";
  const near = didYouMean(wanted, [...new Set(recent.flatMap(({ _id, workflow, title }) => [_id, workflow, title]))]);
  const latest = `the latest runs are ${recent.slice(0, 5).map(label).join(", ")}`;
  return near === null ? latest : `did you mean "${near}"? ${latest}`;
}

const label = ({ workflow, _id }: Doc<"runs">): string => `${workflow} (${_id})`;

// ---- how it is said ----------------------------------------------------------------------------------------------------------

/** `2026-11-20T10:00:00Z`; null: not yet. */
export const time = (at: number | null): string | null =>
  at === null ? null : `${new Date(at).toISOString().slice(0, 19)}Z`;

export const took = (from: number | null, to: number | null): string | null =>
  from === null || to === null ? null : `${((to - from) / 1000).toFixed(1)} s`;

export interface StepError {
  code: string | null;
  message: string;
  remedy: string | null;
}

/** Of a row that keeps the message and, since 0.2, the whole error beside it. */
export function errorOf(message: string | null, info: string | undefined): StepError | null {
  if (message === null) return null;
  const known = info === undefined ? null : parsedError(info);
  return { code: known?.code ?? null, message: shorten(message, 600), remedy: known?.remedy ?? null };
}

function parsedError(text: string): ErrorInfo | null {
  const parsed = zErrorInfo.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : null;
}

// ---- rows ----------------------------------------------------------------------------------------------------------------------

/** In the order in which they began; of a long run the newest. */
export async function stepRows(ctx: QueryCtx, runId: Id<"runs">): Promise<{ rows: Doc<"runNodes">[]; more: boolean }> {
  const rows = await ctx.db
    .query("runNodes")
    .withIndex("by_runId_and_seq", (q) => q.eq("runId", runId))
    .order("desc")
    .take(MAX_STEPS + 1);
  return { rows: rows.slice(0, MAX_STEPS).reverse(), more: rows.length > MAX_STEPS };
}

/** Every attempt at work outside the transaction, oldest first; the newest when there are too many. */
export async function jobRows(ctx: QueryCtx, runId: Id<"runs">, left: Room = room()): Promise<Doc<"jobs">[]> {
  const found: Doc<"jobs">[] = [];
  for (const status of JOB_STATUSES) {
    const rows = ctx.db
      .query("jobs")
      .withIndex("by_runId_and_status", (q) => q.eq("runId", runId).eq("status", status))
      .order("desc");
    found.push(...(await takeWithin(rows, MAX_JOBS, sizeOfJob, left)));
  }
  return found.sort((a, b) => a._creationTime - b._creationTime).slice(-MAX_JOBS);
}

const sizeOfJob = ({ prompt, args, output }: Doc<"jobs">): number =>
  prompt.length + (args?.length ?? 0) + (output?.length ?? 0) + 300;

// ---- answers -------------------------------------------------------------------------------------------------------------------

export async function runContext(ctx: QueryCtx, ref: RunRef): Promise<Record<string, unknown>> {
  const run = await demandRun(ctx, ref);
  const view = await viewRun(ctx, run, null);
  const { rows, more } = await stepRows(ctx, run._id);
  const counts: Record<string, number> = {};
  for (const { status } of rows) counts[status] = (counts[status] ?? 0) + 1;
  return {
    runId: run._id,
    workflow: run.workflow,
    version: run.version,
    title: run.title,
    status: run.status,
    startedBy: run.startedByShown,
    startedFrom: run.origin === null ? null : (run.origin.place.split(":")[0] ?? null),
    startedAt: time(run.startedAt),
    endedAt: time(run.endedAt),
    took: took(run.startedAt, run.endedAt),
    input: shorten(run.input, 1000),
    result: run.result === null ? null : shorten(run.result, 1000),
    error: run.error === null ? null : shorten(run.error, 600),
    failedSteps: rows.filter((row) => row.status === "failed").map(stepLine),
    troubledSteps: rows.filter((row) => row.status !== "failed" && row.error !== null).map(stepLine),
    waitingFor: view.waitingFor.map(waitWord),
    stepsByStatus: counts,
    onlyTheNewestSteps: more,
    repeats: run.restartOf ?? null,
    partOf: run.parentId,
  };
}

const stepLine = (row: Doc<"runNodes">) => ({
  step: row.nodeKey,
  type: row.type,
  status: row.status,
  attempt: row.attempt,
  at: time(row.endedAt ?? row.startedAt),
  error: errorOf(row.error, row.errorInfo),
});

export async function stepResults(
  ctx: QueryCtx,
  ref: RunRef,
): Promise<{ runId: string; steps: Record<string, unknown>[]; onlyTheNewestSteps: boolean }> {
  const run = await demandRun(ctx, ref);
  const { rows, more } = await stepRows(ctx, run._id);
  const outputs = new Map((await jobRows(ctx, run._id)).map((job) => [job.nodeId, job.output]));
  const steps = rows.map((row) => {
    const output = outputs.get(row.nodeId) ?? null;
    return {
      ...stepLine(row),
      startedAt: time(row.startedAt),
      endedAt: time(row.endedAt),
      took: took(row.startedAt, row.endedAt),
      output: output === null ? null : shorten(output, 300),
    };
  });
  return { runId: run._id, steps, onlyTheNewestSteps: more };
}
