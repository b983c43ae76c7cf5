/** What language models have used, by agent, model, run, task and person. */
import type { Infer } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { defaultModelId } from "../agents/model_id.ts";
import { isFree } from "../agents/model_prices.ts";
import type { vSpendKind } from "../tables/spend.ts";
import { countSpend, refusalFor } from "./budgets.ts";
import { toConvexError } from "./errors.ts";
import { personByName } from "./people.ts";
import { projectRow } from "./projects.ts";
import { findRun } from "./run_lookup.ts";

export type SpendKind = Infer<typeof vSpendKind>;

export interface Used {
  agent: string;
  model: string;
  provider: string;
  inputTokens: number;
  outputTokens: number;
  costMicroUsd: number | null;
  threadId: string | null;
  turnId: Id<"turns"> | null;
  jobId: Id<"jobs"> | null;
}

export async function recordSpend(ctx: MutationCtx, used: Used): Promise<void> {
  const turn = used.turnId === null ? null : await ctx.db.get("turns", used.turnId);
  const job = used.jobId === null ? null : await ctx.db.get("jobs", used.jobId);
  const run = job === null ? null : await ctx.db.get("runs", job.runId);
  const task = used.turnId === null ? null : await taskOf(ctx, used.turnId);
  const projectId = task === null ? await projectOfRun(ctx, run) : await projectOfTask(ctx, task);
  const event = {
    ...used,
    ...{ runId: run?._id ?? null, task, projectId },
    personId: turn?.personId ?? run?.requester ?? null,
    at: Date.now(),
  };
  await ctx.db.insert("tokenEvents", event);
  await add(ctx, "agent", event.agent, event);
  await add(ctx, "model", event.model, event);
  if (event.runId !== null) await add(ctx, "run", event.runId, event);
  if (event.task !== null) await add(ctx, "task", event.task, event);
  if (event.personId !== null) await add(ctx, "person", event.personId, event);
  await countSpend(ctx, null, event);
  if (projectId !== null) await countSpend(ctx, projectId, event);
}

/** The turn works on this task: what it used so far counts for it too. Of several tasks the first has it all, so nothing counts twice. */
export async function attributeTurn(ctx: MutationCtx, turnId: Id<"turns">, task: string): Promise<void> {
  const projectId = await projectOfTask(ctx, task);
  for (const event of await eventsOf(ctx, turnId)) {
    if (event.task !== null) return;
    await ctx.db.patch("tokenEvents", event._id, { task, projectId });
    await add(ctx, "task", task, event);
    if (projectId !== null) await countSpend(ctx, projectId, event);
  }
}

/** What a turn is to be paid by as far as it is known: the project of the task that it works on. */
export async function projectOfTurn(ctx: QueryCtx, turnId: Id<"turns">): Promise<Id<"projects"> | null> {
  const task = await taskOf(ctx, turnId);
  return task === null ? null : await projectOfTask(ctx, task);
}

/** Throws `limit_reached` when nothing more may be spent on this task (`T7`), so that work is not begun which would stop at once. */
export async function demandBudgetFor(ctx: QueryCtx, task: string): Promise<void> {
  if (isFree(defaultModelId())) return;
  const project = await projectOfTask(ctx, task.trim().toUpperCase());
  const refused = await refusalFor(ctx, project === null ? [] : [project], Date.now());
  if (refused !== null) throw toConvexError(refused);
}

/** `T7`. Null: it has none, or is gone. */
export async function projectOfTask(ctx: QueryCtx, task: string): Promise<Id<"projects"> | null> {
  const number = Number(/^T(\d{1,9})$/.exec(task)?.[1] ?? 0);
  const factory = number === 0 ? null : await ctx.db.query("factories").first();
  if (factory === null) return null;
  const row = await ctx.db
    .query("tasks")
    .withIndex("by_factoryId_and_number", (q) => q.eq("factoryId", factory._id).eq("number", number))
    .unique();
  return row?.projectId ?? null;
}

/** A run belongs to the project, or to that of the task, which its input names under `project` or `task`. */
export async function projectOfRun(ctx: QueryCtx, run: Doc<"runs"> | null): Promise<Id<"projects"> | null> {
  if (run === null || !/"(?:project|task)"/.test(run.input)) return null;
  const { project, task } = (JSON.parse(run.input) ?? {}) as { project?: unknown; task?: unknown };
  const factory = await ctx.db.query("factories").first();
  if (typeof project === "string" && factory !== null) {
    const row = await projectRow(ctx, factory._id, project);
    if (row !== null) return row._id;
  }
  return typeof task === "string" ? await projectOfTask(ctx, task.trim().toUpperCase()) : null;
}

async function taskOf(ctx: QueryCtx, turnId: Id<"turns">): Promise<string | null> {
  return (await eventsOf(ctx, turnId)).find(({ task }) => task !== null)?.task ?? null;
}

/** Bounded by the rounds and steps that a turn may take. */
const MAX_EVENTS_OF_TURN = 500;

