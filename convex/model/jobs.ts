/**
 * Work outside a transaction, as rows with a lease:
 *
 *   ready -> claimed (heartbeats extend the lease) -> done | failed
 *         <- lease ran out                         -> cancelled, when the run has no use for it any more
 *
 * One look at a time is scheduled for each job: it starts lost work again and ends work that runs over its time. The result of a
 * lease that was lost is refused, so a slow worker cannot overtake the one that replaced it.
 */
import { makeFunctionReference } from "convex/server";
import { type ErrorInfo, errorInfo } from "../../src/contract/errors.ts";
import type { StartWork } from "../../src/flow/types.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { toJsonText } from "./json.ts";
import { patienceForMachine, UNTAKEN_MS } from "./machines.ts";
import { signal, waitKey } from "./signals.ts";

export const LEASE_MS = 10_000;

/** Performs an agent's job; see convex/agents. */
const runTask = makeFunctionReference<"action", { jobId: Id<"jobs"> }, null>("agents/run_task:run");
const runHand = makeFunctionReference<"action", { jobId: Id<"jobs"> }, null>("agents/run_hand:run");
const look = makeFunctionReference<"mutation", { jobId: Id<"jobs"> }, null>("jobs:look");

/** For what a machine does around a command: making its worktree, taking out its branch. The machine itself keeps the step's time. */
const MACHINE_GRACE_MS = 60_000;

export async function create(
  ctx: MutationCtx,
  run: Doc<"runs">,
  work: StartWork,
  kind: "agent" | "hand" | "command" = "agent",
): Promise<void> {
  const jobId = await ctx.db.insert("jobs", {
    runId: run._id,
    nodeId: work.nodeId,
    waitId: work.waitId,
    key: waitKey(run._id, work.waitId),
    idempotencyKey: `${run._id}/${work.key}`,
    attempt: work.attempt,
    agent: work.agent,
    prompt: work.prompt ?? toJsonText(work.args, "args"),
    threadKey: work.session === "shared" ? `run:${run._id}` : null,
    timeoutMs: work.timeoutMs,
    status: "ready",
    leaseId: null,
    leaseUntil: null,
    deadline: null,
    claims: 0,
    output: null,
    error: null,
    createdAt: Date.now(),
    endedAt: null,
    ...(kind === "agent" ? {} : { kind, args: toJsonText(work.args, "args"), sandbox: work.sandbox }),
  });
  await begin(ctx, { _id: jobId, ...(kind === "agent" ? {} : { kind }) });
  await ctx.scheduler.runAfter(LEASE_MS, look, { jobId });
}

/** A command is not begun from here: a gateway with a sandbox takes it. */
async function begin(ctx: MutationCtx, job: Pick<Doc<"jobs">, "_id" | "kind">): Promise<void> {
  if (job.kind === "command") return;
  await ctx.scheduler.runAfter(0, job.kind === "hand" ? runHand : runTask, { jobId: job._id });
}

/** Null: somebody else has it, or it is over. */
export async function claim(
  ctx: MutationCtx,
  jobId: Id<"jobs">,
  gatewayId: string | null = null,
): Promise<Doc<"jobs"> | null> {
  const job = await ctx.db.get("jobs", jobId);
  if (job === null || job.status !== "ready") return null;
  const now = Date.now();
  const claims = job.claims + 1;
  const grace = job.kind === "command" ? MACHINE_GRACE_MS : 0;
  const lease = {
    status: "claimed" as const,
    claims,
    leaseId: `${jobId}#${claims}`,
    leaseUntil: now + LEASE_MS,
    deadline: job.deadline ?? now + job.timeoutMs + grace,
    ...(gatewayId === null ? {} : { gatewayId }),
  };
  await ctx.db.patch("jobs", jobId, lease);
  return { ...job, ...lease };
}

/** False: the lease is lost, stop working. */
export async function heartbeat(ctx: MutationCtx, jobId: Id<"jobs">, leaseId: string): Promise<boolean> {
  const job = await ctx.db.get("jobs", jobId);
  if (job === null || job.status !== "claimed" || job.leaseId !== leaseId) return false;
  await ctx.db.patch("jobs", jobId, { leaseUntil: Date.now() + LEASE_MS });
  return true;
}

