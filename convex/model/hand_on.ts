/** Who is asked changes while a question is open: handed on to somebody (A13), sent again, or its approver has left (A12). */

import { overWords, timeText } from "../../src/flow/outcome.ts";
import { approverWords, isApprover, ownRequest, refusedReason } from "../../src/flow/verdict.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { endTimers } from "./approval_timers.ts";
import { answerers, candidatesFor } from "./approvers.ts";
import { doneBy } from "./audit.ts";
import { voteRows, votesOf } from "./cards.ts";
import { closeCode, codesOf } from "./codes.ts";
import { reviseCopies } from "./copies.ts";
import { fail } from "./errors.ts";
import { askPerson, note, placesOfPerson } from "./ladder.ts";
import { deliveriesOf } from "./outbox.ts";
import type { Acting } from "./people.ts";
import { may } from "./rights.ts";
import { rolesOf } from "./rotas.ts";
import { raise } from "./troubles.ts";
import { orphaned } from "./watch.ts";

/** What was done, in one sentence for whoever did it. */
export interface HandedOn {
  approvalId: Id<"approvals">;
  /** False: policy refused it, and nothing changed but the record of the attempt. */
  done: boolean;
  from: string;
  to: string;
  message: string;
}

/**
 * The part of one approver goes to another person, who is held to the same policy: not who asks under four eyes, and where a role
 * decides, somebody of that role, unless an admin hands it on. Whoever handed on answers no more.
 */
export async function reassign(
  ctx: MutationCtx,
  acting: Acting,
  approval: Doc<"approvals">,
  to: Doc<"people">,
): Promise<HandedOn> {
  demandPending(approval);
  const from = await giverOf(ctx, acting, approval);
  const refused = await refusal(ctx, acting, approval, from, to);
  if (refused !== null) {
    await note(
      ctx,
      approval,
      "approval.reassignRefused",
      { from: from.name, to: to.name, why: refused },
      doneBy(acting),
    );
    return { approvalId: approval._id, done: false, from: from.name, to: to.name, message: refused };
  }
  const handedOn = [...(approval.handedOn ?? []), { personId: from._id, to: to._id }];
  const approvers = await approversAfter(ctx, approval, from, to);
  await ctx.db.patch("approvals", approval._id, { approvers, handedOn });
  const row = { ...approval, approvers, handedOn };
  await closeCode(ctx, approval._id, from._id);
  await endTimers(ctx, approval._id, from._id);
  await reviseCopies(ctx, row, await votesOf(ctx, approval._id), { without: await placesOfPerson(ctx, from) });
  const places = await askPerson(ctx, row, to);
  await note(ctx, row, "approval.reassigned", { from: from.name, to: to.name, places }, doneBy(acting));
  const unreached = places.length === 0 ? `, but there is no way to reach ${to.name}: link a handle first` : "";
  return {
    approvalId: approval._id,
    done: true,
    from: from.name,
    to: to.name,
    message: `Handed on from ${from.name} to ${to.name}${unreached}.`,
  };
}

/** Whose part it is: the actor's own, or for an admin that of the only person who is asked. */
async function giverOf(ctx: QueryCtx, acting: Acting, approval: Doc<"approvals">): Promise<Doc<"people">> {
  const asked = (await codesOf(ctx, approval._id)).filter((row) => row.open);
  if (asked.some(({ personId }) => personId === acting.person._id)) return acting.person;
  if (!may(acting.person, "people.manage")) {
    fail("forbidden", "only somebody who is asked, or an admin, may hand this question on", {
      field: "ref",
      remedy: "ask one of them, or an admin, to hand it on",
    });
  }
  const [only, ...others] = await Promise.all(asked.map(({ personId }) => ctx.db.get("people", personId)));
  if (only == null) {
    fail("conflict", "nobody is asked just now, so there is nobody to take it from", {
      field: "ref",
      remedy: "send it again: then those who may answer by now are asked",
    });
  }
  if (others.length > 0) {
    const names = [only, ...others].flatMap((person) => person?.name ?? []);
    fail("ambiguous", `${names.join(", ")} are asked: whose part is it?`, {
      field: "ref",
      remedy: "hand it on for one of them, with --as NAME",
    });
  }
  return only;
}

