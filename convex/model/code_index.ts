/**
 * The index of a repository's text, as rows. One action at a time fills it, under a lease that each of its writes extends; killed, it is
 * started anew by the next search and goes on from the files that are in.
 */
import { makeFunctionReference } from "convex/server";
import type { ErrorInfo } from "../../src/contract/errors.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { excerptOf, fitOf, queryWords } from "../github/chunks.ts";
import { takeWithin } from "./bounded.ts";
import { fail } from "./errors.ts";

export const INDEX_LEASE_MS = 60_000;
/** A repository that was compared with GitHub so short a time ago is not compared again. */
const FRESH_MS = 20_000;
/** A failed round is not tried again at once by every question. */
const REST_AFTER_FAILURE_MS = 15_000;
const MAX_REPOS = 20;
const FORGOTTEN = "forgotten ";
const FORGET_AT_ONCE = 200;
const MAX_CANDIDATES = 60;
/** Those of a folder may stand far behind others. */
const MAX_CANDIDATES_OF_ALL = 400;
const MAX_RESULTS = 8;
const PER_FILE = 2;

const forget = makeFunctionReference<"mutation", { repoId: Id<"codeRepos"> }, null>("github/code_index:forget");

export async function codeRepo(ctx: QueryCtx, key: string): Promise<Doc<"codeRepos"> | null> {
  return await ctx.db
    .query("codeRepos")
    .withIndex("by_key", (q) => q.eq("key", key))
    .unique();
}

/** Whether a round is to be started now; the row holds its lease then. */
export async function beginRound(
  ctx: MutationCtx,
  key: string,
  name: string,
): Promise<{ repoId: Id<"codeRepos">; leaseId: string | null }> {
  const now = Date.now();
  const row = await codeRepo(ctx, key);
  if (row !== null) {
    const busy = row.status === "indexing" && row.leaseUntil > now;
    const rested = row.status === "failed" ? REST_AFTER_FAILURE_MS : FRESH_MS;
    if (busy || (row.status !== "indexing" && row.checkedAt > now - rested)) return { repoId: row._id, leaseId: null };
  } else await makeRoom(ctx);
  const lease = { leaseId: `${now}-${Math.random()}`, leaseUntil: now + INDEX_LEASE_MS };
  const state = { ...lease, status: "indexing" as const, done: 0, total: 0, leftOut: 0, error: null };
  if (row !== null) {
    await ctx.db.patch("codeRepos", row._id, state);
    return { repoId: row._id, leaseId: lease.leaseId };
  }
  const repoId = await ctx.db.insert("codeRepos", { key, name, commit: null, checkedAt: 0, ...state });
  return { repoId, leaseId: lease.leaseId };
}

/** Forgets what nobody has searched for the longest time, when there are as many as may be. */
async function makeRoom(ctx: MutationCtx): Promise<void> {
  const rows = (await ctx.db.query("codeRepos").take(2 * MAX_REPOS)).filter(({ key }) => !key.startsWith(FORGOTTEN));
  const oldest = rows.sort((a, b) => a.checkedAt - b.checkedAt)[0];
  if (rows.length < MAX_REPOS || oldest === undefined) return;
  // No repository has such a name, and a round that runs in it stops at its next write.
  await ctx.db.patch("codeRepos", oldest._id, { key: `${FORGOTTEN}${oldest._id}`, leaseId: FORGOTTEN });
  await ctx.scheduler.runAfter(0, forget, { repoId: oldest._id });
}

