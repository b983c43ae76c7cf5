import { defineTable } from "convex/server";
import { v } from "convex/values";

export const workflowTables = {
  /**
   * Definitions. A row never changes once runs point to it, except for `latest`: that is how a run stays on the version it began
   * with (W6). Inline definitions (`run FILE`) are rows too, with version 0 and `listed` false, shared by hash.
   */
  workflows: defineTable({
    name: v.string(),
    version: v.number(),
    /** Shown by `list` and taken for new runs: the newest version of its name, unless removed. */
    latest: v.boolean(),
    title: v.string(),
    description: v.union(v.string(), v.null()),
    /** The text as its author wrote it, with the file's name for error positions. */
    source: v.string(),
    file: v.string(),
    /** The compiled definition as canonical JSON, and its SHA-256. */
    graph: v.string(),
    graphHash: v.string(),
    builtin: v.boolean(),
    createdBy: v.union(v.string(), v.null()),
    /** As whom its schedule and its hook start runs. Absent: nobody, they do not. */
    createdById: v.optional(v.id("people")),
    /** The hook that starts it. Absent: none. */
    hook: v.optional(v.string()),
    createdAt: v.number(),
  })
    .index("by_name_and_version", ["name", "version"])
    .index("by_latest_and_name", ["latest", "name"])
    .index("by_latest_and_hook", ["latest", "hook"])
    .index("by_graphHash", ["graphHash"]),
};