/** Null: it may go to `to`. */
async function refusal(
  ctx: QueryCtx,
  acting: Acting,
  approval: Doc<"approvals">,
  from: Doc<"people">,
  to: Doc<"people">,
): Promise<string | null> {
  const now = Date.now();
  if (to._id === from._id) return `${to.name} is asked already.`;
  if ((await voteRows(ctx, approval._id)).some((vote) => vote.countsAs === from._id)) {
    return `${from.name} has voted on this already.`;
  }
  if (approval.handedOn?.some(({ personId }) => personId === to._id)) {
    return `${to.name} has handed this question on already.`;
  }
  const state = { ...approval, requesterId: approval.requester, handedOn: [] };
  const asOther = { roles: await rolesOf(ctx, to, now), id: to._id, name: to.name };
  const attempt = { person: asOther, channel: "system", operator: null };
  for (const requesterId of [approval.requester, approval.requestedBy]) {
    if (ownRequest({ ...state, requesterId }, attempt)) {
      return `${to.name} asked for this, and somebody else has to decide.`;
    }
  }
  const roles = approval.approvers.filter((approver) => approver.startsWith("role:"));
  const eligible = refusedReason(state, attempt) === null;
  if (!eligible && roles.length > 0 && !may(acting.person, "people.manage")) {
    return `${to.name} may not answer this: it is for ${approval.approvers.map(approverWords).join(", ")}.`;
  }
  const approvers = await approversAfter(ctx, approval, from, to);
  const handedOn = [...(approval.handedOn ?? []), { personId: from._id }];
  const left = await answerers(ctx, { ...approval, fourEyes: isFourEyes(approval), approvers, handedOn });
  if (left.length < approval.quorum) return `Then only ${left.length} could answer, and ${approval.quorum} must.`;
  return null;
}

const isFourEyes = (approval: Doc<"approvals">): boolean => approval.fourEyes || approval.tier === "high";

/** Where a name stood, the other one stands; a role stays, and somebody outside of it is added by name. */
async function approversAfter(
  ctx: QueryCtx,
  approval: Doc<"approvals">,
  from: Doc<"people">,
  to: Doc<"people">,
): Promise<string[]> {
  const now = Date.now();
  const [giver, taker] = await Promise.all(
    [from, to].map(async (person) => ({ id: person._id, name: person.name, roles: await rolesOf(ctx, person, now) })),
  );
  const names = (approvers: string[], person: typeof giver): boolean =>
    approvers.length > 0 && isApprover({ approvers, requesterId: approval.requester }, person!);
  const rest = approval.approvers.filter((approver) => approver.startsWith("role:") || !names([approver], giver));
  const covered = names(rest, taker);
  return covered ? rest : [...rest, `person:${to.name}`];
}

// ---- sent again --------------------------------------------------------------------------------------------------------------

export interface Resent {
  approvalId: Id<"approvals">;
  places: string[];
  message: string;
}

/** Whoever is asked gets their own copy again; who asked, and admins, send it again to everybody who is asked. */
export async function resend(
  ctx: MutationCtx,
  acting: Acting,
  approval: Doc<"approvals">,
  requestKey: string,
): Promise<Resent> {
  demandPending(approval);
  const open = (await codesOf(ctx, approval._id)).filter((row) => row.open);
  const mine = open.filter(({ personId }) => personId === acting.person._id);
  const all = acting.person._id === approval.requestedBy || may(acting.person, "people.manage");
  if (mine.length === 0 && !all) {
    fail("forbidden", "only somebody who is asked, who asked, or an admin may send it again", {
      field: "ref",
      remedy: "ask one of them, or an admin, to send it again",
    });
  }
  const places: string[] = [];
  if (all) await askMissing(ctx, approval);
  for (const { personId } of all ? open : mine) {
    const person = await ctx.db.get("people", personId);
    if (person !== null) places.push(...(await askPerson(ctx, approval, person, [], { again: `:${requestKey}` })));
  }
  await note(ctx, approval, "approval.resent", { places }, doneBy(acting));
  const copies = await deliveriesOf(ctx, approval._id);
  const where = places.length === 0 ? "There is nowhere to send it" : `Sent again to ${places.join(", ")}`;
  return { approvalId: approval._id, places, message: `${where}; it has ${copies.length} copies now.` };
}

