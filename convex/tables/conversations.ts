import { defineTable } from "convex/server";
import { v } from "convex/values";
import { vOrigin } from "./runs.ts";

/**
 * A place (or a thread in it) and its agent thread. A private conversation belongs to one person and may search that person's
 * other private ones; a shared one belongs to the place and searches nothing else.
 */
export const conversations = defineTable({
  /** The adapter's threadKey, or the place when it gave none. */
  key: v.string(),
  channel: v.string(),
  /** The person's id for a private conversation, null for a shared one. */
  owner: v.union(v.id("people"), v.null()),
  /** The agent component's thread. */
  threadId: v.string(),
  /** What the agent component files its messages under: the person, or the place. */
  userId: v.string(),
  /** Whose it is (agents/crew.ts). Absent: the Factory Manager's. */
  agent: v.optional(v.string()),
  /** Of an agent that works for another's conversation: where that is. It speaks to nobody itself. Absent: people talk here. */
  origin: v.optional(vOrigin),
})
  .index("by_key_and_owner", ["key", "owner"])
  .index("by_channel", ["channel"]);

/**
 * The agent thread and the saved prompt of a workflow's task, so that a job taken up again after a crash goes on instead of asking
 * twice. Tasks of one run with a shared session have one `key`.
 */
export const taskSessions = defineTable({
  jobId: v.id("jobs"),
  key: v.string(),
  threadId: v.string(),
  promptMessageId: v.string(),
})
  .index("by_jobId", ["jobId"])
  .index("by_key", ["key"]);

export const conversationTables = { conversations, taskSessions };
