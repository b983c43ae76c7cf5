/**
 * Handles that must not be used for now: whoever texted STOP is not written to and not asked there, and nothing that comes from it
 * counts, until they text START (B12); a number that was replaced by a newer one stays out until it is enrolled again (I6).
 */
import { errorInfo } from "../../src/contract/errors.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { record } from "./audit.ts";
import { undelivered } from "./fallback.ts";
import { sayText } from "./outbox.ts";
import { handleRow, placeOf } from "./people.ts";
import { shorten } from "./words.ts";

export type Suspension = "stop" | "replaced";

/** Its open questions move to the person's next channel; who started their runs is told. Idempotent. */
export async function suspendHandle(ctx: MutationCtx, handle: string, why: Suspension): Promise<void> {
  const row = await handleRow(ctx, handle);
  if (row === null || row.suspended != null) return;
  await ctx.db.patch("handles", row._id, { suspended: why });
  const person = await ctx.db.get("people", row.personId);
  if (person === null) return;
  await note(ctx, row, person, "person.suspended", why);
  const reason =
    why === "stop" ? `${person.name} has opted out of messages there` : `${person.name} has another number now`;
  for (const delivery of await openAt(ctx, handle)) {
    const error = errorInfo("platform_refused", reason);
    await ctx.db.patch("deliveries", delivery._id, {
      ...{ status: "failed", reported: "failed", error: JSON.stringify(error) },
      ...{ gatewayId: null, leaseId: null, leaseUntil: null, nextAttemptAt: null },
    });
    await undelivered(ctx, delivery, error);
    if (why === "stop") await tellStarter(ctx, delivery, person, handle);
  }
}

/** The person wants messages there again. Resolves with whose handle it is; null when it was not suspended by a STOP. */
export async function restoreHandle(ctx: MutationCtx, handle: string): Promise<Doc<"people"> | null> {
  const row = await handleRow(ctx, handle);
  if (row?.suspended !== "stop") return null;
  await ctx.db.patch("handles", row._id, { suspended: null });
  const person = await ctx.db.get("people", row.personId);
  if (person !== null) await note(ctx, row, person, "person.restored", "start");
  return person;
}

/** What was sent or is to be sent there and still matters: the copies of pending questions, and whatever waits. */
async function openAt(ctx: MutationCtx, place: string): Promise<Doc<"deliveries">[]> {
  const found: Doc<"deliveries">[] = [];
  for (const status of ["ready", "waiting", "claimed", "confirmed"] as const) {
    const rows = await ctx.db
      .query("deliveries")
      .withIndex("by_place_and_status", (q) => q.eq("place", place).eq("status", status))
      .order("desc")
      .take(200);
    for (const row of rows) if (status !== "confirmed" || (await isPending(ctx, row))) found.push(row);
  }
  return found;
}

async function isPending(ctx: MutationCtx, { approvalId }: Doc<"deliveries">): Promise<boolean> {
  const id = approvalId === null ? null : ctx.db.normalizeId("approvals", approvalId);
  return id !== null && (await ctx.db.get("approvals", id))?.status === "pending";
}

async function tellStarter(
  ctx: MutationCtx,
  delivery: Doc<"deliveries">,
  person: Doc<"people">,
  handle: string,
): Promise<void> {
  const id = delivery.approvalId === null ? null : ctx.db.normalizeId("approvals", delivery.approvalId);
  const approval = id === null ? null : await ctx.db.get("approvals", id);
  if (approval === null || approval.status !== "pending") return;
  const starter = await ctx.db.get("people", approval.requestedBy);
  const place = starter === null ? null : await placeOf(ctx, starter);
  if (place === null) return;
  const text = `${person.name} takes no more messages at ${handle}. The question "${shorten(approval.question)}" is asked elsewhere, if there is another way to reach ${person.name}.`;
  await sayText(ctx, { ...place, key: `suspended:${delivery._id}:${place.place}`, text });
}

async function note(
  ctx: MutationCtx,
  row: Doc<"handles">,
  person: Doc<"people">,
  kind: string,
  why: string,
): Promise<void> {
  await record(ctx, {
    subject: `person:${person._id}`,
    kind,
    person: { id: person._id, shown: person.name },
    handle: row.handle,
    channel: row.channel,
    detail: { handle: row.handle, why },
  });
}
