/** Roles and hands as rows: the files of `workflows/agents` and `workflows/hands` as they were last installed. */

import type { Problem } from "../../src/contract/problem.ts";
import { type Hand, type ProfileKind, parseProfile, profileProblems, type Role } from "../../src/flow/profile.ts";
import { sha256Hex } from "../../src/flow/sha256.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { fail } from "./errors.ts";
import { HAND_FUNCTIONS } from "./functions.ts";
import { toJsonText } from "./json.ts";
import type { Acting } from "./people.ts";
import { CAPABILITIES } from "./rights.ts";

const MAX_PROFILES = 500;
const KNOWN = { functions: HAND_FUNCTIONS, capabilities: CAPABILITIES };

export function profileProblemsOf(kind: ProfileKind, source: string, file: string): Problem[] {
  const parsed = parseProfile(kind, source, file, KNOWN);
  return parsed.ok ? [] : parsed.problems;
}

/** Throws `invalid_definition` with every problem of the file. `changed` false: it is there already, word for word. */
export async function installProfile(
  ctx: MutationCtx,
  kind: ProfileKind,
  source: string,
  file: string,
  acting: Acting,
): Promise<{ profile: Role | Hand; changed: boolean }> {
  const parsed = parseProfile(kind, source, file, KNOWN);
  if (!parsed.ok) {
    const [first] = parsed.problems;
    const field = first === undefined ? file : `${first.file}:${first.line}:${first.column}`;
    fail("invalid_definition", profileProblems(parsed.problems), { field });
  }
  const { profile } = parsed;
  const text = toJsonText(profile, "profile");
  const hash = await sha256Hex(text);
  const row = await rowOf(ctx, kind, profile.name);
  if (row?.hash === hash) return { profile, changed: false };
  const { name, title, description } = profile;
  const fields = { kind, name, title, description, profile: text, hash, file, installedBy: acting.person._id };
  if (row === null) await ctx.db.insert("profiles", { ...fields, at: Date.now() });
  else await ctx.db.patch("profiles", row._id, { ...fields, at: Date.now() });
  return { profile, changed: true };
}

export async function rolesAndHands(ctx: QueryCtx): Promise<Doc<"profiles">[]> {
  return await ctx.db.query("profiles").take(MAX_PROFILES);
}

export async function profileNames(ctx: QueryCtx, kind: ProfileKind): Promise<string[]> {
  const rows = await ctx.db
    .query("profiles")
    .withIndex("by_kind_and_name", (q) => q.eq("kind", kind))
    .take(MAX_PROFILES);
  return rows.map((row) => row.name);
}

export async function roleOf(ctx: QueryCtx, name: string): Promise<Role | null> {
  const row = await rowOf(ctx, "role", name);
  return row === null ? null : (JSON.parse(row.profile) as Role);
}

export async function handOf(ctx: QueryCtx, name: string): Promise<Hand | null> {
  const row = await rowOf(ctx, "hand", name);
  return row === null ? null : (JSON.parse(row.profile) as Hand);
}

async function rowOf(ctx: QueryCtx, kind: ProfileKind, name: string): Promise<Doc<"profiles"> | null> {
  return await ctx.db
    .query("profiles")
    .withIndex("by_kind_and_name", (q) => q.eq("kind", kind).eq("name", name))
    .unique();
}
