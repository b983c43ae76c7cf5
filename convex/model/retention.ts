/**
 * What is removed by itself: rows that keep an agent's call from being done twice, once nothing can ask for it again, and bytes that became
 * no file. A call's result stays in its thread, and that it was made stays in the record.
 */
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { takeWithin } from "./bounded.ts";
import { forget } from "./files.ts";
import { childrenOf, gatesOfTurn, outsideOfTurn, questionsOfTurn } from "./turn_waits.ts";

/** As for events of the platforms, and longer than any question of an agent stays open. */
const KEPT_MS = 30 * 24 * 3600 * 1000;
/** Few, so that answers need not wait long behind them; what is left the next transaction takes. */
const BATCH = 20;

/** In this order, so that what was done is known at least as long as what was begun. */
export const SWEPT = ["gatedCalls", "outsideCalls", "toolEffects", "uploads"] as const;
export type Swept = (typeof SWEPT)[number];

/** One batch of what was made after `after`, oldest first. Returns the `after` of the next one; null: there is none. */
export async function sweepOld(ctx: MutationCtx, what: Swept, after: number): Promise<number | null> {
  const before = Date.now() - KEPT_MS;
  return what === "uploads" ? await sweepUploads(ctx, after, before) : await sweepCalls(ctx, what, after, before);
}

async function sweepCalls(
  ctx: MutationCtx,
  table: Exclude<Swept, "uploads">,
  after: number,
  before: number,
): Promise<number | null> {
  const old = ctx.db
    .query(table)
    .withIndex("by_creation_time", (q) => q.gt("_creationTime", after).lt("_creationTime", before));
  const rows = await takeWithin<Doc<typeof table>>(
    old,
    BATCH,
    (row) => ("input" in row ? row.input : row.result).length,
  );
  const over = new Map<Id<"turns">, boolean>();
  for (const row of rows) {
    if (!over.has(row.turnId)) over.set(row.turnId, await isOver(ctx, row.turnId, before));
    if (over.get(row.turnId) !== true) continue;
    if ("idempotencyKey" in row) await forgetNote(ctx, row.idempotencyKey);
    await ctx.db.delete(row._id);
  }
  return rows.at(-1)?._creationTime ?? null;
}

/**
 * The turn ended before this moment, and so did all that could still bring a result to one of its calls: then nothing begins or repeats
 * them. Only a running turn does its calls, and a late result is refused where its call has ended.
 */
async function isOver(ctx: QueryCtx, turnId: Id<"turns">, before: number): Promise<boolean> {
  const turn = await ctx.db.get("turns", turnId);
  if (turn === null) return true;
  if (turn.endedAt === null || turn.endedAt >= before) return false;
  if ((await questionsOfTurn(ctx, turnId)).some(({ status }) => status === "open")) return false;
  if ((await gatesOfTurn(ctx, turnId)).some(({ status }) => status === "asked" || status === "approved")) return false;
  if ((await outsideOfTurn(ctx, turnId)).some(({ endedAt }) => endedAt === null || endedAt >= before)) return false;
  for (const child of await childrenOf(ctx, turnId)) {
    if (!(await isOver(ctx, child._id, before))) return false;
  }
  return true;
}

async function forgetNote(ctx: MutationCtx, key: string): Promise<void> {
  const note = await ctx.db
    .query("githubNotes")
    .withIndex("by_key", (q) => q.eq("key", key))
    .unique();
  if (note !== null) await ctx.db.delete("githubNotes", note._id);
}

async function sweepUploads(ctx: MutationCtx, after: number, before: number): Promise<number | null> {
  const stored = await ctx.db.system
    .query("_storage")
    .withIndex("by_creation_time", (q) => q.gt("_creationTime", after).lt("_creationTime", before))
    .take(BATCH);
  for (const { _id } of stored) await forget(ctx, _id);
  return stored.at(-1)?._creationTime ?? null;
}
