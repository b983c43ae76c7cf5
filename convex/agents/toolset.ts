/**
 * Tools as the model sees them. One that looks runs at once, through one internal mutation that also records the look; every other has
 * no `execute`: generation stops at the call, which is saved before anything is done (see `turns.effect`). Results are JSON text.
 */
import { createTool, type ToolCtx } from "@convex-dev/agent";
import type { Tool as ModelTool, ToolSet } from "ai";
import { makeFunctionReference } from "convex/server";
import { z } from "zod";
import type { DataModel, Id } from "../_generated/dataModel.js";
import type { Tool } from "./tools/define.ts";
import { TOOLS, type ToolName } from "./tools/index.ts";

/** What the answering action adds to the tools' context: the turn, and by it the person served. */
export type TurnCtx = ToolCtx<DataModel> & { turnId: Id<"turns"> };

const lookUp = makeFunctionReference<"mutation", { turnId: Id<"turns">; toolName: string; input: string }, string>(
  "agents/looks:look",
);

/** Typed loosely on purpose: the union of all tools' types is more than the compiler can hold. */
export const toolSet = (names: readonly ToolName[]): ToolSet =>
  Object.fromEntries(names.map((name) => [name, asSeen(name, TOOLS[name])]));

function asSeen(name: ToolName, { kind, description, input }: Tool): ModelTool {
  const inputSchema = input as z.ZodType<Record<string, unknown>>;
  if (kind !== "look") return createTool({ description, inputSchema, outputSchema: z.string().describe("JSON") });
  return createTool({
    description,
    inputSchema,
    execute: async (ctx: TurnCtx, given): Promise<string> =>
      await ctx.runMutation(lookUp, { turnId: ctx.turnId, toolName: name, input: JSON.stringify(given) }),
  });
}
