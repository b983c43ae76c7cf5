/**
 * Commands for machines, the gateway's side: what waits, claims under a lease, results. A gateway takes what its sandboxes can do; the
 * rules are in `model/jobs.ts`.
 */
import { v } from "convex/values";
import { zErrorInfo } from "../src/contract/errors.ts";
import type { Doc, Id } from "./_generated/dataModel.js";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import * as jobs from "./model/jobs.ts";

/** Rows looked at for one answer; when these are taken the next ones are seen. */
const SCAN = 50;

export interface MachineJob {
  jobId: Id<"jobs">;
  leaseId: string;
  /** The step's arguments as JSON text. */
  args: string;
  /** null: any. */
  sandbox: string | null;
  timeoutMs: number;
  runId: Id<"runs">;
  nodeId: string;
  /** Differs for each attempt: a worktree of its own. */
  key: string;
}

const canDo = (job: Pick<Doc<"jobs">, "sandbox">, sandboxes: string[]): boolean =>
  job.sandbox == null || sandboxes.includes(job.sandbox);

/** For a subscription; oldest first. */
export const ready = gatewayQuery({
  args: { sandboxes: v.array(v.string()) },
  handler: async (ctx, { sandboxes }): Promise<{ jobId: Id<"jobs"> }[]> => {
    const rows = await ctx.db
      .query("jobs")
      .withIndex("by_kind_and_status", (q) => q.eq("kind", "command").eq("status", "ready"))
      .take(SCAN);
    return rows.filter((job) => canDo(job, sandboxes)).map((job) => ({ jobId: job._id }));
  },
});

/** null: somebody else has it, or nobody needs it any more. */
export const claim = gatewayMutation({
  args: { gatewayId: v.string(), jobId: v.id("jobs"), sandboxes: v.array(v.string()) },
  handler: async (ctx, { gatewayId, jobId, sandboxes }): Promise<MachineJob | null> => {
    const job = await ctx.db.get("jobs", jobId);
    if (job === null || job.kind !== "command" || !canDo(job, sandboxes)) return null;
    const held = await jobs.claim(ctx, jobId, gatewayId);
    if (held === null) return null;
    return {
      jobId,
      leaseId: held.leaseId ?? "",
      args: held.args ?? "null",
      sandbox: held.sandbox ?? null,
      timeoutMs: held.timeoutMs,
      runId: held.runId,
      nodeId: held.nodeId,
      key: held.key,
    };
  },
});

const held = { jobId: v.id("jobs"), leaseId: v.string() };

/** `held` false: the lease is lost or the run has no use for it any more; stop the command. */
export const heartbeat = gatewayMutation({
  args: held,
  handler: async (ctx, { jobId, leaseId }): Promise<{ held: boolean }> => ({
    held: await jobs.heartbeat(ctx, jobId, leaseId),
  }),
});

export const complete = gatewayMutation({
  args: { ...held, output: v.string() },
  handler: async (ctx, { jobId, leaseId, output }): Promise<{ held: boolean }> => ({
    held: await jobs.complete(ctx, jobId, leaseId, output),
  }),
});

export const fail = gatewayMutation({
  args: { ...held, error: v.any() },
  handler: async (ctx, { jobId, leaseId, error }): Promise<{ held: boolean }> => ({
    held: await jobs.fail(ctx, jobId, leaseId, zErrorInfo.parse(error)),
  }),
});

/** At a gateway's start under the name it had before: what it was doing when it ended is interrupted, and not begun again by itself. */
export const release = gatewayMutation({
  args: { gatewayId: v.string() },
  handler: async (ctx, { gatewayId }): Promise<{ interrupted: number }> => ({
    interrupted: await jobs.interruptOf(ctx, gatewayId),
  }),
});
