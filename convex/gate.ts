/** What happens to a call that somebody approved; the rules are in `model/gate.ts`. */
import { v } from "convex/values";
import { toErrorInfo } from "../src/contract/errors.ts";
import { internal } from "./_generated/api.js";
import { internalMutation } from "./_generated/server.js";
import { bringResult } from "./model/call_results.ts";
import { noteBlocked, refuse } from "./model/gate.ts";
import { recordCall } from "./model/tool_calls.ts";

/** Once for each yes: told again it changes nothing. */
export const release = internalMutation({
  args: { gateId: v.id("gatedCalls") },
  handler: async (ctx, { gateId }): Promise<null> => {
    const gate = await ctx.db.get("gatedCalls", gateId);
    if (gate === null || gate.status !== "approved") return null;
    const { turnId, toolCallId, toolName, input } = gate;
    const turn = await ctx.db.get("turns", turnId);
    if (turn === null) return null;
    try {
      // A mutation of its own: what it wrote before it refused is rolled back.
      const did = await ctx.runMutation(internal.agents.effects.performApproved, { gateId });
      await ctx.db.patch("gatedCalls", gateId, { status: did.kind === "asked" ? "refused" : "passed" });
      if (did.kind !== "asked") await recordCall(ctx, turn, { toolName, toolCallId, input, error: null });
      if (did.kind === "result") await bringResult(ctx, turnId, { toolCallId, toolName, result: did.result });
    } catch (thrown) {
      const { code, message, remedy } = toErrorInfo(thrown);
      await ctx.db.patch("gatedCalls", gateId, { status: "refused" });
      await noteBlocked(ctx, turn, toolName, { message });
      await refuse(ctx, gate, { code, message, remedy });
    }
    return null;
  },
});
