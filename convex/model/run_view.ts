/** A run as clients get it: the contract's shape, foreign JSON as text. Reads only what is open or said about this one run. */
import type { NodeView, WaitingFor, WireRun } from "../../src/contract/run.ts";
import type { RunState, WaitKind } from "../../src/flow/types.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { room } from "./bounded.ts";
import { codeFor } from "./codes.ts";

/** A long loop makes many rows; the newest say where it stands. */
const MAX_NODES = 500;
const MAX_OPEN = 100;

export const sizeOfRun = ({ input, state, result }: Doc<"runs">): number =>
  input.length + state.length + (result?.length ?? 0);

/** What a node's row weighs in a list. */
const NODE_CHARACTERS = 300;

/** Views in the order of `rows`, at most `limit`, until the room is used up. */
export async function viewRuns(ctx: QueryCtx, rows: AsyncIterable<Doc<"runs">>, limit: number): Promise<WireRun[]> {
  const views: WireRun[] = [];
  const left = room();
  for await (const run of rows) {
    const view = await viewRun(ctx, run, null);
    views.push(view);
    const { input, variables, result, nodes } = view;
    left.characters -= input.length + variables.length + result.length + nodes.length * NODE_CHARACTERS;
    if (views.length >= limit || left.characters <= 0) break;
  }
  return views;
}

/** What a run's status in one line needs; see `statusLine`. */
export async function viewStatus(
  ctx: QueryCtx,
  run: Doc<"runs">,
): Promise<Pick<WireRun, "status" | "error" | "waitingFor" | "cancelled">> {
  const { status, error, endedAt, cancelled } = run;
  const waits = endedAt === null ? await waitingFor(ctx, run, null) : [];
  return { status, error, waitingFor: waits, ...(cancelled === undefined ? {} : { cancelled }) };
}

/** `forPerson`: whose codes are shown; null: nobody's. */
export async function viewRun(ctx: QueryCtx, run: Doc<"runs">, forPerson: Id<"people"> | null): Promise<WireRun> {
  return {
    runId: run._id,
    workflow: run.workflow,
    version: run.version,
    title: run.title,
    status: run.status,
    startedBy: run.startedByShown,
    input: run.input,
    variables: await variablesText(ctx, run._id),
    nodes: await nodes(ctx, run._id),
    waitingFor: run.endedAt === null ? await waitingFor(ctx, run, forPerson) : [],
    result: run.result ?? "null",
    error: run.error,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    ...(run.cancelled === undefined ? {} : { cancelled: run.cancelled }),
  };
}

async function variablesText(ctx: QueryCtx, runId: Id<"runs">): Promise<string> {
  const rows = await ctx.db
    .query("runVariables")
    .withIndex("by_runId_and_name", (q) => q.eq("runId", runId))
    .collect();
  // The values are JSON text already: joined, not parsed. Names with a tilde are the machine's own.
  const shown = rows.filter((row) => !row.name.startsWith("~"));
  return `{${shown.map((row) => `${JSON.stringify(row.name)}:${row.value}`).join(",")}}`;
}

async function nodes(ctx: QueryCtx, runId: Id<"runs">): Promise<NodeView[]> {
  const rows = await ctx.db
    .query("runNodes")
    .withIndex("by_runId_and_seq", (q) => q.eq("runId", runId))
    .order("desc")
    .take(MAX_NODES);
  return rows.reverse().map((row) => ({
    id: row.nodeKey,
    type: row.type,
    status: row.status,
    attempt: row.attempt,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    error: row.error,
  }));
}

/** Looks only into the tables that the run's state says it waits in. */
async function waitingFor(ctx: QueryCtx, run: Doc<"runs">, forPerson: Id<"people"> | null): Promise<WaitingFor[]> {
  const found: WaitingFor[] = [];
  const kinds = openKinds(run);
  const runId = run._id;
  // A policy's question before the first node belongs to no token.
  if (kinds.has("approval") || run.state === "") {
    const approvals = await ctx.db
      .query("approvals")
      .withIndex("by_runId_and_status", (q) => q.eq("runId", runId).eq("status", "pending"))
      .take(MAX_OPEN);
    for (const { _id: approvalId, question, options, expiresAt } of approvals) {
      const code = forPerson === null ? null : await codeFor(ctx, approvalId, forPerson);
      found.push({ kind: "approval", approvalId, code, question, options, expiresAt });
    }
  }
  // An event may have a timer beside it.
  if (kinds.has("timer") || kinds.has("event")) {
    const timers = await ctx.db
      .query("timers")
      .withIndex("by_runId_and_status", (q) => q.eq("runId", runId).eq("status", "pending"))
      .take(MAX_OPEN);
    for (const timer of timers) found.push({ kind: "wait", until: timer.dueAt });
  }
  for (const status of kinds.has("work") ? (["ready", "claimed"] as const) : []) {
    const jobs = await ctx.db
      .query("jobs")
      .withIndex("by_runId_and_status", (q) => q.eq("runId", runId).eq("status", status))
      .take(MAX_OPEN);
    for (const job of jobs) found.push({ kind: "job", jobId: job._id });
  }
  if (kinds.has("event")) {
    const events = await ctx.db
      .query("eventWaits")
      .withIndex("by_runId_and_open", (q) => q.eq("runId", runId).eq("open", true))
      .take(MAX_OPEN);
    for (const event of events) found.push({ kind: "event", name: event.name });
  }
  if (kinds.has("run")) {
    const children = await ctx.db
      .query("runs")
      .withIndex("by_parentId_and_endedAt", (q) => q.eq("parentId", runId).eq("endedAt", null))
      .take(MAX_OPEN);
    for (const child of children) found.push({ kind: "run", runId: child._id });
  }
  return found;
}

/** A state that cannot be read is shown all the same: the run says of itself that it does not go on. */
function openKinds(run: Doc<"runs">): Set<WaitKind> {
  try {
    const { waits } = JSON.parse(run.state) as RunState;
    return new Set(Object.values(waits).map((wait) => wait.kind));
  } catch {
    return new Set();
  }
}

/** What a page that watches runs shows: no values, and nobody's codes. */
export async function viewProgress(
  ctx: QueryCtx,
  run: Doc<"runs">,
): Promise<Omit<WireRun, "input" | "variables" | "result" | "version">> {
  return {
    runId: run._id,
    workflow: run.workflow,
    title: run.title,
    status: run.status,
    startedBy: run.startedByShown,
    nodes: await nodes(ctx, run._id),
    waitingFor: run.endedAt === null ? await waitingFor(ctx, run, null) : [],
    error: run.error,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
  };
}
