/**
 * Short codes, one for each question and person: what a person types to name a question. Random, so that a code says nothing about
 * others; short while few are open, longer before they run out.
 */
import { looksLikeCode } from "../../src/flow/code.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";

/** As src/flow/code.ts has them: none that could be taken for another, a digit first. */
const DIGITS = "234679";
const ALL = `${DIGITS}ACEFHJKMNPRTWXY`;
const REUSE_AFTER_MS = 72 * 3600 * 1000;
/** Misses in a row before codes get longer: then more than about half of this length are taken. */
const TRIES = 3;
export const MAX_CODE_LENGTH = 8;

export async function openCode(ctx: MutationCtx, approvalId: Id<"approvals">, personId: Id<"people">): Promise<string> {
  for (let length = 2; length <= MAX_CODE_LENGTH; length++) {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const code = randomCode(length);
      if (await isTaken(ctx, personId, code)) continue;
      await ctx.db.insert("approvalCodes", { approvalId, personId, code, open: true, closedAt: null });
      return code;
    }
  }
  throw new Error("no free code");
}

/** In the form of a code; nothing says that it is free. */
export function randomCode(length: number): string {
  const pick = (from: string): string => from[Math.floor(Math.random() * from.length)] ?? "";
  for (;;) {
    let code = pick(DIGITS);
    while (code.length < length) code += pick(ALL);
    if (looksLikeCode(code)) return code;
  }
}

async function isTaken(ctx: QueryCtx, personId: Id<"people">, code: string): Promise<boolean> {
  const newest = await rowOf(ctx, personId, code);
  return newest !== null && (newest.open || (newest.closedAt ?? 0) > Date.now() - REUSE_AFTER_MS);
}

/** The person's newest question under this code, open or closed; null: never given to them. */
export async function rowOf(ctx: QueryCtx, personId: Id<"people">, code: string): Promise<Doc<"approvalCodes"> | null> {
  return await ctx.db
    .query("approvalCodes")
    .withIndex("by_personId_and_code", (q) => q.eq("personId", personId).eq("code", code))
    .order("desc")
    .first();
}

export async function codesOf(ctx: QueryCtx, approvalId: Id<"approvals">): Promise<Doc<"approvalCodes">[]> {
  return await ctx.db
    .query("approvalCodes")
    .withIndex("by_approvalId", (q) => q.eq("approvalId", approvalId))
    .take(1000);
}

/** The person's own code for a question; null where they were not asked. */
export async function codeFor(
  ctx: QueryCtx,
  approvalId: Id<"approvals">,
  personId: Id<"people">,
): Promise<string | null> {
  return (await codesOf(ctx, approvalId)).find((row) => row.personId === personId)?.code ?? null;
}

export async function closeCodes(ctx: MutationCtx, approvalId: Id<"approvals">): Promise<void> {
  const closedAt = Date.now();
  for (const row of await codesOf(ctx, approvalId)) {
    if (row.open) await ctx.db.patch("approvalCodes", row._id, { open: false, closedAt });
  }
}

/** The person is asked (again): their code of this question, opened again where it was closed. */
export async function codeOfAsked(
  ctx: MutationCtx,
  approvalId: Id<"approvals">,
  personId: Id<"people">,
): Promise<{ code: string; isNew: boolean }> {
  const row = (await codesOf(ctx, approvalId)).find((known) => known.personId === personId);
  if (row === undefined) return { code: await openCode(ctx, approvalId, personId), isNew: true };
  if (!row.open) await ctx.db.patch("approvalCodes", row._id, { open: true, closedAt: null });
  return { code: row.code, isNew: !row.open };
}

/** The person is asked no more, while the question goes on. */
export async function closeCode(ctx: MutationCtx, approvalId: Id<"approvals">, personId: Id<"people">): Promise<void> {
  const row = (await codesOf(ctx, approvalId)).find((known) => known.personId === personId);
  if (row?.open) await ctx.db.patch("approvalCodes", row._id, { open: false, closedAt: Date.now() });
}

/** A list has shown these to their person: from now on they can be settled several at once (B11). */
export async function noteListed(ctx: MutationCtx, personId: Id<"people">, codes: readonly string[]): Promise<void> {
  for (const code of codes) {
    const row = await rowOf(ctx, personId, code);
    if (row?.open && row.listedAt === undefined) {
      await ctx.db.patch("approvalCodes", row._id, { listedAt: Date.now() });
    }
  }
}
