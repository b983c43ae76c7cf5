import { defineTable } from "convex/server";
import { v } from "convex/values";

export const codeTables = {
  /** A repository whose text can be searched. `indexing` under a lease; what was indexed before stays searchable meanwhile. */
  codeRepos: defineTable({
    /** `owner/name` in lower case. */
    key: v.string(),
    name: v.string(),
    status: v.union(v.literal("indexing"), v.literal("ready"), v.literal("failed")),
    leaseId: v.string(),
    leaseUntil: v.number(),
    /** Of its default branch, when everything of it had been indexed; null: never yet. */
    commit: v.union(v.string(), v.null()),
    /** Files of this round that are in, and that there are to be. */
    done: v.number(),
    total: v.number(),
    /** Files that are text but were left out, because there are too many. */
    leftOut: v.number(),
    /** ErrorInfo as JSON text. */
    error: v.union(v.string(), v.null()),
    /** When it was last compared with GitHub. */
    checkedAt: v.number(),
  }).index("by_key", ["key"]),

  /** What of a file is indexed: unchanged as long as its blob is. */
  codeFiles: defineTable({
    repoId: v.id("codeRepos"),
    path: v.string(),
    blob: v.string(),
    chunks: v.number(),
  }).index("by_repoId_and_path", ["repoId", "path"]),

  codeChunks: defineTable({
    repoId: v.id("codeRepos"),
    path: v.string(),
    blob: v.string(),
    /** The commit at which it was read. */
    commit: v.string(),
    /** Its lines, from 1. */
    from: v.number(),
    to: v.number(),
    text: v.string(),
    /** The words of the path and the text, identifiers also in their parts. */
    words: v.string(),
  })
    .index("by_repoId_and_path", ["repoId", "path"])
    .searchIndex("search_words", { searchField: "words", filterFields: ["repoId"] }),
};
