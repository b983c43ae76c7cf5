/** Runs: start, cancel, and how they are shown. How a run goes on is in `advance.ts`. */
import { MAX_REASON } from "../../src/contract/approval.ts";
import type { Cancelled } from "../../src/contract/run.ts";
import type { Json } from "../../src/flow/definition.ts";
import { overWords } from "../../src/flow/outcome.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { Advance } from "./advance.ts";
import { doneBy, record } from "./audit.ts";
import { beginRun } from "./begin.ts";
import { definitionOf } from "./definitions.ts";
import { fail } from "./errors.ts";
import { demandInput } from "./inputs.ts";
import { parseJson, toJsonText } from "./json.ts";
import type { Acting } from "./people.ts";
import { type Bindings, demandBindings } from "./performers.ts";
import { demand, may } from "./rights.ts";
import { cancelOpenOf } from "./settle.ts";
import { waitKey } from "./signals.ts";
import { definitionToRun, type InlineDefinition } from "./workflows.ts";

/** A run that starts a run that starts a run: deeper is a mistake of the definitions. */
const MAX_DEPTH = 10;

export interface StartArgs {
  acting: Acting;
  /** A stored definition by name; else `definition`. */
  workflow: string | null;
  definition: InlineDefinition | null;
  /** JSON text. */
  input: string;
  title: string | null;
  origin: { place: string; threadKey: string | null; private: boolean } | null;
  /** The same key gives the same run again. */
  requestKey: string | null;
  /** Roles that another role file does in this run. */
  agents?: Bindings;
}

/** What was started by this request before; null: nothing, or it has no key. */
export async function runOfRequest(ctx: QueryCtx, requestKey: string | null): Promise<Doc<"runs"> | null> {
  if (requestKey === null) return null;
  return await ctx.db
    .query("runs")
    .withIndex("by_requestKey", (q) => q.eq("requestKey", requestKey))
    .first();
}

/** Starts the run and lets it go on until it first has to wait, in this transaction. */
export async function startRun(ctx: MutationCtx, args: StartArgs): Promise<Doc<"runs">> {
  const { acting, requestKey } = args;
  const before = await runOfRequest(ctx, requestKey);
  if (before !== null) return before;
  demand(acting, "runs.start");
  const definition = await definitionToRun(ctx, args.workflow, args.definition);
  const agents = args.agents ?? {};
  if (Object.keys(agents).length > 0) await demandBindings(ctx, definitionOf(definition), agents);
  const run = await insertRun(ctx, definition, {
    title: args.title,
    input: parseJson(args.input, "input"),
    startedBy: acting.person._id,
    startedByShown: acting.shown,
    requester: acting.countsAs,
    origin: args.origin,
    requestKey,
    parentId: null,
    parentWaitId: null,
    depth: 0,
    ...(Object.keys(agents).length > 0 ? { agents: JSON.stringify(agents) } : {}),
  });
  await record(ctx, {
    subject: `run:${run._id}`,
    kind: "run.started",
    ...doneBy(acting),
    detail: { workflow: run.workflow, version: run.version, graphHash: definition.graphHash },
  });
  await beginRun(ctx, run._id);
  return (await ctx.db.get("runs", run._id))!;
}

type RunFields = Pick<
  Doc<"runs">,
  "startedBy" | "startedByShown" | "requester" | "origin" | "requestKey" | "parentId" | "parentWaitId" | "depth"
> &
  Partial<Pick<Doc<"runs">, "agents" | "restartOf" | "fromNodeId">> & { title: string | null; input: Json };

