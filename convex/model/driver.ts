/**
 * A run's driver as rows: segments of the durable workflow, the event they are parked on, and what happens when one breaks.
 *
 *   start -> advance -> parked (wakeEventId) -> sent -> advance -> parked ... -> over, noted as spent -> gone
 *                                            -> after MAX_WAKES: next segment
 *   segment ends in an error -> backoff -> next segment ... -> after MAX_FAILURES the run fails, visibly
 */
import { type EventId, type RunResult, start } from "@convex-dev/workflow";
import type { FunctionReference } from "convex/server";
import { makeFunctionReference } from "convex/server";
import { errorInfo } from "../../src/contract/errors.ts";
import { components } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { failRun } from "./finish.ts";

/** What `advance` tells the driver: wait for this event, or end (the run is over, or another segment has it). */
export type Next = { kind: "wait"; wakeEventId: EventId<"wake"> } | { kind: "done" };

/** A wake replays the segment's journal, so its length bounds what a wake costs. */
export const MAX_WAKES = 50;
/** 1 s, 2 s, 4 s, 8 s, 16 s: a restart of the backend fits in between; a definite bug is seen within a minute. */
export const MAX_FAILURES = 5;
const FIRST_BACKOFF_MS = 1000;

// By name instead of `internal.driver…`: that module's types depend on this one.
const drive = makeFunctionReference("driver:drive") as unknown as FunctionReference<
  "mutation",
  "internal",
  { args: { runId: Id<"runs"> } },
  string
>;
const ended = makeFunctionReference("driver:ended") as unknown as FunctionReference<
  "mutation",
  "internal",
  { workflowId: string; result: RunResult; context: { runId: Id<"runs"> } }
>;
const restart = makeFunctionReference("driver:restart") as unknown as FunctionReference<
  "mutation",
  "internal",
  { runId: Id<"runs">; failures: number }
>;

/** Starts the run's first segment: the first `advance` runs inside this call. */
export async function startDriver(ctx: MutationCtx, runId: Id<"runs">): Promise<void> {
  await start(ctx, drive, { runId }, { onComplete: ended, context: { runId } });
}

/** Hands the run to a new segment, which begins by itself; until then nothing needs to wake it. Returns the run's change. */
export async function nextSegment(ctx: MutationCtx, run: Doc<"runs">): Promise<Partial<Doc<"runs">>> {
  const driverId = await start(
    ctx,
    drive,
    { runId: run._id },
    { onComplete: ended, context: { runId: run._id }, startAsync: true },
  );
  return { driverId, wakeEventId: null, wakes: 0, segment: run.segment + 1 };
}

/** The event on which the driver parks next. */
export async function parkOn(ctx: MutationCtx, workflowId: string): Promise<EventId<"wake">> {
  return (await ctx.runMutation(components.workflow.event.create, { workflowId, name: "wake" })) as EventId<"wake">;
}

/** The library's own way to go on: takes its worker loop up to 400 ms. Always by id: an event by name answers the next wait too. */
export async function wakeDriver(ctx: MutationCtx, run: Doc<"runs">): Promise<void> {
  if (run.wakeEventId === null) return;
  await ctx.runMutation(components.workflow.event.send, {
    eventId: run.wakeEventId,
    result: { kind: "success", returnValue: null },
  });
  await ctx.db.patch("runs", run._id, { wakeEventId: null });
}

/**
 * What changes in the row of a run that is over: a driver that was parked has nothing left to do. It is noted, and gone a little later,
 * because its journal costs more to remove than an answer to take. Any other ends by itself.
 */
export function dismissDriver({ driverId, wakeEventId }: Doc<"runs">): Partial<Doc<"runs">> {
  return driverId === null || wakeEventId === null
    ? {}
    : { wakeEventId: null, driverId: null, spentDriverId: driverId };
}

/** Few, so that answers need not wait long behind them; and a run's row may hold a result of almost 1 MiB. */
const SWEPT_AT_ONCE = 5;

/** Removes spent drivers with their journals. True: there are more. */
export async function sweepDrivers(ctx: MutationCtx): Promise<boolean> {
  const runs = await ctx.db
    .query("runs")
    .withIndex("by_spentDriverId", (q) => q.gt("spentDriverId", ""))
    .take(SWEPT_AT_ONCE);
  for (const { _id, spentDriverId } of runs) {
    if (spentDriverId !== undefined) await removeJournal(ctx, spentDriverId);
    await ctx.db.patch("runs", _id, { spentDriverId: undefined });
  }
  // Noted so by versions before 0.2.
  const rows = await ctx.db.query("spentDrivers").take(SWEPT_AT_ONCE);
  for (const { _id, workflowId } of rows) {
    await removeJournal(ctx, workflowId);
    await ctx.db.delete("spentDrivers", _id);
  }
  return runs.length === SWEPT_AT_ONCE || rows.length === SWEPT_AT_ONCE;
}

async function removeJournal(ctx: MutationCtx, workflowId: string): Promise<void> {
  try {
    await ctx.runMutation(components.workflow.workflow.cleanup, { workflowId, force: true });
  } catch (thrown) {
    // What cannot be removed must not keep the others.
    console.error(`driver ${workflowId}: its journal stays: ${String(thrown)}`);
  }
}

export async function segmentEnded(
  ctx: MutationCtx,
  runId: Id<"runs">,
  workflowId: string,
  result: RunResult,
): Promise<void> {
  const run = await ctx.db.get("runs", runId);
  if (result.kind !== "failed") {
    await ctx.runMutation(components.workflow.workflow.cleanup, { workflowId });
    return;
  }
  // `driverId` is null when the very first advance failed: it is what would have set it.
  if (run === null || run.endedAt !== null || (run.driverId !== null && run.driverId !== workflowId)) return;
  const failures = run.driverFailures + 1;
  console.error(`run ${runId}: segment ${run.segment} broke (${failures}): ${firstLine(result.error)}`);
  if (failures > MAX_FAILURES) {
    await failRun(ctx, run, errorInfo("internal", `the run could not go on: ${firstLine(result.error)}`));
    return;
  }
  await ctx.db.patch("runs", runId, { driverId: null, wakeEventId: null, driverFailures: failures });
  await ctx.scheduler.runAfter(FIRST_BACKOFF_MS * 2 ** (failures - 1), restart, { runId, failures });
}

export async function restartSegment(ctx: MutationCtx, runId: Id<"runs">, failures: number): Promise<void> {
  const run = await ctx.db.get("runs", runId);
  if (run === null || run.endedAt !== null || run.driverFailures !== failures || run.driverId !== null) return;
  await ctx.db.patch("runs", runId, { segment: run.segment + 1, wakes: 0 });
  await startDriver(ctx, runId);
}

const firstLine = (text: string): string => text.split("\n", 1)[0]?.slice(0, 500) ?? "";