/** Removes a part of a forgotten repository. True: that was the last. */
export async function forgetPart(ctx: MutationCtx, repoId: Id<"codeRepos">): Promise<boolean> {
  const chunks = await ctx.db
    .query("codeChunks")
    .withIndex("by_repoId_and_path", (q) => q.eq("repoId", repoId))
    .take(FORGET_AT_ONCE);
  for (const chunk of chunks) await ctx.db.delete("codeChunks", chunk._id);
  const files = await ctx.db
    .query("codeFiles")
    .withIndex("by_repoId_and_path", (q) => q.eq("repoId", repoId))
    .take(FORGET_AT_ONCE);
  for (const file of files) await ctx.db.delete("codeFiles", file._id);
  if (chunks.length + files.length > 0) {
    await ctx.scheduler.runAfter(0, forget, { repoId });
    return false;
  }
  if ((await ctx.db.get("codeRepos", repoId)) !== null) await ctx.db.delete("codeRepos", repoId);
  return true;
}

/** The row while this round holds it; null: another one does. */
export async function heldRepo(
  ctx: QueryCtx,
  repoId: Id<"codeRepos">,
  leaseId: string,
): Promise<Doc<"codeRepos"> | null> {
  const row = await ctx.db.get("codeRepos", repoId);
  return row !== null && row.status === "indexing" && row.leaseId === leaseId ? row : null;
}

export async function extend(
  ctx: MutationCtx,
  repoId: Id<"codeRepos">,
  more: Partial<Doc<"codeRepos">>,
): Promise<void> {
  await ctx.db.patch("codeRepos", repoId, { ...more, leaseUntil: Date.now() + INDEX_LEASE_MS });
}

export async function endRound(
  ctx: MutationCtx,
  repoId: Id<"codeRepos">,
  end: { commit: string } | { error: ErrorInfo },
): Promise<void> {
  const checkedAt = Date.now();
  if ("commit" in end) {
    await ctx.db.patch("codeRepos", repoId, { status: "ready", commit: end.commit, error: null, checkedAt });
  } else await ctx.db.patch("codeRepos", repoId, { status: "failed", error: JSON.stringify(end.error), checkedAt });
}

/** Removes what is indexed of a file. */
export async function removeFile(ctx: MutationCtx, repoId: Id<"codeRepos">, path: string): Promise<void> {
  const chunks = ctx.db
    .query("codeChunks")
    .withIndex("by_repoId_and_path", (q) => q.eq("repoId", repoId).eq("path", path));
  for await (const chunk of chunks) await ctx.db.delete("codeChunks", chunk._id);
  const files = ctx.db
    .query("codeFiles")
    .withIndex("by_repoId_and_path", (q) => q.eq("repoId", repoId).eq("path", path));
  for await (const file of files) await ctx.db.delete("codeFiles", file._id);
}

export interface CodeFound {
  path: string;
  from: number;
  to: number;
  text: string;
}

/** The places that fit best, at most two of a file. `under`: only this folder, or this file. */
export async function searchCode(
  ctx: QueryCtx,
  repoId: Id<"codeRepos">,
  query: string,
  under: string | null,
): Promise<CodeFound[]> {
  const asked = queryWords(query);
  if (asked.length === 0) fail("invalid_input", "there is no word to look for", { field: "query" });
  const limit = under === null ? MAX_CANDIDATES : MAX_CANDIDATES_OF_ALL;
  const rows = ctx.db
    .query("codeChunks")
    .withSearchIndex("search_words", (q) => q.search("words", asked.flat().join(" ")).eq("repoId", repoId));
  const candidates = await takeWithin(rows, limit, (row) => row.text.length + row.words.length);
  const fitting = candidates
    .filter(({ path }) => under === null || path === under || path.startsWith(`${under}/`))
    .map((chunk) => ({ chunk, fit: fitOf(asked, chunk.path, chunk.words) }))
    .filter(({ fit }) => fit > 0)
    // Stable: of equal fit the search's own order stays.
    .sort((a, b) => b.fit - a.fit);
  const perFile = new Map<string, number>();
  const found: CodeFound[] = [];
  for (const { chunk } of fitting) {
    const count = perFile.get(chunk.path) ?? 0;
    if (count >= PER_FILE || found.length >= MAX_RESULTS) continue;
    perFile.set(chunk.path, count + 1);
    found.push({ path: chunk.path, ...excerptOf(asked, chunk) });
  }
  return found;
}
