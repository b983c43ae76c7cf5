import { v } from "convex/values";
import { zErrorInfo } from "../src/contract/errors.ts";
import type { Id } from "./_generated/dataModel.js";
import { internalMutation } from "./_generated/server.js";
import { stepAgent } from "./agents/step_agents.ts";
import * as jobs from "./model/jobs.ts";
import { roleOf } from "./model/profiles.ts";

export interface ClaimedJob {
  leaseId: string;
  agent: string | null;
  /** What the role's file says now; null: the step names no role. */
  role: { title: string; instructions: string } | null;
  /** The role is an agent of the crew, with its tools that read; a file of the same name goes before. */
  crew: boolean;
  prompt: string;
  /** False: the step has none, and `prompt` is its arguments. */
  hasPrompt: boolean;
  threadKey: string | null;
  /** What is left of this attempt's time. */
  timeoutMs: number;
  idempotencyKey: string;
  runId: Id<"runs">;
  nodeId: string;
}

/** Null: nothing to do, somebody else has it or it is over. */
export const claim = internalMutation({
  args: { jobId: v.id("jobs") },
  handler: async (ctx, { jobId }): Promise<ClaimedJob | null> => {
    const job = await jobs.claim(ctx, jobId);
    if (job === null) return null;
    const { agent, prompt, threadKey, idempotencyKey, runId, nodeId } = job;
    const timeoutMs = Math.max(1, (job.deadline ?? 0) - Date.now());
    const found = agent === null ? null : await roleOf(ctx, agent);
    // Parked runs may name a role of before there were files: then the name is all there is.
    const known = found ?? stepAgent(agent);
    const role = agent === null ? null : { title: known?.title ?? agent, instructions: known?.instructions ?? "" };
    return {
      leaseId: job.leaseId ?? "",
      agent,
      role,
      crew: found === null && known !== null,
      prompt,
      hasPrompt: job.prompt !== job.args,
      threadKey,
      timeoutMs,
      idempotencyKey,
      runId,
      nodeId,
    };
  },
});

/** `held` false: the lease is lost or the run has no use for the work any more; stop. */
export const heartbeat = internalMutation({
  args: { jobId: v.id("jobs"), leaseId: v.string() },
  handler: async (ctx, { jobId, leaseId }): Promise<{ held: boolean }> => ({
    held: await jobs.heartbeat(ctx, jobId, leaseId),
  }),
});

export const complete = internalMutation({
  args: { jobId: v.id("jobs"), leaseId: v.string(), output: v.string() },
  handler: async (ctx, { jobId, leaseId, output }): Promise<{ held: boolean }> => ({
    held: await jobs.complete(ctx, jobId, leaseId, output),
  }),
});

export const fail = internalMutation({
  args: { jobId: v.id("jobs"), leaseId: v.string(), error: v.any() },
  handler: async (ctx, { jobId, leaseId, error }): Promise<{ held: boolean }> => ({
    held: await jobs.fail(ctx, jobId, leaseId, zErrorInfo.parse(error)),
  }),
});

export const look = internalMutation({
  args: { jobId: v.id("jobs") },
  handler: async (ctx, { jobId }): Promise<void> => await jobs.lookAt(ctx, jobId),
});
