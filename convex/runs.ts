import { makeFunctionReference } from "convex/server";
import { v } from "convex/values";
import type { WireRun } from "../src/contract/run.ts";
import type { Json } from "../src/flow/definition.ts";
import type { Signal } from "../src/flow/types.ts";
import type { Id } from "./_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "./_generated/server.js";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import { Advance, failedBy } from "./model/advance.ts";
import * as begin from "./model/begin.ts";
import { MAX_WAKES, type Next, nextSegment, parkOn, wakeDriver } from "./model/driver.ts";
import { fail } from "./model/errors.ts";
import { resolveActor } from "./model/people.ts";
import { restartRun } from "./model/restart.ts";
import { viewRun, viewRuns } from "./model/run_view.ts";
import * as runs from "./model/runs.ts";
import { signal, waitKey } from "./model/signals.ts";
import { vActor } from "./model/validators.ts";
import { vOrigin, vRunStatus } from "./tables/runs.ts";

const MAX_LISTED = 200;
const MAX_TITLE = 200;
const vNullable = v.union(v.string(), v.null());

export const start = gatewayMutation({
  args: {
    actor: vActor,
    workflow: vNullable,
    definition: v.union(v.object({ source: v.string(), file: v.string() }), v.null()),
    input: v.string(),
    title: v.optional(vNullable),
    origin: v.union(vOrigin, v.null()),
    requestKey: v.optional(vNullable),
    /** By role of the workflow: the role file that does it in this run. */
    agents: v.optional(v.record(v.string(), v.string())),
  },
  handler: async (ctx, args): Promise<WireRun> => {
    const acting = await resolveActor(ctx, args.actor);
    const { workflow, definition, input, origin } = args;
    if ((args.title ?? "").length > MAX_TITLE) {
      fail("invalid_input", `a title has at most ${MAX_TITLE} characters`, { field: "title" });
    }
    const run = await runs.startRun(ctx, {
      acting,
      workflow,
      definition,
      input,
      origin,
      title: args.title ?? null,
      requestKey: args.requestKey ?? null,
      ...(args.agents === undefined ? {} : { agents: args.agents }),
    });
    return await viewRun(ctx, run, acting.person._id);
  },
});

/** Null: there is no such run. With `actor` its questions show that person's codes. */
export const get = gatewayQuery({
  args: { runId: v.string(), actor: v.optional(vActor) },
  handler: async (ctx, { runId, actor }): Promise<WireRun | null> => {
    const id = ctx.db.normalizeId("runs", runId);
    const run = id === null ? null : await ctx.db.get("runs", id);
    const viewer = actor === undefined ? null : (await resolveActor(ctx, actor)).person._id;
    return run === null ? null : await viewRun(ctx, run, viewer);
  },
});

/** Newest first, at most 200, fewer of very large ones. */
export const list = gatewayQuery({
  args: { status: v.optional(vRunStatus), limit: v.optional(v.number()) },
  handler: async (ctx, { status, limit }): Promise<WireRun[]> => {
    const count = Math.min(Math.max(Math.floor(limit ?? 50), 1), MAX_LISTED);
    const rows =
      status === undefined
        ? ctx.db.query("runs").order("desc")
        : ctx.db
            .query("runs")
            .withIndex("by_status", (q) => q.eq("status", status))
            .order("desc");
    return await viewRuns(ctx, rows, count);
  },
});

export const cancel = gatewayMutation({
  args: { actor: vActor, runId: v.string(), reason: v.optional(vNullable) },
  handler: async (ctx, args): Promise<WireRun> => {
    const acting = await resolveActor(ctx, args.actor);
    const run = await runs.demandRun(ctx, args.runId);
    return await viewRun(ctx, await runs.cancelRun(ctx, run, acting, args.reason ?? null), acting.person._id);
  },
});

/** A new run of the same definition from a node on, with what the run before had found until there. See `model/restart.ts`. */
export const restart = gatewayMutation({
  args: {
    actor: vActor,
    runId: v.string(),
    from: v.optional(vNullable),
    requestKey: v.optional(vNullable),
  },
  handler: async (ctx, args): Promise<WireRun> => {
    const acting = await resolveActor(ctx, args.actor);
    const before = await runs.demandRun(ctx, args.runId);
    const run = await restartRun(ctx, before, acting, { from: args.from ?? null, requestKey: args.requestKey ?? null });
    return await viewRun(ctx, run, acting.person._id);
  },
});

/** The driver's step. Takes every signal that has come, and says what to wait for. */
export const advance = internalMutation({
  args: { runId: v.id("runs"), workflowId: v.string() },
  handler: async (ctx, { runId, workflowId }): Promise<Next> => {
    const run = await ctx.db.get("runs", runId);
    if (run === null || run.endedAt !== null) return { kind: "done" };
    // Another segment has the run: this one was given up.
    if (run.driverId !== null && run.driverId !== workflowId) return { kind: "done" };
    const going = await Advance.load(ctx, run);
    const finished = await going.perform();
    if (!finished) await goOnLater(ctx, runId);
    // Only here, not where a run goes on without its driver: a new segment waits for this count, see `restartSegment`.
    const sound = { driverFailures: 0 };
    if (going.over) {
      await going.flush(sound);
      return { kind: "done" };
    }
    if (run.wakes >= MAX_WAKES) {
      await going.flush({ ...sound, ...(await nextSegment(ctx, run)) });
      return { kind: "done" };
    }
    const wakeEventId = await parkOn(ctx, workflowId);
    await going.flush({ ...sound, driverId: workflowId, wakeEventId, wakes: run.wakes + 1 });
    return { kind: "wait", wakeEventId };
  },
});

