/** The steps of who performs outside calls, by name, and the whole of it for an action: claim, beat, hand in. */
import { type GenericActionCtx, makeFunctionReference } from "convex/server";
import { type ErrorInfo, toErrorInfo } from "../../src/contract/errors.ts";
import type { DataModel, Id } from "../_generated/dataModel.js";
import type { ClaimedCall } from "../outside.ts";
import { ReplyStream } from "./reply_stream.ts";

type Held = { callId: Id<"outsideCalls">; leaseId: string };
type IsHeld = { held: boolean };

export const claimOutside = makeFunctionReference<"mutation", { callId: Id<"outsideCalls"> }, ClaimedCall | null>(
  "outside:claim",
);
export const beatOutside = makeFunctionReference<"mutation", Held, IsHeld>("outside:beat");
export const completeOutside = makeFunctionReference<"mutation", Held & { result: string }, IsHeld>("outside:complete");
export const failOutside = makeFunctionReference<
  "mutation",
  Held & { error: ErrorInfo; retryAfterMs?: number },
  IsHeld
>("outside:fail");

/**
 * What an internal action of `outsidePerformers` does. `work` gives the result, any JSON value; what it throws fails the call, to be tried
 * again where the error says so. `lost` is aborted when the lease is lost: somebody else does it then, with the same key.
 */
export async function performOutside(
  ctx: Pick<GenericActionCtx<DataModel>, "runMutation">,
  callId: Id<"outsideCalls">,
  work: (call: ClaimedCall, lost: AbortSignal) => Promise<unknown>,
): Promise<null> {
  const call = await ctx.runMutation(claimOutside, { callId });
  if (call === null) return null;
  const held = { callId, leaseId: call.leaseId };
  const heart = new ReplyStream(async () => (await ctx.runMutation(beatOutside, held)).held);
  let done: { result: unknown } | { error: ErrorInfo };
  try {
    done = { result: await work(call, heart.lost.signal) };
  } catch (thrown) {
    done = { error: toErrorInfo(thrown) };
  }
  await heart.stop();
  if (heart.lost.signal.aborted) return null;
  if ("error" in done) await ctx.runMutation(failOutside, { ...held, error: done.error });
  else await ctx.runMutation(completeOutside, { ...held, result: JSON.stringify(done.result ?? null) });
  return null;
}