async function eventsOf(ctx: QueryCtx, turnId: Id<"turns">): Promise<Doc<"tokenEvents">[]> {
  return await ctx.db
    .query("tokenEvents")
    .withIndex("by_turnId", (q) => q.eq("turnId", turnId))
    .take(MAX_EVENTS_OF_TURN);
}

type Amount = Pick<Used, "inputTokens" | "outputTokens" | "costMicroUsd">;

async function add(ctx: MutationCtx, kind: SpendKind, name: string, amount: Amount): Promise<void> {
  const row = await totalOf(ctx, kind, name);
  const sum = {
    calls: (row?.calls ?? 0) + 1,
    inputTokens: (row?.inputTokens ?? 0) + amount.inputTokens,
    outputTokens: (row?.outputTokens ?? 0) + amount.outputTokens,
    costMicroUsd: (row?.costMicroUsd ?? 0) + (amount.costMicroUsd ?? 0),
    unpricedCalls: (row?.unpricedCalls ?? 0) + (amount.costMicroUsd === null ? 1 : 0),
  };
  if (row === null) await ctx.db.insert("tokenTotals", { kind, name, ...sum });
  else await ctx.db.patch("tokenTotals", row._id, sum);
}

async function totalOf(ctx: QueryCtx, kind: SpendKind, name: string): Promise<Doc<"tokenTotals"> | null> {
  return await ctx.db
    .query("tokenTotals")
    .withIndex("by_kind_and_name", (q) => q.eq("kind", kind).eq("name", name))
    .unique();
}

export interface SpendRow {
  name: string;
  calls: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: number;
  /** Calls of models without a known price: the true cost is higher. */
  unpricedCalls: number;
}

const MAX_ROWS = 20;
/** Agents are few: roles, hands and the built-in ones. */
const MAX_AGENTS = 500;

/** `rows`: the dearest first, or only the one that `of` names (none: nothing was used there). `total` is over everything. */
export async function summarizeSpend(
  ctx: QueryCtx,
  by: SpendKind,
  of: string | null,
): Promise<{ by: SpendKind; total: SpendRow; rows: SpendRow[] }> {
  const agents = await ctx.db
    .query("tokenTotals")
    .withIndex("by_kind_and_name", (q) => q.eq("kind", "agent"))
    .take(MAX_AGENTS);
  const total = agents.reduce<Amounts>((sum, row) => plus(sum, row), NOTHING);
  return { by, total: shown("everything", total), rows: await rowsOf(ctx, by, of) };
}

async function rowsOf(ctx: QueryCtx, by: SpendKind, of: string | null): Promise<SpendRow[]> {
  if (of !== null) {
    const row = await totalOf(ctx, by, await nameOf(ctx, by, of));
    return row === null ? [] : [shown(await labelOf(ctx, row), row)];
  }
  const rows = await ctx.db
    .query("tokenTotals")
    .withIndex("by_kind_and_costMicroUsd", (q) => q.eq("kind", by))
    .order("desc")
    .take(MAX_ROWS);
  return await Promise.all(rows.map(async (row) => shown(await labelOf(ctx, row), row)));
}

/** A run is named by its id or its workflow, a task by `T7`, `7` or `task 7`, a person by name. */
async function nameOf(ctx: QueryCtx, by: SpendKind, of: string): Promise<string> {
  if (by === "person") return (await personByName(ctx, of))?._id ?? of;
  if (by === "run") return (await findRun(ctx, of))?._id ?? of;
  const number = by === "task" ? /(\d{1,9})\s*$/.exec(of)?.[1] : undefined;
  return number === undefined ? of.trim() : `T${Number(number)}`;
}

async function labelOf(ctx: QueryCtx, { kind, name }: Doc<"tokenTotals">): Promise<string> {
  if (kind === "person") {
    const person = ctx.db.normalizeId("people", name);
    return (person === null ? null : await ctx.db.get("people", person))?.name ?? name;
  }
  const id = kind === "run" ? ctx.db.normalizeId("runs", name) : null;
  const run = id === null ? null : await ctx.db.get("runs", id);
  return run === null ? name : `${run.title} (run ${name})`;
}

type Amounts = Pick<Doc<"tokenTotals">, "calls" | "inputTokens" | "outputTokens" | "costMicroUsd" | "unpricedCalls">;
const NOTHING: Amounts = { calls: 0, inputTokens: 0, outputTokens: 0, costMicroUsd: 0, unpricedCalls: 0 };

const plus = (a: Amounts, b: Amounts): Amounts => ({
  calls: a.calls + b.calls,
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  costMicroUsd: a.costMicroUsd + b.costMicroUsd,
  unpricedCalls: a.unpricedCalls + b.unpricedCalls,
});

const shown = (name: string, { calls, inputTokens, outputTokens, costMicroUsd, unpricedCalls }: Amounts): SpendRow => ({
  name,
  calls,
  inputTokens,
  outputTokens,
  costUsd: costMicroUsd / 1_000_000,
  unpricedCalls,
});
