/** The tools of an agent of the crew inside of a workflow's step, as the model sees them. They only read; a question to a person ends the step. */
import { createTool, type ToolCtx } from "@convex-dev/agent";
import type { Tool as ModelTool, ToolSet } from "ai";
import { makeFunctionReference } from "convex/server";
import { z } from "zod";
import { toErrorInfo } from "../../src/contract/errors.ts";
import type { DataModel, Id } from "../_generated/dataModel.js";
import type { StepLook } from "../step_looks.ts";
import { fetchFile } from "./fetch_file.ts";
import { stepAgent } from "./step_agents.ts";
import { fileTools } from "./tools/files.ts";
import { TOOLS, type ToolName } from "./tools/index.ts";

/** What the job's action adds to the tools' context. */
type StepCtx = ToolCtx<DataModel> & { jobId: Id<"jobs">; leaseId: string };

/** It has no handler: the call is the signal that a person is needed. */
export const NEEDS_PERSON = "requestHumanInput";

const look = makeFunctionReference<
  "mutation",
  { jobId: Id<"jobs">; leaseId: string; toolName: string; input: string },
  StepLook
>("step_looks:look");

/** Empty for a role of a file. */
export const stepTools = (agent: string | null): ToolSet =>
  Object.fromEntries((stepAgent(agent)?.tools ?? []).map((name) => [name, asSeen(name)]));

function asSeen(name: ToolName): ModelTool {
  const { description, input } = TOOLS[name];
  const inputSchema = input as z.ZodType<Record<string, unknown>>;
  if (name === NEEDS_PERSON) return createTool({ description, inputSchema, outputSchema: z.string().describe("JSON") });
  return createTool({
    description,
    inputSchema,
    execute: async (ctx: StepCtx, given): Promise<string> => {
      const { jobId, leaseId } = ctx;
      const looked = await ctx.runMutation(look, { jobId, leaseId, toolName: name, input: JSON.stringify(given) });
      if (looked === null)
        return JSON.stringify({ error: { code: "lease_lost", message: "this work is another's now" } });
      return "result" in looked ? looked.result : await read(ctx, given);
    },
  });
}

async function read(ctx: StepCtx, given: unknown): Promise<string> {
  try {
    return JSON.stringify(await fetchFile(ctx, fileTools.fetchFileContent.input.parse(given)));
  } catch (thrown) {
    const { code, message, remedy } = toErrorInfo(thrown);
    return JSON.stringify({ error: { code, message, remedy } });
  }
}
