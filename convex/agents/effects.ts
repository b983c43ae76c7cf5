/**
 * What tools with an effect do, and where those with consequences outside are stopped and begun. Runs inside `turns.effect` and
 * `gate.release`, which keep it to once a call and save the result with it.
 */
import { v } from "convex/values";
import { toErrorInfo } from "../../src/contract/errors.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { resultOf } from "../model/call_results.ts";
import { fail } from "../model/errors.ts";
import { canonicalInput, demandAble, type GuardedCall, hear, hearAgain } from "../model/gate.ts";
import { demandOwnWords } from "../model/instructions.ts";
import { beginOutside } from "../model/outside_calls.ts";
import { actingOf, agentOfTurn, demandTurn, noteCall, recordCall } from "../model/tool_calls.ts";
import { isBegun } from "../model/turn_waits.ts";
import { isGuarded } from "./tools/define.ts";
import { checkedInput, demandTool } from "./tools/index.ts";

/** Of a tool's name, which a model made up. */
const MAX_NAME = 80;

const vCall = { turnId: v.id("turns"), toolCallId: v.string(), toolName: v.string(), input: v.string() };

/** `later`: it has begun, and whoever ends it brings the result. `asked`: people are asked first. */
export type Performed = { kind: "result"; result: string } | { kind: "later" } | { kind: "asked" };

/** Throws what refuses; the caller makes it the call's result. */
export const perform = internalMutation({
  args: { ...vCall, seen: v.optional(v.string()) },
  handler: async (ctx, { seen, ...given }): Promise<Performed> => {
    const call = await newCall(ctx, given, seen);
    const { tool } = call;
    if (isGuarded(tool)) {
      const heard = await hear(ctx, call);
      if (heard.kind === "asked") return heard;
      if (heard.kind === "same") {
        const { question, asked } = heard;
        return { kind: "result", result: JSON.stringify({ alreadyAsked: true, question, asked }) };
      }
    }
    return await carryOut(ctx, call, null);
  },
});

/** As it is meant. `seen`: fields that were looked up for it (look_up.ts). Throws what refuses. */
async function newCall(
  ctx: QueryCtx,
  { turnId, toolCallId, toolName, input }: { turnId: Id<"turns">; toolCallId: string; toolName: string; input: string },
  seen?: string,
): Promise<GuardedCall> {
  const turn = await demandTurn(ctx, turnId);
  const agent = await agentOfTurn(ctx, turn);
  const tool = demandTool(agent, toolName);
  if (tool.kind === "look") fail("invalid_input", `${toolName} has no effect`);
  const acting = await actingOf(ctx, turn);
  demandOwnWords(turn, toolName);
  const given = checkedInput(toolName, tool, input);
  const meant = (await tool.prepare?.(ctx, { acting, turn, agent }, given)) ?? given;
  const parsed =
    seen === undefined
      ? meant
      : checkedInput(toolName, tool, JSON.stringify({ ...(meant as object), ...JSON.parse(seen) }));
  return { ...{ acting, turn, agent, toolCallId, toolName, tool, parsed }, input: canonicalInput(parsed) };
}

/** A new call's input as it is meant, JSON text. Null: it is refused anyway, or has begun already; nothing is to be looked up for it. */
export const prepared = internalQuery({
  args: vCall,
  handler: async (ctx, given): Promise<string | null> => {
    const { turnId, toolCallId } = given;
    if ((await resultOf(ctx, turnId, toolCallId)) !== null || (await isBegun(ctx, turnId, toolCallId))) return null;
    try {
      const call = await newCall(ctx, given);
      await demandAble(ctx, call);
      return call.input;
    } catch (thrown) {
      if (toErrorInfo(thrown).code === "internal") throw thrown;
      return null;
    }
  },
});

/**
 * A call of which nothing was done, because the model's library would not pass it on: there is no such tool, the agent has it not, or its
 * input does not fit. Its result says so; here it comes on the record.
 */
export const noteRefused = internalMutation({
  args: { turnId: v.id("turns"), toolCallId: v.string(), toolName: v.string(), input: v.string() },
  handler: async (ctx, { turnId, toolCallId, toolName, input }): Promise<null> => {
    const turn = await demandTurn(ctx, turnId);
    let error = "invalid_input";
    try {
      demandTool(await agentOfTurn(ctx, turn), toolName);
    } catch (thrown) {
      error = toErrorInfo(thrown).code;
    }
    await recordCall(ctx, turn, { toolName: toolName.slice(0, MAX_NAME), toolCallId, input, error });
    return null;
  },
});

/** Somebody said yes. `asked`: it is not what they said it to, so people are asked anew. */
export const performApproved = internalMutation({
  args: { gateId: v.id("gatedCalls") },
  handler: async (ctx, { gateId }): Promise<Performed> => {
    const gate = (await ctx.db.get("gatedCalls", gateId))!;
    const call = await guardedCallOf(ctx, gate);
    if (!(await hearAgain(ctx, call, { callHash: gate.callHash, gate }))) return { kind: "asked" };
    const { toolName: tool, toolCallId, rule, callHash } = gate;
    await noteCall(ctx, call.turn, "policy.satisfied", { tool, toolCallId, rule, callHash });
    return await carryOut(ctx, call, gateId);
  },
});

/** A row's call as it stands now: the person's rights, the agent's tools and the tool are those of this moment. */
export async function guardedCallOf(
  ctx: MutationCtx,
  row: Pick<Doc<"gatedCalls">, "turnId" | "toolCallId" | "toolName" | "input">,
): Promise<GuardedCall> {
  const { toolCallId, toolName, input } = row;
  const turn = await demandTurn(ctx, row.turnId);
  const agent = await agentOfTurn(ctx, turn);
  const tool = demandTool(agent, toolName);
  if (tool.kind === "look") fail("invalid_input", `${toolName} has no effect`);
  const acting = await actingOf(ctx, turn);
  return { acting, turn, agent, toolCallId, toolName, tool, input, parsed: checkedInput(toolName, tool, input) };
}

async function carryOut(ctx: MutationCtx, call: GuardedCall, gateId: Id<"gatedCalls"> | null): Promise<Performed> {
  const { tool, parsed } = call;
  if (tool.kind === "outside") {
    await beginOutside(ctx, call, gateId);
    return { kind: "later" };
  }
  const result = await tool.run(ctx, call, parsed);
  return result === undefined ? { kind: "later" } : { kind: "result", result: JSON.stringify(result) };
}
