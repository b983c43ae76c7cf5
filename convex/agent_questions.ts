/** The way from a settled question back to the agent that raised it; called by `model/settle.ts` within its transaction. */
import { v } from "convex/values";
import { internalMutation } from "./_generated/server.js";
import { takeAnswer } from "./model/agent_questions.ts";
import { takeVerdict } from "./model/gate.ts";

export const answered = internalMutation({
  args: { key: v.string(), result: v.string() },
  handler: async (ctx, { key, result }): Promise<null> => {
    if (key.startsWith("gate:")) await takeVerdict(ctx, key);
    else await takeAnswer(ctx, key, result);
    return null;
  },
});
