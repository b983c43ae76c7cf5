/** A hand's steps as its action calls them: what is to be done, how far it has come, and each call of a function, once. */
import { v } from "convex/values";
import { toErrorInfo } from "../src/contract/errors.ts";
import type { Hand } from "../src/flow/profile.ts";
import { sha256Hex } from "../src/flow/sha256.ts";
import type { Doc } from "./_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx } from "./_generated/server.js";
import { record } from "./model/audit.ts";
import { type Progress, progressOf, saveToolResult } from "./model/conversations.ts";
import { fail } from "./model/errors.ts";
import { functionSpec } from "./model/functions.ts";
import { parseJson } from "./model/json.ts";
import { lacking } from "./model/performers.ts";
import { demandAllowed } from "./model/policy.ts";
import { handOf } from "./model/profiles.ts";

export interface HandWork {
  hand: Hand;
  /** The step's input for the hand, JSON text. */
  input: string;
}

/** Throws `not_found` when the hand that the step names is not there. */
export const work = internalQuery({
  args: { jobId: v.id("jobs") },
  handler: async (ctx, { jobId }): Promise<HandWork> => {
    const job = (await ctx.db.get("jobs", jobId))!;
    const args = parseJson(job.args ?? "null", "config");
    const given = args !== null && typeof args === "object" && !Array.isArray(args) ? args : {};
    const name = typeof given.handId === "string" ? given.handId : "";
    const hand = await handOf(ctx, name);
    if (hand === null) {
      fail("not_found", `there is no hand "${name.slice(0, 64)}"`, {
        remedy: `write it to workflows/hands/${name}.md`,
      });
    }
    return { hand, input: JSON.stringify(given.input ?? {}) };
  },
});

export const progress = internalQuery({
  args: { threadId: v.string(), promptMessageId: v.string() },
  handler: async (ctx, { threadId, promptMessageId }): Promise<Progress> =>
    await progressOf(ctx, { threadId }, promptMessageId),
});

/**
 * Does what a saved call asks for and saves its result, in one transaction, once for each call. What refuses is a result too.
 * False: the lease is lost.
 */
export const effect = internalMutation({
  args: {
    jobId: v.id("jobs"),
    leaseId: v.string(),
    threadId: v.string(),
    promptMessageId: v.string(),
    toolCallId: v.string(),
    toolName: v.string(),
    input: v.string(),
  },
  handler: async (
    ctx,
    { jobId, leaseId, threadId, promptMessageId, toolCallId, toolName, input },
  ): Promise<boolean> => {
    const job = await ctx.db.get("jobs", jobId);
    if (job === null || job.status !== "claimed" || job.leaseId !== leaseId) return false;
    const done = await ctx.db
      .query("handEffects")
      .withIndex("by_jobId_and_toolCallId", (q) => q.eq("jobId", jobId).eq("toolCallId", toolCallId))
      .unique();
    if (done !== null) {
      // Said again, as a call without a result: it has the result that it had.
      const { openCalls } = await progressOf(ctx, { threadId }, promptMessageId);
      const said = openCalls.find((one) => one.toolCallId === toolCallId);
      if (said?.earlier !== undefined)
        await saveToolResult(ctx, { threadId }, promptMessageId, { toolCallId, toolName, result: said.earlier });
      return true;
    }
    const functionId = `tool::${toolName}`;
    let result: string;
    let error: string | null = null;
    try {
      result = await call(ctx, job, functionId, toolCallId, input);
    } catch (thrown) {
      const { code, message, remedy } = toErrorInfo(thrown);
      error = code;
      result = JSON.stringify({ error: { code, message, remedy } });
    }
    const run = await ctx.db.get("runs", job.runId);
    await record(ctx, {
      subject: `run:${job.runId}`,
      kind: error === null ? "tool.called" : "tool.refused",
      person: run === null ? null : { id: run.startedBy, shown: run.startedByShown },
      handle: null,
      channel: null,
      detail: { nodeId: job.nodeId, functionId, toolCallId, argumentsHash: await sha256Hex(input), error },
    });
    await ctx.db.insert("handEffects", { jobId, toolCallId, functionId, result });
    await saveToolResult(ctx, { threadId }, promptMessageId, { toolCallId, toolName, result });
    return true;
  },
});

async function call(
  ctx: MutationCtx,
  job: Doc<"jobs">,
  functionId: string,
  toolCallId: string,
  input: string,
): Promise<string> {
  const run = (await ctx.db.get("runs", job.runId))!;
  const name = (JSON.parse(job.args ?? "{}") as { handId?: string }).handId ?? "";
  const hand = await handOf(ctx, name);
  const spec = functionSpec(functionId);
  if (hand === null || spec === null || spec.kind !== "mutation" || !hand.functions.includes(functionId)) {
    fail("forbidden", `the hand ${name} may not call ${functionId}`, { remedy: "list it under functions in its file" });
  }
  const error = await lacking(ctx, run, { nodeId: job.nodeId, functionId }, spec.capability, job.agent);
  if (error !== null) fail(error.code, error.message);
  const { nodeId, agent } = job;
  await demandAllowed(ctx, run, { functionId, nodeId, args: parseJson(input, "input"), agent });
  return await ctx.runMutation(spec.ref, {
    call: {
      args: input,
      key: `${job.idempotencyKey}/${toolCallId}`,
      runId: job.runId,
      nodeId: job.nodeId,
      personId: run.startedBy,
    },
  });
}
