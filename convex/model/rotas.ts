/** On call: who is asked for a role at a moment (A12). Whoever is on call holds the role for that time, also without having it else. */
import { MAX_DURATION_MS } from "../../src/flow/shape.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { fail } from "./errors.ts";
import { peopleWithRole } from "./people.ts";

const MAX_SHIFTS = 500;
const DAY_MS = 24 * 3600_000;
const MAX_SHIFT_MS = 366 * DAY_MS;

/** Those on call for the role at `now`; empty: nobody is. */
export async function onCall(ctx: QueryCtx, role: string, now: number): Promise<Doc<"people">[]> {
  const shifts = await ctx.db
    .query("rotas")
    .withIndex("by_role_and_until", (q) => q.eq("role", role.toLowerCase()).gt("until", now))
    .take(MAX_SHIFTS);
  return await personsOf(ctx, new Set(shifts.filter(({ from }) => from <= now).map(({ personId }) => personId)));
}

/** Everybody who may answer for the role: its holders and whoever is on call. */
export async function membersOf(ctx: QueryCtx, role: string, now: number): Promise<Doc<"people">[]> {
  const found = new Map(
    [...(await peopleWithRole(ctx, role)), ...(await onCall(ctx, role, now))].map((p) => [p._id, p]),
  );
  return [...found.values()];
}

/** The roles a person has at `now`, those of their shifts among them. */
export async function rolesOf(ctx: QueryCtx, person: Doc<"people">, now: number): Promise<string[]> {
  const shifts = await ctx.db
    .query("rotas")
    .withIndex("by_personId_and_until", (q) => q.eq("personId", person._id).gt("until", now))
    .take(MAX_SHIFTS);
  const onDuty = shifts.filter(({ from }) => from <= now).map(({ role }) => role);
  return [...new Set([...person.roles, ...onDuty])];
}

/** Adds a shift; the same one twice is one. */
export async function addShift(
  ctx: MutationCtx,
  shift: { role: string; personId: Id<"people">; from: number; until: number },
): Promise<void> {
  const { role, personId, from, until } = shift;
  checkTimes(from, until, Date.now());
  const same = await ctx.db
    .query("rotas")
    .withIndex("by_role_and_until", (q) => q.eq("role", role).eq("until", until))
    .collect();
  if (same.some((row) => row.personId === personId && row.from === from)) return;
  await ctx.db.insert("rotas", { role, personId, from, until });
}

function checkTimes(from: number, until: number, now: number): void {
  const problem = !(until > from)
    ? "this shift would end before it begins"
    : until - from > MAX_SHIFT_MS
      ? "a shift is at most a year long"
      : until <= now
        ? "this shift is over already"
        : until - now > MAX_DURATION_MS
          ? `a shift ends at most ${MAX_DURATION_MS / DAY_MS} days from now`
          : null;
  if (problem === null) return;
  fail("invalid_input", problem, {
    field: "until",
    remedy: "give --from and --until as times, for example --from 2026-11-20T18:00 --until 2026-11-21T08:00",
  });
}

/** Shifts of a role that are not over, soonest first. */
export async function shiftsOf(ctx: QueryCtx, role: string, now: number): Promise<Doc<"rotas">[]> {
  const rows = await ctx.db
    .query("rotas")
    .withIndex("by_role_and_until", (q) => q.eq("role", role).gt("until", now))
    .take(MAX_SHIFTS);
  return rows.sort((a, b) => a.from - b.from);
}

async function personsOf(ctx: QueryCtx, ids: Set<Id<"people">>): Promise<Doc<"people">[]> {
  const rows = await Promise.all([...ids].map((id) => ctx.db.get("people", id)));
  return rows.filter((row) => row !== null);
}
