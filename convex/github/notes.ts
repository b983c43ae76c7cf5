/** What a call meant to make on GitHub, kept where a crash does not reach it. */
import { v } from "convex/values";
import { internalMutation, internalQuery } from "../_generated/server.js";
import type { BranchNote } from "./branches.ts";

export const recall = internalQuery({
  args: { key: v.string() },
  handler: async (ctx, { key }): Promise<BranchNote | null> => {
    const row = await ctx.db
      .query("githubNotes")
      .withIndex("by_key", (q) => q.eq("key", key))
      .unique();
    return row === null ? null : { base: row.base, sha: row.sha, url: row.url };
  },
});

/** The first one stays: of two tries at once both go by it. */
export const keep = internalMutation({
  args: { key: v.string(), base: v.string(), sha: v.string(), url: v.string() },
  handler: async (ctx, note): Promise<void> => {
    const row = await ctx.db
      .query("githubNotes")
      .withIndex("by_key", (q) => q.eq("key", note.key))
      .unique();
    if (row === null) await ctx.db.insert("githubNotes", note);
  },
});
