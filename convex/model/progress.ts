/**
 * One message a run in each place of `notify` (O1), drawn anew when something happened, at most once in `PACE_MS`, and always when the run
 * has ended. The pace is kept here, by a row and a schedule, so that no gateway has to know what was shown when.
 */
import { makeFunctionReference } from "convex/server";
import type { ProgressMessage } from "../../src/contract/message.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { byKey, enqueue, revise } from "./outbox.ts";
import { resolvePlaces } from "./places.ts";
import { viewRun } from "./run_view.ts";
import { runTitle, waitWord } from "./run_words.ts";

/** What people read is edited at most once in 3 s; the rest is for the ways between here and the platform. */
export const PACE_MS = 3_200;

/** Nodes on the message; the thread below it has them all. */
const MAX_NODES = 60;
const MAX_NOTE = 300;

const show = makeFunctionReference<"mutation", { runId: Id<"runs"> }, null>("progress:show");

/** Something changed in a run that is to be told. */
export async function noteProgress(ctx: MutationCtx, runId: Id<"runs">, notify: string[]): Promise<void> {
  const row = await rowOf(ctx, runId);
  if (row === null) {
    if (notify.length === 0) return;
    // Shown right after this transaction: it may go on through several nodes, and the run's row is not complete yet.
    const scheduledId = await ctx.scheduler.runAfter(0, show, { runId });
    await ctx.db.insert("progress", { runId, notify, shownAt: 0, scheduledId, details: false });
  } else if (row.scheduledId === null) {
    const scheduledId = await ctx.scheduler.runAt(Math.max(Date.now(), row.shownAt + PACE_MS), show, { runId });
    await ctx.db.patch("progress", row._id, { scheduledId });
  }
}

/** The scheduled drawing. */
export async function showProgress(ctx: MutationCtx, runId: Id<"runs">): Promise<void> {
  const row = await rowOf(ctx, runId);
  const run = await ctx.db.get("runs", runId);
  if (row === null || run === null) return;
  await ctx.db.patch("progress", row._id, { scheduledId: null, shownAt: Date.now() });
  const message = await draw(ctx, run);
  const final = run.endedAt !== null;
  for (const { channel, place } of await placesOf(ctx, run, row.notify)) {
    const key = keyOf(runId, place);
    const before = await byKey(ctx, key);
    if (before === null) await enqueue(ctx, { channel, place, key, message, final, runId });
    else await revise(ctx, before._id, message, { final });
  }
  if (final) await ctx.scheduler.runAfter(PACE_MS, details, { runId, tries: 0 });
}

const keyOf = (runId: string, place: string): string => `progress:${runId}:${place}`;

async function rowOf(ctx: QueryCtx, runId: Id<"runs">): Promise<Doc<"progress"> | null> {
  return await ctx.db
    .query("progress")
    .withIndex("by_runId", (q) => q.eq("runId", runId))
    .unique();
}

async function placesOf(ctx: QueryCtx, run: Doc<"runs">, notify: string[]) {
  const starter = await ctx.db.get("people", run.startedBy);
  const found = new Map<string, { channel: string; place: string }>();
  for (const spec of notify) {
    for (const place of await resolvePlaces(ctx, spec, starter === null ? [] : [starter]))
      found.set(place.place, place);
  }
  return [...found.values()];
}

async function draw(ctx: QueryCtx, run: Doc<"runs">): Promise<ProgressMessage> {
  const view = await viewRun(ctx, run, null);
  const waits = view.waitingFor.map(waitWord);
  const waiting = view.status === "waiting" && waits.length > 0 ? `waiting for ${waits.join(" and ")}` : null;
  const nodes = view.nodes.slice(-MAX_NODES).map(({ id, status, attempt, error }) => ({
    id,
    status,
    note: error?.slice(0, MAX_NOTE) ?? (attempt > 1 ? `attempt ${attempt}` : null),
  }));
  const last = nodes.findLast(({ status }) => status === "waiting");
  if (last !== undefined) last.note ??= waiting;
  return {
    kind: "progress",
    runId: run._id,
    title: run.title,
    status: run.status,
    nodes,
    elapsedMs: (run.endedAt ?? Date.now()) - run.startedAt,
  };
}

// ---- details, in the thread of the message ------------------------------------------------------------------------------------

const details = makeFunctionReference<"mutation", { runId: Id<"runs">; tries: number }, null>("progress:details");
/** The message may not have been posted yet when the run has ended: 3 s, 6 s, 12 s, … some minutes. */
const DETAIL_TRIES = 7;
/** Platforms where a thread hangs on a message, and a receipt names it. */
const THREADED = ["slack", "discord"];

/** Every node with its times, once, where the platform has threads. */
export async function sayDetails(ctx: MutationCtx, runId: Id<"runs">, tries: number): Promise<void> {
  const row = await rowOf(ctx, runId);
  const run = await ctx.db.get("runs", runId);
  if (row === null || run === null || row.details) return;
  let missing = false;
  for (const { channel, place } of await placesOf(ctx, run, row.notify)) {
    if (!THREADED.includes(channel) || place.includes("/")) continue;
    const receipt = (await byKey(ctx, keyOf(runId, place)))?.receipt ?? null;
    if (receipt === null) missing = true;
    else await enqueue(ctx, await detailsFor(ctx, run, channel, `${channel}:${receipt}`, keyOf(runId, place)));
  }
  if (missing && tries < DETAIL_TRIES) {
    await ctx.scheduler.runAfter(PACE_MS * 2 ** tries, details, { runId, tries: tries + 1 });
  } else await ctx.db.patch("progress", row._id, { details: true });
}

async function detailsFor(ctx: QueryCtx, run: Doc<"runs">, channel: string, place: string, key: string) {
  const view = await viewRun(ctx, run, null);
  const items = view.nodes.map(({ id, type, status, attempt, startedAt, endedAt, error }) => ({
    key: null,
    text: `${id} (${type}): ${status}${attempt > 1 ? `, attempt ${attempt}` : ""}${took(startedAt, endedAt)}`,
    detail: error,
  }));
  const title = runTitle(view);
  const message = { kind: "list" as const, title, items, empty: title };
  return { channel, place, key: `${key}:details`, message, runId: run._id };
}

const took = (from: number | null, to: number | null): string =>
  from === null || to === null ? "" : ` in ${((to - from) / 1000).toFixed(1)} s`;
