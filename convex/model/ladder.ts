/**
 * What becomes of a question that nobody answers: a reminder beside each copy (A6), then further channels and further people (A7).
 * Each is a row with a time; the question's end ends them. Also: asking more people while a question is open (A12).
 */

import { channelOf } from "../../src/contract/handle.ts";
import type { OutMessage } from "../../src/contract/message.ts";
import { waysFor } from "../../src/flow/answer.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { setDue } from "./approval_timers.ts";
import { answerers, peopleFor } from "./approvers.ts";
import { type AuditEvent, BY_ITSELF, record, subjectOf } from "./audit.ts";
import { votesOf } from "./cards.ts";
import { codeFor, codeOfAsked, codesOf } from "./codes.ts";
import { deliverCopy } from "./copies.ts";
import { byKey, deliveriesOf, sayText } from "./outbox.ts";
import { allHandlesOf, placeOf } from "./people.ts";
import { type Place, resolvePlaces } from "./places.ts";
import { heldUntil } from "./quiet.ts";
import { shorten } from "./words.ts";

/** The time of a row has come. Harmless when the question is over or the row was done before. */
export async function fire(ctx: MutationCtx, timerId: Id<"approvalTimers">): Promise<void> {
  const timer = await ctx.db.get("approvalTimers", timerId);
  if (timer === null || timer.status !== "pending") return;
  const approval = await ctx.db.get("approvals", timer.approvalId);
  const open = approval !== null && approval.status === "pending";
  await ctx.db.patch("approvalTimers", timerId, { status: open ? "fired" : "cancelled" });
  if (!open) return;
  if (timer.kind === "remind") await remind(ctx, approval, timer);
  else if (timer.kind === "escalate") await escalate(ctx, approval, timer);
  else await deliverHeld(ctx, approval, timer);
}

// ---- reminders ---------------------------------------------------------------------------------------------------------------

/** One bump a place. Whoever has quiet hours gets theirs at the end of them. */
async function remind(ctx: MutationCtx, approval: Doc<"approvals">, timer: Doc<"approvalTimers">): Promise<void> {
  const bumped: string[] = [];
  for (const copy of await cardsOf(ctx, approval._id)) {
    if (timer.place !== null && copy.place !== timer.place) continue;
    const owner = await ownerOf(ctx, copy.place);
    const held = owner === null ? null : await heldUntil(ctx, approval, owner);
    if (held !== null && owner !== null) {
      await setDue(ctx, approval._id, { kind: "remind", dueAt: held, personId: owner._id, place: copy.place });
      continue;
    }
    const code = owner === null ? null : await codeFor(ctx, approval._id, owner._id);
    const place = threadUnder(copy);
    await sayText(ctx, {
      channel: copy.channel,
      place,
      key: bumpKey(approval._id, copy.place),
      text: bumpText(approval, code),
    });
    bumped.push(place);
  }
  if (bumped.length > 0) await note(ctx, approval, "approval.reminded", { places: bumped });
}

const bumpKey = (approvalId: Id<"approvals">, place: string): string => `approval:${approvalId}:bump:${place}`;

function bumpText(approval: Doc<"approvals">, code: string | null): string {
  const { _id: approvalId, question, options, freeText } = approval;
  const ways = code === null ? null : waysFor({ approvalId, code, options, freeText }, true);
  return `Still waiting for an answer: "${shorten(question, 200)}"${ways === null ? "" : ` – ${ways}`}`;
}

/** A bump that was not sent yet must not come after the answer. */
export async function retireBumps(ctx: MutationCtx, approvalId: Id<"approvals">): Promise<void> {
  const reminded = await ctx.db
    .query("approvalTimers")
    .withIndex("by_approvalId_and_status", (q) => q.eq("approvalId", approvalId).eq("status", "fired"))
    .first();
  if (reminded === null) return;
  for (const copy of await cardsOf(ctx, approvalId)) {
    const bump = await byKey(ctx, bumpKey(approvalId, copy.place));
    if (bump === null || bump.receipt !== null || (bump.status !== "ready" && bump.status !== "waiting")) continue;
    await ctx.db.delete("deliveries", bump._id);
  }
}

/** Beside the card where the platform has threads; its message's own thread, not that of somebody else's message. */
function threadUnder({ channel, place, receipt }: Doc<"deliveries">): string {
  const form = channel === "slack" ? /^[A-Z0-9]+\/\d+\.\d+$/ : channel === "discord" ? /^\d+\/\d+$/ : null;
  const at = form?.exec(receipt ?? "")?.[0];
  const inThread = /^slack:[^/]+\/\d+\.\d+$|^discord:\d+\/\d+$/.test(place);
  return at === undefined || inThread ? place : `${channel}:${at}`;
}

// ---- escalation --------------------------------------------------------------------------------------------------------------

