/**
 * What a call will change is looked at before people are asked about it, so that what they approve is what they saw. It happens in an
 * action, because a mutation asks nothing of other machines; what could not be learned is left out, and nobody waits for it.
 */
import { type GenericActionCtx, makeFunctionReference } from "convex/server";
import type { DataModel, Id } from "../_generated/dataModel.js";
import { toolNamed } from "./tools/index.ts";

type NewCall = {
  turnId: Id<"turns">;
  toolCallId: string;
  toolName: string;
  /** JSON text. */
  input: string;
};

const prepared = makeFunctionReference<"query", NewCall, string | null>("agents/effects:prepared");

/** JSON text of fields that belong to the input; null: nothing is to be added. Never throws. */
export async function lookUp(
  ctx: Pick<GenericActionCtx<DataModel>, "runQuery" | "runAction">,
  call: NewCall,
): Promise<string | null> {
  const tool = toolNamed(call.toolName);
  if (tool?.kind !== "outside" || tool.lookUp === undefined) return null;
  try {
    const input = await ctx.runQuery(prepared, call);
    if (input === null) return null;
    const look = makeFunctionReference<"action", { input: string }, string | null>(tool.lookUp);
    return await ctx.runAction(look, { input });
  } catch (thrown) {
    console.warn(`${call.toolName}: what it will change could not be looked up: ${String(thrown)}`);
    return null;
  }
}