export async function insertRun(ctx: MutationCtx, row: Doc<"workflows">, fields: RunFields): Promise<Doc<"runs">> {
  const definition = definitionOf(row);
  const { input: given, title, ...rest } = fields;
  const input = demandInput(definition, given);
  const runId = await ctx.db.insert("runs", {
    ...rest,
    definitionId: row._id,
    workflow: row.name,
    version: row.version,
    title: title?.trim() || definition.title || row.name,
    status: "running",
    input: toJsonText(input, "input"),
    state: "",
    result: null,
    error: null,
    startedAt: Date.now(),
    endedAt: null,
    driverId: null,
    wakeEventId: null,
    wakes: 0,
    nodeCount: 0,
    segment: 0,
    driverFailures: 0,
  });
  return (await ctx.db.get("runs", runId))!;
}

/** A run on behalf of another one. Throws what a person would see; the caller makes it the waiting node's failure. */
export async function startChildRun(
  ctx: MutationCtx,
  parent: Doc<"runs">,
  waitId: string,
  workflow: string,
  input: Json,
): Promise<void> {
  if (parent.depth >= MAX_DEPTH) {
    fail("limit_reached", `${parent.workflow} is ${MAX_DEPTH} runs deep already`, { field: "workflow" });
  }
  const definition = await definitionToRun(ctx, workflow, null);
  const { startedBy, startedByShown, requester, origin, depth } = parent;
  const run = await insertRun(ctx, definition, {
    title: null,
    input,
    startedBy,
    startedByShown,
    requester,
    origin,
    requestKey: `child:${waitKey(parent._id, waitId)}`,
    parentId: parent._id,
    parentWaitId: waitId,
    depth: depth + 1,
  });
  await beginRun(ctx, run._id);
}

export const childOf = (ctx: MutationCtx, parentId: Id<"runs">, waitId: string): Promise<Doc<"runs"> | null> =>
  runOfRequest(ctx, `child:${waitKey(parentId, waitId)}`);

/** Who started it, or who may cancel any. A run that is over stays as it is. */
export async function cancelRun(
  ctx: MutationCtx,
  run: Doc<"runs">,
  acting: Acting,
  reason: string | null,
): Promise<Doc<"runs">> {
  if (run.endedAt !== null) {
    fail("conflict", `the run ${overWords(run.status)} already`, {
      field: "runId",
      remedy: "start it again to run it once more",
    });
  }
  if (run.startedBy !== acting.person._id && !may(acting.person, "runs.cancelAny")) {
    fail("forbidden", `only ${run.startedByShown} or an admin may cancel this run`, {
      field: "runId",
      remedy: "ask one of them to cancel it",
    });
  }
  // It is kept with the run, and with each of its questions.
  if ((reason?.length ?? 0) > MAX_REASON) {
    fail("too_large", `a reason has at most ${MAX_REASON} characters`, { field: "reason", remedy: "shorten it" });
  }
  await record(ctx, {
    subject: `run:${run._id}`,
    kind: "run.cancelRequested",
    ...doneBy(acting),
    detail: { reason },
  });
  return await endCancelled(ctx, run, { by: acting.shown, reason: reason?.trim() || null });
}

/** Retires its questions, jobs and timers, and goes down to its children. */
export async function endCancelled(ctx: MutationCtx, before: Doc<"runs">, cancelled: Cancelled): Promise<Doc<"runs">> {
  const { reason } = cancelled;
  const run = { ...before, cancelled };
  // First of all: its questions and its children take from it who did it.
  await ctx.db.patch("runs", run._id, { cancelled });
  // A run that has not begun has no token that could close its question.
  if (run.state === "") await cancelOpenOf(ctx, run._id, reason ?? "the run was cancelled");
  const advance = await Advance.load(ctx, run);
  advance.pushFirst({ type: "cancel", reason });
  await advance.perform();
  await advance.flush();
  return (await ctx.db.get("runs", run._id))!;
}

export async function demandRun(ctx: QueryCtx, runId: string): Promise<Doc<"runs">> {
  const id = ctx.db.normalizeId("runs", runId);
  const run = id === null ? null : await ctx.db.get("runs", id);
  if (run === null) {
    fail("not_found", `there is no run "${runId}"`, { field: "runId", remedy: "factory workflow runs lists them" });
  }
  return run;
}
