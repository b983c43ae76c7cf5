/**
 * How a wait ends: one row a wait, by its unique key, then the run goes on. Verdicts, results of jobs and timers all come through here.
 */
import { makeFunctionReference } from "convex/server";
import type { Signal } from "../../src/flow/types.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { wakeDriver } from "./driver.ts";
import { toJsonText } from "./json.ts";

/** A variable's limit and room for the rest of the signal: what is too large is refused as a variable, by its name. */
const MAX_SIGNAL_BYTES = 900_000;

export const signalText = (what: Signal): string => toJsonText(what, "signal", MAX_SIGNAL_BYTES);

/** What a run waits for before its first node, when the policy wants somebody asked. No token has it. */
export const START_WAIT = "start";

export const waitKey = (runId: Id<"runs">, waitId: string): string => `${runId}/${waitId}`;

const startDecided = makeFunctionReference<
  "mutation",
  { runId: Id<"runs">; option: string; by: string | null; reason: string | null },
  null
>("runs:startDecided");
/** False: the run is over. */
const resume = makeFunctionReference<"mutation", { runId: Id<"runs">; waitId: string; signal: string }, boolean>(
  "runs:resume",
);

/**
 * Ends a wait, once: false when it has ended before, or the run has. The run goes on in this very transaction, in a part of its own:
 * should that part fail, the signal is kept and the driver goes on with it through the library's worker loop.
 *
 * Not to be called while the same run advances (its row would be written twice): then use `signalLater`.
 */
export async function signal(ctx: MutationCtx, runId: Id<"runs">, waitId: string, what: Signal): Promise<boolean> {
  const key = waitKey(runId, waitId);
  const before = await ctx.db
    .query("signals")
    .withIndex("by_key", (q) => q.eq("key", key))
    .unique();
  if (before !== null) return false;
  const text = signalText(what);
  if (waitId === START_WAIT && what.kind === "verdict") {
    if ((await openRun(ctx, runId)) === null) return false;
    await ctx.db.insert("signals", { runId, waitId, key, signal: text, consumed: true, at: Date.now() });
    await ctx.runMutation(startDecided, { runId, option: what.option, by: what.by, reason: what.reason });
    return true;
  }
  try {
    return await ctx.runMutation(resume, { runId, waitId, signal: text });
  } catch (thrown) {
    const run = await openRun(ctx, runId);
    if (run === null) return false;
    console.error(`run ${runId}: going on at once failed, left to the driver: ${String(thrown)}`);
    await ctx.db.insert("signals", { runId, waitId, key, signal: text, consumed: false, at: Date.now() });
    await wakeDriver(ctx, run);
  }
  return true;
}

/** Null: it is over, or there is none. */
async function openRun(ctx: MutationCtx, runId: Id<"runs">): Promise<Doc<"runs"> | null> {
  const run = await ctx.db.get("runs", runId);
  return run === null || run.endedAt !== null ? null : run;
}

const signalAsync = makeFunctionReference<"mutation", { runId: Id<"runs">; waitId: string; signal: string }, null>(
  "runs:signalLater",
);

/** The same in a transaction of its own, right after this one. */
export async function signalLater(ctx: MutationCtx, runId: Id<"runs">, waitId: string, what: Signal): Promise<void> {
  await ctx.scheduler.runAfter(0, signalAsync, { runId, waitId, signal: signalText(what) });
}