// ---- an approver leaves ------------------------------------------------------------------------------------------------------

const MAX_OPEN = 500;

/** The person's roles are others now: of what they may no longer answer their code is closed, and those who may are asked. */
export async function reconsider(ctx: MutationCtx, personId: Id<"people">): Promise<void> {
  const person = await ctx.db.get("people", personId);
  if (person === null) return;
  const open = await ctx.db
    .query("approvalCodes")
    .withIndex("by_personId_and_open", (q) => q.eq("personId", personId).eq("open", true))
    .take(MAX_OPEN);
  const attempt = {
    person: { id: personId as string, name: person.name, roles: await rolesOf(ctx, person, Date.now()) },
    channel: "system",
    operator: null,
  };
  for (const { approvalId } of open) {
    const approval = await ctx.db.get("approvals", approvalId);
    if (approval === null || approval.status !== "pending") continue;
    if (refusedReason({ ...approval, requesterId: approval.requester, handedOn: [] }, attempt) === null) continue;
    await leave(ctx, approval, person);
  }
}

async function leave(ctx: MutationCtx, approval: Doc<"approvals">, person: Doc<"people">): Promise<void> {
  await closeCode(ctx, approval._id, person._id);
  await endTimers(ctx, approval._id, person._id);
  await reviseCopies(ctx, approval, await votesOf(ctx, approval._id), { without: await placesOfPerson(ctx, person) });
  const asked = new Set((await codesOf(ctx, approval._id)).filter((row) => row.open).map((row) => row.personId));
  const others = await candidatesFor(ctx, { ...approval, fourEyes: isFourEyes(approval) }).catch(() => []);
  const added = others.filter(({ _id }) => !asked.has(_id));
  for (const other of added) await askPerson(ctx, approval, other);
  await note(ctx, approval, "approval.approverLeft", {
    left: person.name,
    asked: added.map(({ name }) => name),
    remaining: asked.size + added.length,
  });
  const trouble = await orphaned(ctx, approval);
  if (trouble !== null) await raise(ctx, trouble);
}

/** While fewer are asked than must answer: whoever may by now. Returns the names. */
async function askMissing(ctx: MutationCtx, approval: Doc<"approvals">): Promise<string[]> {
  const asked = new Set((await codesOf(ctx, approval._id)).filter((row) => row.open).map((row) => row.personId));
  if (asked.size >= approval.quorum) return [];
  const may = await answerers(ctx, { ...approval, fourEyes: isFourEyes(approval) }, false);
  const added = may.filter(({ _id }) => !asked.has(_id));
  for (const person of added) await askPerson(ctx, approval, person);
  return added.map(({ name }) => name);
}

/** Somebody has a role now: the questions that waited for such a one are asked. */
export async function askWaiting(ctx: MutationCtx): Promise<void> {
  const rows = await ctx.db
    .query("troubles")
    .withIndex("by_status", (q) => q.eq("status", "open"))
    .take(MAX_OPEN);
  for (const { approvalId, key } of rows) {
    const approval =
      approvalId === null || !key.endsWith(":approvers") ? null : await ctx.db.get("approvals", approvalId);
    if (approval === null || approval.status !== "pending") continue;
    const names = await askMissing(ctx, approval);
    if (names.length > 0) await note(ctx, approval, "approval.approverCame", { asked: names });
  }
}

function demandPending(approval: Doc<"approvals">): void {
  if (approval.status === "pending") return;
  const at = approval.outcome === null ? "" : ` (${timeText(approval.outcome.at)})`;
  fail("conflict", `this question ${overWords(approval.status)} already${at}`, {
    field: "ref",
    remedy:
      approval.status === "superseded"
        ? "look for the newer one: factory approvals list shows what is open"
        : `nothing is left to answer; factory approvals show ${approval._id} tells how it ended`,
  });
}