/** Goes on in the transaction that ended a wait, while the driver stays parked. See `signal`. */
export const resume = internalMutation({
  args: { runId: v.id("runs"), waitId: v.string(), signal: v.string() },
  handler: async (ctx, { runId, waitId, signal: text }): Promise<boolean> => {
    const run = await ctx.db.get("runs", runId);
    if (run === null || run.endedAt !== null) return false;
    const key = waitKey(runId, waitId);
    await ctx.db.insert("signals", { runId, waitId, key, signal: text, consumed: true, at: Date.now() });
    // Where none were kept and nobody woke the driver, which is done for each that is kept otherwise (`signal`), there is none to take.
    const takes = run.wakeEventId === null || run.keepsSignals !== false;
    const going = await Advance.load(ctx, run, { takes });
    going.push({ type: "signal", waitId, signal: JSON.parse(text) as Signal });
    if (!(await going.perform())) await goOnLater(ctx, runId);
    await going.flush();
    return true;
  },
});

/** The answer to the question that a policy puts before a run's first node. */
export const startDecided = internalMutation({
  args: { runId: v.id("runs"), option: v.string(), by: vNullable, reason: vNullable },
  handler: async (ctx, { runId, ...verdict }): Promise<null> => {
    await begin.startDecided(ctx, runId, verdict);
    return null;
  },
});

// By name: a function of this module cannot take its type from itself.
const goOnReference = makeFunctionReference<"mutation", { runId: Id<"runs"> }, null>("runs:goOn");
const proceedReference = makeFunctionReference<"mutation", { runId: Id<"runs"> }, null>("runs:proceed");

async function goOnLater(ctx: MutationCtx, runId: Id<"runs">): Promise<void> {
  await ctx.scheduler.runAfter(0, goOnReference, { runId });
}

/** What one transaction had no room for. Scheduled calls are not repeated when they fail, so then the driver has to go on. */
export const goOn = internalMutation({
  args: { runId: v.id("runs") },
  handler: async (ctx, { runId }): Promise<null> => {
    const run = await ctx.db.get("runs", runId);
    if (run === null || run.endedAt !== null) return null;
    try {
      await ctx.runMutation(proceedReference, { runId });
    } catch (thrown) {
      console.error(`run ${runId}: going on failed, left to the driver: ${String(thrown)}`);
      await wakeDriver(ctx, run);
    }
    return null;
  },
});

export const proceed = internalMutation({
  args: { runId: v.id("runs") },
  handler: async (ctx, { runId }): Promise<null> => {
    const run = await ctx.db.get("runs", runId);
    if (run === null || run.endedAt !== null) return null;
    const going = await Advance.load(ctx, run);
    if (!(await going.perform())) await goOnLater(ctx, runId);
    await going.flush();
    return null;
  },
});

/** A wait's time has come. Harmless when the wait ended otherwise or the run is over. */
export const timerDue = internalMutation({
  args: { key: v.string() },
  handler: async (ctx, { key }): Promise<null> => {
    const timer = await ctx.db
      .query("timers")
      .withIndex("by_key", (q) => q.eq("key", key))
      .unique();
    if (timer === null || timer.status !== "pending") return null;
    await ctx.db.patch("timers", timer._id, { status: "fired" });
    await signal(ctx, timer.runId, timer.waitId, { kind: "timer" });
    return null;
  },
});

/** A signal in a transaction of its own; see `signalLater`. */
export const signalLater = internalMutation({
  args: { runId: v.id("runs"), waitId: v.string(), signal: v.string() },
  handler: async (ctx, args): Promise<null> => {
    await signal(ctx, args.runId, args.waitId, JSON.parse(args.signal) as Signal);
    return null;
  },
});

/** The run that a `run` node waits for. What keeps it from starting is that node's failure. */
export const startChild = internalMutation({
  args: { parentId: v.id("runs"), waitId: v.string(), workflow: v.string(), input: v.string() },
  handler: async (ctx, { parentId, waitId, workflow, input }): Promise<null> => {
    const parent = await ctx.db.get("runs", parentId);
    if (parent === null || parent.endedAt !== null) return null;
    if ((await runs.childOf(ctx, parentId, waitId)) !== null) return null;
    try {
      await runs.startChildRun(ctx, parent, waitId, workflow, JSON.parse(input) as Json);
    } catch (thrown) {
      await signal(ctx, parentId, waitId, { kind: "error", error: failedBy(thrown) });
    }
    return null;
  },
});

export const cancelChild = internalMutation({
  args: { parentId: v.id("runs"), waitId: v.string(), reason: v.string() },
  handler: async (ctx, { parentId, waitId, reason }): Promise<null> => {
    const child = await runs.childOf(ctx, parentId, waitId);
    if (child === null || child.endedAt !== null) return null;
    const above = (await ctx.db.get("runs", parentId))?.cancelled;
    await runs.endCancelled(ctx, child, above ?? { by: null, reason });
    return null;
  },
});
