/** A job as an action performs it: claimed, held by a heartbeat, and its result handed in. */
import { type ErrorInfo, toErrorInfo } from "../../src/contract/errors.ts";
import { internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import type { ActionCtx } from "../_generated/server.js";
import type { ClaimedJob } from "../jobs.ts";
import { explainModelError } from "./model_errors.ts";
import { ReplyStream } from "./reply_stream.ts";

export type HeldJob = ClaimedJob & { jobId: Id<"jobs"> };
/** Null: the lease was lost. */
export type JobResult = { output: string } | { error: ErrorInfo } | null;

/** Does nothing when somebody else has the job, and hands in nothing once its lease is lost. */
export async function runJob(
  ctx: ActionCtx,
  jobId: Id<"jobs">,
  perform: (job: HeldJob, lost: AbortSignal) => Promise<JobResult>,
): Promise<null> {
  const job = await ctx.runMutation(internal.jobs.claim, { jobId });
  if (job === null) return null;
  const held = { jobId, leaseId: job.leaseId };
  const heart = new ReplyStream(async () => (await ctx.runMutation(internal.jobs.heartbeat, held)).held);
  const done = await perform({ ...job, jobId }, heart.lost.signal).catch((thrown: unknown) => {
    const known = toErrorInfo(thrown);
    return { error: known.code === "internal" ? explainModelError(thrown) : known };
  });
  await heart.stop();
  if (done === null || heart.lost.signal.aborted) return null;
  if ("error" in done) await ctx.runMutation(internal.jobs.fail, { ...held, error: done.error });
  else await ctx.runMutation(internal.jobs.complete, { ...held, output: done.output });
  return null;
}
