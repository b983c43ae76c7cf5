/** What an agent of the crew reads while it does a workflow's step: checked, recorded with the run, and done under the job's lease only. */
import { v } from "convex/values";
import { toErrorInfo } from "../src/contract/errors.ts";
import { sha256Hex } from "../src/flow/sha256.ts";
import type { Doc } from "./_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "./_generated/server.js";
import { stepAgent } from "./agents/step_agents.ts";
import { fileTools } from "./agents/tools/files.ts";
import { checkedInput, demandTool } from "./agents/tools/index.ts";
import { RUN_LOOKS, type RunLook } from "./agents/tools/runs.ts";
import { record } from "./model/audit.ts";
import { fail } from "./model/errors.ts";
import { filesNamed, locateFile } from "./model/files.ts";
import { parseJson } from "./model/json.ts";
import { judgeCall } from "./model/policy.ts";

/** `result`: JSON text, a refusal too. `fetch`: the file may be read, which an action does. Null: the lease is lost. */
export type StepLook = { result: string } | { fetch: true } | null;

export const look = internalMutation({
  args: { jobId: v.id("jobs"), leaseId: v.string(), toolName: v.string(), input: v.string() },
  handler: async (ctx, { jobId, leaseId, toolName, input }): Promise<StepLook> => {
    const job = await ctx.db.get("jobs", jobId);
    if (job === null || job.status !== "claimed" || job.leaseId !== leaseId) return null;
    const run = (await ctx.db.get("runs", job.runId))!;
    let looked: StepLook;
    let error: string | null = null;
    try {
      looked = await allowed(ctx, run, job.agent ?? "", toolName, input);
    } catch (thrown) {
      const { code, message, remedy } = toErrorInfo(thrown);
      error = code;
      looked = { result: JSON.stringify({ error: { code, message, remedy } }) };
    }
    await record(ctx, {
      subject: `run:${run._id}`,
      kind: error === null ? "tool.called" : "tool.refused",
      person: { id: run.startedBy, shown: run.startedByShown },
      handle: null,
      channel: null,
      detail: { nodeId: job.nodeId, agent: job.agent, tool: toolName, argumentsHash: await sha256Hex(input), error },
    });
    return looked;
  },
});

async function allowed(
  ctx: MutationCtx,
  run: Doc<"runs">,
  agent: string,
  toolName: string,
  input: string,
): Promise<StepLook> {
  if (stepAgent(agent) === null) fail("forbidden", `a step cannot be done by ${agent}`);
  const given = checkedInput(toolName, demandTool(agent, toolName), input);
  if (Object.hasOwn(RUN_LOOKS, toolName)) {
    const read = RUN_LOOKS[toolName as RunLook] as (ctx: MutationCtx, input: unknown) => Promise<unknown>;
    return { result: JSON.stringify(await read(ctx, given)) };
  }
  if (toolName === "listFiles") {
    const { about } = fileTools.listFiles.input.parse(given);
    return { result: JSON.stringify(await filesNamed(ctx, about ?? null)) };
  }
  if (toolName !== "fetchFileContent") fail("forbidden", `${toolName} is not for a workflow's step`);
  const person = await ctx.db.get("people", run.startedBy);
  if (person === null) fail("not_found", "whoever started the run is gone");
  const payload = parseJson(input, "input");
  const { decision, rule } = await judgeCall(ctx, person, { toolName, agent, payload, readOnly: true });
  if (decision !== "allow") {
    fail("forbidden", `rule "${rule?.name ?? ""}" of the policy does not let a step read files by itself`, {
      remedy: "ask for it in a conversation, where somebody can be asked",
    });
  }
  await locateFile(ctx, fileTools.fetchFileContent.input.parse(given).file);
  return { fetch: true };
}
