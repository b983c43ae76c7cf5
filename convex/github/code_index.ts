/** The index of a repository, as the indexing action and the look reach it; the rules are in `model/code_index.ts`. */
import { paginationOptsValidator } from "convex/server";
import { v } from "convex/values";
import { errorInfo, zErrorInfo } from "../../src/contract/errors.ts";
import { internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import { internalMutation, internalQuery } from "../_generated/server.js";
import * as index from "../model/code_index.ts";
import { repoKey } from "./names.ts";

const held = { repoId: v.id("codeRepos"), leaseId: v.string() };

/** Starts a round unless one runs, or the last one was a moment ago. */
export const ensure = internalMutation({
  args: { owner: v.string(), name: v.string() },
  handler: async (ctx, repo): Promise<Id<"codeRepos">> => {
    const { repoId, leaseId } = await index.beginRound(ctx, repoKey(repo), `${repo.owner}/${repo.name}`);
    if (leaseId !== null) await ctx.scheduler.runAfter(0, internal.github.indexing.run, { repoId, leaseId, ...repo });
    return repoId;
  },
});

export interface IndexState {
  status: "indexing" | "ready" | "failed";
  commit: string | null;
  done: number;
  total: number;
  leftOut: number;
  error: string | null;
}

export const state = internalQuery({
  args: { repoId: v.id("codeRepos") },
  handler: async (ctx, { repoId }): Promise<IndexState | null> => {
    const row = await ctx.db.get("codeRepos", repoId);
    if (row === null) return null;
    const { status, commit, done, total, leftOut, error } = row;
    return { status, commit, done, total, leftOut, error };
  },
});

/** What is in, a page at a time. */
export const files = internalQuery({
  args: { repoId: v.id("codeRepos"), paginationOpts: paginationOptsValidator },
  handler: async (ctx, { repoId, paginationOpts }) => {
    const { page, isDone, continueCursor } = await ctx.db
      .query("codeFiles")
      .withIndex("by_repoId_and_path", (q) => q.eq("repoId", repoId))
      .paginate(paginationOpts);
    return { page: page.map(({ path, blob }) => ({ path, blob })), isDone, continueCursor };
  },
});

const vFile = v.object({
  path: v.string(),
  blob: v.string(),
  chunks: v.array(v.object({ from: v.number(), to: v.number(), text: v.string(), words: v.string() })),
});

/** Puts files in, in place of what was there of them. False: the lease is lost, stop. */
export const store = internalMutation({
  args: {
    ...held,
    commit: v.string(),
    files: v.array(vFile),
    done: v.number(),
    total: v.number(),
    leftOut: v.number(),
  },
  handler: async (ctx, { repoId, leaseId, commit, files, ...progress }): Promise<boolean> => {
    if ((await index.heldRepo(ctx, repoId, leaseId)) === null) return false;
    for (const { path, blob, chunks } of files) {
      await index.removeFile(ctx, repoId, path);
      for (const chunk of chunks) await ctx.db.insert("codeChunks", { repoId, path, blob, commit, ...chunk });
      await ctx.db.insert("codeFiles", { repoId, path, blob, chunks: chunks.length });
    }
    await index.extend(ctx, repoId, progress);
    return true;
  },
});

export const remove = internalMutation({
  args: { ...held, paths: v.array(v.string()) },
  handler: async (ctx, { repoId, leaseId, paths }): Promise<boolean> => {
    if ((await index.heldRepo(ctx, repoId, leaseId)) === null) return false;
    for (const path of paths) await index.removeFile(ctx, repoId, path);
    await index.extend(ctx, repoId, {});
    return true;
  },
});

/** `error`: an ErrorInfo; null: all of the commit is in. */
export const end = internalMutation({
  args: { ...held, commit: v.union(v.string(), v.null()), error: v.any() },
  handler: async (ctx, { repoId, leaseId, commit, error }): Promise<void> => {
    if ((await index.heldRepo(ctx, repoId, leaseId)) === null) return;
    const read = zErrorInfo.safeParse(error);
    if (commit !== null) await index.endRound(ctx, repoId, { commit });
    else
      await index.endRound(ctx, repoId, {
        error: read.success ? read.data : errorInfo("internal", "indexing stopped for a reason unknown"),
      });
  },
});

/** A part at a time, until nothing is left of it. */
export const forget = internalMutation({
  args: { repoId: v.id("codeRepos") },
  handler: async (ctx, { repoId }): Promise<void> => void (await index.forgetPart(ctx, repoId)),
});

export const search = internalQuery({
  args: { repoId: v.id("codeRepos"), query: v.string(), under: v.union(v.string(), v.null()) },
  handler: async (ctx, { repoId, query, under }): Promise<index.CodeFound[]> =>
    await index.searchCode(ctx, repoId, query, under),
});
