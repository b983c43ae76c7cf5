/**
 * How an account on a platform becomes a person's: a code is issued where the person is known already (CLI, Slack, terminal), and is
 * sent from the new account within ten minutes. The platform vouches for the account, the code for the person (I6).
 */
import { CHANNELS } from "../../src/contract/handle.ts";
import type { InboundEvent } from "../../src/contract/inbound.ts";
import { looksLikeCode, normalizeCode } from "../../src/flow/code.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { record } from "./audit.ts";
import { randomCode } from "./codes.ts";
import { fail } from "./errors.ts";
import { type Acting, allHandlesOf, demandPerson, linkHandle } from "./people.ts";
import { demand } from "./rights.ts";
import { suspendHandle } from "./suspension.ts";

export const ENROLMENT_MS = 10 * 60_000;
/** Wrong codes from one account within ten minutes; after them it has to wait. */
export const ENROLMENT_TRIES = 3;
/** Half a thousand million of them: with three tries in ten minutes nobody guesses one. */
const CODE_LENGTH = 7;
/** A terminal's name is vouched for by the machine itself. */
const ENROLLABLE: readonly string[] = CHANNELS.filter((channel) => channel !== "terminal");

export interface Enrolling {
  name: string;
  channel: string;
  code: string;
  expiresAt: number;
}

/** A new code for a person; an earlier one for this channel stops counting. Everybody may enrol themselves. */
export async function enrol(ctx: MutationCtx, acting: Acting, name: string, channel: string): Promise<Enrolling> {
  const person = await demandPerson(ctx, name);
  if (person._id !== acting.person._id) demand(acting, "people.manage");
  if (!ENROLLABLE.includes(channel)) {
    fail("invalid_input", `nobody can be enrolled on "${channel}"`, {
      field: "channel",
      remedy: `write one of ${ENROLLABLE.join(", ")}`,
    });
  }
  const earlier = await ctx.db
    .query("enrolments")
    .withIndex("by_personId_and_channel_and_status", (q) =>
      q.eq("personId", person._id).eq("channel", channel).eq("status", "open"),
    )
    .collect();
  for (const row of earlier) await ctx.db.patch("enrolments", row._id, { status: "replaced" });
  const code = randomCode(CODE_LENGTH);
  const expiresAt = Date.now() + ENROLMENT_MS;
  await ctx.db.insert("enrolments", { personId: person._id, channel, code, expiresAt, status: "open" });
  await note(ctx, person, "person.enrolling", { channel }, acting.handle, acting.channel, acting);
  return { name: person.name, channel, code, expiresAt };
}

export type Redeemed =
  /** Not in the form of a code, or nobody is being enrolled on this channel: not about enrolment. */
  | { kind: "none" }
  | { kind: "linked"; person: Doc<"people"> }
  /** To be told; null: nothing is said, the tries are used up. */
  | { kind: "refused"; text: string | null };

/** What an unknown account wrote. */
export async function redeem(ctx: MutationCtx, event: InboundEvent): Promise<Redeemed> {
  const { channel, sender } = event;
  const code = event.kind === "message" ? codeIn(event.text) : null;
  if (code === null || !(await anyOpen(ctx, channel))) return { kind: "none" };
  const tries = await triesOf(ctx, sender.handle);
  if (tries >= ENROLMENT_TRIES) return { kind: "refused", text: null };
  const row = await ctx.db
    .query("enrolments")
    .withIndex("by_channel_and_code", (q) => q.eq("channel", channel).eq("code", code))
    .order("desc")
    .first();
  const person = row === null ? null : await ctx.db.get("people", row.personId);
  if (row === null || person === null || row.status !== "open" || row.expiresAt <= Date.now()) {
    await countTry(ctx, sender.handle);
    const left = ENROLMENT_TRIES - tries - 1;
    const next = left === 0 ? "Wait 10 minutes and ask for a new one." : `Tries left: ${left}.`;
    return { kind: "refused", text: `That code is not valid, or it is too old. ${next}` };
  }
  await ctx.db.patch("enrolments", row._id, { status: "used" });
  // One phone a person: an older number may belong to somebody else by now.
  for (const old of await allHandlesOf(ctx, person._id)) {
    if (channel === "sms" && old.channel === channel && old.handle !== sender.handle) {
      await suspendHandle(ctx, old.handle, "replaced");
    }
  }
  await forget(ctx, sender.handle);
  await linkHandle(ctx, person, sender.handle);
  await note(ctx, person, "person.enrolled", { handle: sender.handle }, sender.handle, channel, null);
  return { kind: "linked", person };
}

/** The whole message is a code, or the word ENROL and a code. */
function codeIn(text: string): string | null {
  const said = /^(?:enroll?\s+)?(\S+?)[.!]?$/i.exec(text.trim())?.[1];
  const code = said === undefined ? "" : normalizeCode(said);
  return code.length === CODE_LENGTH && looksLikeCode(code) ? code : null;
}

async function anyOpen(ctx: MutationCtx, channel: string): Promise<boolean> {
  const newest = await ctx.db
    .query("enrolments")
    .withIndex("by_channel_and_code", (q) => q.eq("channel", channel))
    .filter((q) => q.and(q.eq(q.field("status"), "open"), q.gt(q.field("expiresAt"), Date.now() - ENROLMENT_MS)))
    .first();
  return newest !== null;
}

// ---- strangers ---------------------------------------------------------------------------------------------------------------

const HINT_EVERY_MS = 24 * 3600_000;

/** Whether an unknown account is to get the hint how to enrol: once a day. Counts as given. */
export async function hintDue(ctx: MutationCtx, handle: string): Promise<boolean> {
  const row = await strangerRow(ctx, handle);
  const now = Date.now();
  if (row === null) await ctx.db.insert("strangers", { handle, hintedAt: now, tries: 0, firstTryAt: 0 });
  else if (now - row.hintedAt < HINT_EVERY_MS) return false;
  else await ctx.db.patch("strangers", row._id, { hintedAt: now });
  return true;
}

async function triesOf(ctx: MutationCtx, handle: string): Promise<number> {
  const row = await strangerRow(ctx, handle);
  return row === null || Date.now() - row.firstTryAt > ENROLMENT_MS ? 0 : row.tries;
}

async function countTry(ctx: MutationCtx, handle: string): Promise<void> {
  const tries = await triesOf(ctx, handle);
  const row = await strangerRow(ctx, handle);
  const firstTryAt = tries === 0 || row === null ? Date.now() : row.firstTryAt;
  if (row === null) await ctx.db.insert("strangers", { handle, hintedAt: 0, tries: 1, firstTryAt });
  else await ctx.db.patch("strangers", row._id, { tries: tries + 1, firstTryAt });
}

async function forget(ctx: MutationCtx, handle: string): Promise<void> {
  const row = await strangerRow(ctx, handle);
  if (row !== null) await ctx.db.delete("strangers", row._id);
}

async function strangerRow(ctx: MutationCtx, handle: string): Promise<Doc<"strangers"> | null> {
  return await ctx.db
    .query("strangers")
    .withIndex("by_handle", (q) => q.eq("handle", handle))
    .unique();
}

async function note(
  ctx: MutationCtx,
  person: Doc<"people">,
  kind: string,
  detail: Record<string, unknown>,
  handle: string | null,
  channel: string,
  by: Acting | null,
): Promise<void> {
  const who = by === null ? { id: person._id, shown: person.name } : { id: by.person._id, shown: by.shown };
  await record(ctx, {
    subject: `person:${person._id}`,
    kind,
    person: who,
    handle,
    channel,
    detail: { name: person.name, ...detail },
  });
}
