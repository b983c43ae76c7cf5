/** What is to happen to an open question at a time, as rows. They are set here and ended here; what happens is in `ladder.ts`. */
import { makeFunctionReference } from "convex/server";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";

const due = makeFunctionReference<"mutation", { timerId: Id<"approvalTimers"> }, null>("approvals:due");

type Kind = Doc<"approvalTimers">["kind"];

export interface Due {
  kind: Kind;
  dueAt: number;
  to?: string[];
  via?: string[];
  personId?: Id<"people">;
  place?: string;
}

const MAX_TIMERS = 500;

export async function setDue(ctx: MutationCtx, approvalId: Id<"approvals">, timer: Due): Promise<void> {
  const { kind, dueAt, to = [], via = [], personId = null, place = null } = timer;
  const timerId = await ctx.db.insert("approvalTimers", {
    ...{ approvalId, kind, dueAt, to, via, personId, place },
    status: "pending",
    scheduledId: null,
  });
  await ctx.db.patch("approvals", approvalId, { timed: true });
  await ctx.db.patch("approvalTimers", timerId, { scheduledId: await ctx.scheduler.runAt(dueAt, due, { timerId }) });
}

export async function openTimers(ctx: QueryCtx, approvalId: Id<"approvals">): Promise<Doc<"approvalTimers">[]> {
  return await ctx.db
    .query("approvalTimers")
    .withIndex("by_approvalId_and_status", (q) => q.eq("approvalId", approvalId).eq("status", "pending"))
    .take(MAX_TIMERS);
}

/** The question is over, or (with `personId`) has gone from a person: nothing of this happens any more. */
export async function endTimers(ctx: MutationCtx, approvalId: Id<"approvals">, personId?: Id<"people">): Promise<void> {
  for (const timer of await openTimers(ctx, approvalId)) {
    if (personId !== undefined && timer.personId !== personId) continue;
    await ctx.db.patch("approvalTimers", timer._id, { status: "cancelled" });
    if (timer.scheduledId !== null) await ctx.scheduler.cancel(timer.scheduledId);
  }
}
