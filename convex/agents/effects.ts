/** What tools with an effect do. Runs inside `turns.effect`, which keeps it to once a call and saves the result with it. */
import { v } from "convex/values";
import { internalMutation } from "../_generated/server.js";
import { fail } from "../model/errors.ts";
import { actingOf, agentOfTurn, demandTurn } from "../model/tool_calls.ts";
import { checkedInput, demandTool } from "./tools/index.ts";

/** The result as JSON text; null: the call has none yet. Throws what refuses; the caller makes it the call's result. */
export const perform = internalMutation({
  args: { turnId: v.id("turns"), toolCallId: v.string(), toolName: v.string(), input: v.string() },
  handler: async (ctx, { turnId, toolCallId, toolName, input }): Promise<string | null> => {
    const turn = await demandTurn(ctx, turnId);
    const agent = await agentOfTurn(ctx, turn);
    const tool = demandTool(agent, toolName);
    if (tool.kind !== "effect") fail("invalid_input", `${toolName} has no effect here`);
    const acting = await actingOf(ctx, turn);
    const result = await tool.run(ctx, { acting, turn, agent, toolCallId }, checkedInput(toolName, tool, input));
    return result === undefined ? null : JSON.stringify(result);
  },
});