/** `to` is asked besides, `via` says where; `via` alone asks those who are asked already at that place too. */
async function escalate(ctx: MutationCtx, approval: Doc<"approvals">, timer: Doc<"approvalTimers">): Promise<void> {
  const { to, via } = timer;
  const approvers = [...new Set([...approval.approvers, ...to])];
  const row = { ...approval, approvers };
  if (approvers.length > approval.approvers.length) await ctx.db.patch("approvals", approval._id, { approvers });
  const persons = to.length > 0 ? await named(ctx, row, to) : await askedNow(ctx, approval._id);
  const places: string[] = [];
  for (const person of persons) places.push(...(await askPerson(ctx, row, person, via)));
  for (const spec of via) {
    for (const place of await resolvePlaces(ctx, spec, [])) {
      await deliverCopy(ctx, row, place, null, { votes: await votesOf(ctx, approval._id) });
      places.push(place.place);
    }
  }
  const names = persons.map(({ name }) => name);
  await note(ctx, approval, "approval.escalated", { to, via, persons: names, places });
}

/** Those of `to` who may answer: not who asks under four eyes, not who has handed it on. */
async function named(ctx: QueryCtx, approval: Doc<"approvals">, to: string[]): Promise<Doc<"people">[]> {
  const may = new Set((await answerers(ctx, approval)).map(({ _id }) => _id));
  const found = new Map<Id<"people">, Doc<"people">>();
  for (const approver of to) {
    for (const person of await peopleFor(ctx, approver, true)) if (may.has(person._id)) found.set(person._id, person);
  }
  return [...found.values()];
}

async function askedNow(ctx: QueryCtx, approvalId: Id<"approvals">): Promise<Doc<"people">[]> {
  const open = (await codesOf(ctx, approvalId)).filter((row) => row.open);
  const persons = await Promise.all(open.map(({ personId }) => ctx.db.get("people", personId)));
  return persons.filter((person) => person !== null);
}

/** One more person is asked, or the same at further places (`via`; none: where they are asked). Returns the places. */
export async function askPerson(
  ctx: MutationCtx,
  approval: Doc<"approvals">,
  person: Doc<"people">,
  via: string[] = [],
  more: { again?: string } = {},
): Promise<string[]> {
  const { code } = await codeOfAsked(ctx, approval._id, person._id);
  const own: Place[] = [];
  for (const spec of via) {
    const found = await resolvePlaces(ctx, spec, [person]);
    own.push(...found.filter((place) => place.person?._id === person._id));
  }
  if (via.length === 0) {
    const place = await placeOf(ctx, person);
    if (place !== null) own.push({ ...place, person });
  }
  const votes = await votesOf(ctx, approval._id);
  for (const place of own) await deliverCopy(ctx, approval, place, code, { ...more, votes });
  return own.map(({ place }) => place);
}

// ---- quiet hours, and who is asked while it is open ---------------------------------------------------------------------------

async function deliverHeld(ctx: MutationCtx, approval: Doc<"approvals">, timer: Doc<"approvalTimers">): Promise<void> {
  const person = timer.personId === null ? null : await ctx.db.get("people", timer.personId);
  const code =
    person === null ? undefined : (await codesOf(ctx, approval._id)).find((row) => row.personId === person._id);
  if (person === null || timer.place === null || code?.open !== true) return;
  const channel = channelOf(timer.place);
  if (channel === null) return;
  const votes = await votesOf(ctx, approval._id);
  await deliverCopy(ctx, approval, { channel, place: timer.place, person }, code.code, { votes });
}

export async function note(
  ctx: MutationCtx,
  approval: Doc<"approvals">,
  kind: string,
  detail: Record<string, unknown>,
  by: Pick<AuditEvent, "person" | "handle" | "channel"> = BY_ITSELF,
): Promise<void> {
  await record(ctx, {
    subject: subjectOf(approval),
    kind,
    ...by,
    detail: { approvalId: approval._id, question: approval.question, ...detail },
  });
}

async function cardsOf(ctx: QueryCtx, approvalId: Id<"approvals">): Promise<Doc<"deliveries">[]> {
  return (await deliveriesOf(ctx, approvalId)).filter(
    (row) => (JSON.parse(row.message) as OutMessage).kind === "card" && row.status !== "failed",
  );
}

/** Whose private place it is; null: shared, or nobody's handle. */
async function ownerOf(ctx: QueryCtx, place: string): Promise<Doc<"people"> | null> {
  const row = await ctx.db
    .query("handles")
    .withIndex("by_handle", (q) => q.eq("handle", place))
    .unique();
  return row === null ? null : await ctx.db.get("people", row.personId);
}

/** The places of a person, also of accounts that are not used now. */
export const placesOfPerson = async (ctx: QueryCtx, person: Doc<"people">): Promise<Set<string>> =>
  new Set((await allHandlesOf(ctx, person._id)).map(({ handle }) => handle));
