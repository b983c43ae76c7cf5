import { v } from "convex/values";
import { components } from "./_generated/api.js";
import { internalMutation } from "./_generated/server.js";
import { progressOf } from "./model/conversations.ts";

/**
 * The agent thread of a job with its prompt saved in it, once for each job. Jobs with the same `threadKey` share a thread; null gives
 * a new one. `output` is the answer that was finished already, null when there is none.
 */
export const open = internalMutation({
  args: { jobId: v.id("jobs"), prompt: v.string(), threadKey: v.union(v.string(), v.null()) },
  handler: async (
    ctx,
    { jobId, prompt, threadKey },
  ): Promise<{ threadId: string; promptMessageId: string; output: string | null }> => {
    const before = await ctx.db
      .query("taskSessions")
      .withIndex("by_jobId", (q) => q.eq("jobId", jobId))
      .unique();
    if (before !== null) {
      const { threadId, promptMessageId } = before;
      const progress = await progressOf(ctx, before, promptMessageId);
      return { threadId, promptMessageId, output: progress.complete ? progress.texts.join("\n\n") : null };
    }
    const key = threadKey ?? `job:${jobId}`;
    const shared = await ctx.db
      .query("taskSessions")
      .withIndex("by_key", (q) => q.eq("key", key))
      .first();
    const threadId =
      shared?.threadId ?? (await ctx.runMutation(components.agent.threads.createThread, { title: key }))._id;
    const { messages } = await ctx.runMutation(components.agent.messages.addMessages, {
      threadId,
      messages: [{ message: { role: "user", content: prompt } }],
    });
    const promptMessageId = messages.at(-1)!._id;
    await ctx.db.insert("taskSessions", { jobId, key, threadId, promptMessageId });
    return { threadId, promptMessageId, output: null };
  },
});
