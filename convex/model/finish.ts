/** The end of a run: its row, what it has to say, its parent, its driver. Happens once. */
import { makeFunctionReference } from "convex/server";
import type { ErrorInfo } from "../../src/contract/errors.ts";
import type { Finish, Signal } from "../../src/flow/types.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { BY_ITSELF, record } from "./audit.ts";
import { dismissDriver } from "./driver.ts";
import { cancel as cancelJob } from "./jobs.ts";
import { toJsonText } from "./json.ts";
import { rememberRun } from "./memories.ts";
import { enqueue } from "./outbox.ts";
import { resolvePlaces } from "./places.ts";
import { noteProgress } from "./progress.ts";
import { endingLine } from "./run_words.ts";
import { cancelOpenOf } from "./settle.ts";
import { signalLater } from "./signals.ts";

const cancelChild = makeFunctionReference<"mutation", { parentId: Id<"runs">; waitId: string; reason: string }, null>(
  "runs:cancelChild",
);

/**
 * Every open wait has been closed by the transition that finished. `more`: what else changes in the row. `told` false: the definition
 * names no place for its progress.
 */
export async function finishRun(
  ctx: MutationCtx,
  run: Doc<"runs">,
  finish: Finish,
  more: Partial<Doc<"runs">> = {},
  told = true,
): Promise<void> {
  if (run.endedAt !== null) return;
  const result = toJsonText(finish.result, "result", 900_000);
  const error = finish.error === null ? null : finish.error.message;
  const patch = { ...more, ...dismissDriver(run), status: finish.status, result, error, endedAt: Date.now() };
  await ctx.db.patch("runs", run._id, patch);
  await record(ctx, {
    subject: `run:${run._id}`,
    kind: `run.${finish.status}`,
    ...BY_ITSELF,
    detail: { nodeId: finish.nodeId, error },
  });
  await keepFailure(ctx, run, finish);
  if (told) await noteProgress(ctx, run._id, []);
  await sayOutputs(ctx, run, finish);
  await tellParent(ctx, run, { kind: "child", status: finish.status, result: finish.result, error });
}

/**
 * That something went wrong is worth knowing the next time; a child's failure is its parent's to tell. Everybody may be told a memory, so it
 * is made of the definition's own words: a title or an error may quote what was put in, or what others wrote.
 */
async function keepFailure(ctx: MutationCtx, run: Doc<"runs">, { status, nodeId, error }: Finish): Promise<void> {
  if (status !== "failed" || run.parentId !== null) return;
  const where = nodeId === null ? "" : ` at the step ${nodeId}`;
  const why = error === null ? "" : ` (${error.code.replaceAll("_", " ")})`;
  const day = new Date().toISOString().slice(0, 10);
  await rememberRun(ctx, `The workflow ${run.workflow} failed${where} on ${day}${why}: run ${run._id} tells why.`);
}

/** For a fault that no definition can handle: everything the run has open is retired by its rows, whatever the state says. */
export async function failRun(ctx: MutationCtx, run: Doc<"runs">, error: ErrorInfo): Promise<void> {
  if (run.endedAt !== null) return;
  await cancelOpenOf(ctx, run._id, "the run failed");
  await retireWork(ctx, run._id);
  await finishRun(ctx, run, { kind: "finish", status: "failed", result: null, outputs: [], nodeId: null, error });
}

async function retireWork(ctx: MutationCtx, runId: Id<"runs">): Promise<void> {
  for (const status of ["ready", "claimed"] as const) {
    const jobs = await ctx.db
      .query("jobs")
      .withIndex("by_runId_and_status", (q) => q.eq("runId", runId).eq("status", status))
      .take(1000);
    for (const job of jobs) await cancelJob(ctx, job.key);
  }
  const timers = await ctx.db
    .query("timers")
    .withIndex("by_runId_and_status", (q) => q.eq("runId", runId).eq("status", "pending"))
    .take(1000);
  for (const timer of timers) {
    await ctx.db.patch("timers", timer._id, { status: "cancelled" });
    await ctx.scheduler.cancel(timer.scheduledId);
  }
  const events = await ctx.db
    .query("eventWaits")
    .withIndex("by_runId_and_open", (q) => q.eq("runId", runId).eq("open", true))
    .take(1000);
  for (const event of events) await ctx.db.patch("eventWaits", event._id, { open: false });
  const children = await ctx.db
    .query("runs")
    .withIndex("by_parentId_and_endedAt", (q) => q.eq("parentId", runId).eq("endedAt", null))
    .take(1000);
  for (const { parentWaitId: waitId } of children) {
    if (waitId !== null) {
      await ctx.scheduler.runAfter(0, cancelChild, { parentId: runId, waitId, reason: "the run above it failed" });
    }
  }
}

/** Only an end with a result has outputs (W2). A failure is said where the run was asked for, because nobody else would see it. */
async function sayOutputs(ctx: MutationCtx, run: Doc<"runs">, finish: Finish): Promise<void> {
  if (finish.outputs.length === 0 && run.origin === null) return;
  const starter = await ctx.db.get("people", run.startedBy);
  let count = 0;
  for (const output of finish.outputs) {
    const places =
      output.to === "origin"
        ? run.origin === null
          ? []
          : [run.origin.place]
        : (await resolvePlaces(ctx, output.to, starter === null ? [] : [starter])).map((found) => found.place);
    for (const place of places) await say(ctx, run, place, `output:${count++}`, output.text);
  }
  if (run.origin === null) return;
  const { status } = finish;
  const ended = { title: run.title, runId: run._id, status };
  if (status === "failed") {
    await say(ctx, run, run.origin.place, "failed", endingLine(ended, finish.error?.message ?? "unknown reason"));
  } else if (status === "completed" && finish.result !== null && finish.outputs.length === 0) {
    const text = typeof finish.result === "string" ? finish.result : JSON.stringify(finish.result);
    await say(ctx, run, run.origin.place, "result", endingLine(ended, text));
  }
}

async function say(ctx: MutationCtx, run: Doc<"runs">, place: string, what: string, text: string): Promise<void> {
  await enqueue(ctx, {
    channel: place.slice(0, Math.max(0, place.indexOf(":"))),
    place,
    key: `run:${run._id}:${what}`,
    message: { kind: "text", text, onlyTo: null },
    runId: run._id,
  });
}

/** In a transaction of its own: the parent may be the one whose advance ends this run. */
async function tellParent(ctx: MutationCtx, run: Doc<"runs">, what: Signal): Promise<void> {
  if (run.parentId !== null && run.parentWaitId !== null) {
    await signalLater(ctx, run.parentId, run.parentWaitId, what);
  }
}