/** False: refused, the lease was lost (or the job is over). The same result told twice under one lease is accepted twice. */
export async function complete(ctx: MutationCtx, jobId: Id<"jobs">, leaseId: string, output: string): Promise<boolean> {
  const job = await ctx.db.get("jobs", jobId);
  if (job === null || job.leaseId !== leaseId) return false;
  if (job.status === "done") return true;
  if (job.status !== "claimed") return false;
  let text: string;
  try {
    text = toJsonText(output, `output of ${job.nodeId}`);
  } catch {
    const error = errorInfo("too_large", `the output of ${job.nodeId} is too large to be kept`, { field: job.nodeId });
    await end(ctx, job, error);
    return true;
  }
  await ctx.db.patch("jobs", jobId, { status: "done", output: text, endedAt: Date.now() });
  await signal(ctx, job.runId, job.waitId, { kind: "result", output });
  return true;
}

/** False: refused, the lease was lost. Whether it is tried again is the definition's matter. */
export async function fail(ctx: MutationCtx, jobId: Id<"jobs">, leaseId: string, error: ErrorInfo): Promise<boolean> {
  const job = await ctx.db.get("jobs", jobId);
  if (job === null || job.leaseId !== leaseId) return false;
  if (job.status === "failed") return true;
  if (job.status !== "claimed") return false;
  await end(ctx, job, error);
  return true;
}

async function end(ctx: MutationCtx, job: Doc<"jobs">, error: ErrorInfo): Promise<void> {
  await ctx.db.patch("jobs", job._id, { status: "failed", error: error.message, endedAt: Date.now() });
  await signal(ctx, job.runId, job.waitId, { kind: "error", error });
}

/** The run has no use for it any more. A worker that holds it learns so from its next heartbeat. */
export async function cancel(ctx: MutationCtx, key: string): Promise<void> {
  const job = await ctx.db
    .query("jobs")
    .withIndex("by_key", (q) => q.eq("key", key))
    .unique();
  if (job === null || job.endedAt !== null) return;
  await ctx.db.patch("jobs", job._id, { status: "cancelled", endedAt: Date.now() });
}

/**
 * A command is not done again by itself when its machine is lost in the middle: nobody knows how far it came. The step's `retries`, or a
 * person (`onFailure: ask`), may have it done again.
 */
export const interruptedCommand = (job: Pick<Doc<"jobs">, "nodeId">): ErrorInfo =>
  errorInfo(
    "interrupted",
    `the machine was lost while it ran the command of ${job.nodeId}; how far it came is not known`,
    {
      remedy: "look at what it did, then let the step be done again (retries, or onFailure: ask)",
      field: job.nodeId,
    },
  );

/** What a gateway of this name held when it ended. At its next start this is known at once, not when the lease runs out. */
export async function interruptOf(ctx: MutationCtx, gatewayId: string): Promise<number> {
  const held = await ctx.db
    .query("jobs")
    .withIndex("by_gatewayId_and_status", (q) => q.eq("gatewayId", gatewayId).eq("status", "claimed"))
    .take(100);
  for (const job of held) await end(ctx, job, interruptedCommand(job));
  return held.length;
}

/** The scheduled look; schedules the next one itself until the job is over. */
export async function lookAt(ctx: MutationCtx, jobId: Id<"jobs">): Promise<void> {
  const job = await ctx.db.get("jobs", jobId);
  if (job === null || job.endedAt !== null) return;
  const now = Date.now();
  if (job.deadline !== null && job.deadline <= now) {
    const error = errorInfo("interrupted", `${job.nodeId} did not end within ${job.timeoutMs} ms`, {
      remedy: "raise timeoutMs of the step",
    });
    await end(ctx, job, error);
    return;
  }
  const lost = job.status === "claimed" && (job.leaseUntil ?? 0) <= now;
  if (lost && job.kind === "command") {
    await end(ctx, job, interruptedCommand(job));
    return;
  }
  if (lost) await ctx.db.patch("jobs", jobId, { status: "ready", leaseUntil: null });
  // Ready after a whole look: the action that should have claimed it died before it could.
  if (lost || job.status === "ready") await begin(ctx, job);
  const waited = now - job.createdAt;
  if (
    job.kind === "command" &&
    job.claims === 0 &&
    waited >= UNTAKEN_MS &&
    waited >= (await patienceForMachine(ctx, job.sandbox ?? null))
  ) {
    const where = job.sandbox == null ? "a workspace" : `a workspace and ${job.sandbox}`;
    const error = errorInfo("platform_unavailable", `no machine with ${where} took the command`, {
      remedy: "start a bot where both are, then try again",
    });
    await end(ctx, job, error);
    return;
  }
  const next = job.status === "claimed" && !lost ? (job.leaseUntil ?? now) : now + LEASE_MS;
  await ctx.scheduler.runAt(Math.min(next, job.deadline ?? next), look, { jobId });
}
