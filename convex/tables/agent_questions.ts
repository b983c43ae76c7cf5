import { defineTable } from "convex/server";
import { v } from "convex/values";

export const agentQuestionTables = {
  /**
   * A tool call of an agent that a person has to answer: `open` -> `answered` (or expired, which is an answer too). The approval under
   * `key` is the question itself; here is whose call waits for it.
   */
  agentQuestions: defineTable({
    agent: v.string(),
    /** Of the approval; also when that was asked anew under the same key. */
    key: v.string(),
    status: v.union(v.literal("open"), v.literal("answered")),
    conversationId: v.id("conversations"),
    turnId: v.id("turns"),
    toolCallId: v.string(),
    /** The message whose answer holds the call: what the turn goes on from. */
    promptMessageId: v.string(),
    /** Whom the turn served. */
    personId: v.id("people"),
    question: v.string(),
    /** Who is asked, as said to people. */
    asked: v.string(),
    /** Hash of all that is asked: the same again meanwhile is the same question. */
    payloadHash: v.string(),
  })
    .index("by_key", ["key"])
    .index("by_turnId", ["turnId"])
    .index("by_conversationId_and_status", ["conversationId", "status"])
    .index("by_payloadHash_and_status", ["payloadHash", "status"]),
};
