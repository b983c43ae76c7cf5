/**
 * Calls of agents that are done outside of a transaction, as rows with a lease:
 *
 *   ready -> claimed (heartbeats extend the lease) -> done | failed, each the call's result
 *     ^        |-> lease ran out: ready
 *     '------- waiting: a failure that may pass, until the next attempt
 *
 * Every attempt has the same idempotency key, so a performer looks for what it did before. Before each claim the gate looks again.
 * One look at a time is scheduled for each call: it begins lost work again and ends what runs over its time.
 */
import { makeFunctionReference } from "convex/server";
import { type ErrorInfo, errorInfo } from "../../src/contract/errors.ts";
import { sha256Hex } from "../../src/flow/sha256.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { toolTitle } from "../agents/titles.ts";
import { bringResult } from "./call_results.ts";
import { fail } from "./errors.ts";
import { type GuardedCall, hashOfCall } from "./gate.ts";
import { byteLength } from "./json.ts";
import { patienceForMachine, UNTAKEN_MS } from "./machines.ts";
import { MACHINE, outsidePerformers } from "./outside_performers.ts";
import { noteCall } from "./tool_calls.ts";

export const OUTSIDE_LEASE_MS = 10_000;
/** A failure that may pass is tried again so often; the waits between grow twofold from the first. */
const MAX_FAILURES = 5;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;
/** Claimed so often without an end, it may be the call itself that kills who performs it. */
const MAX_CLAIMS = 10;
/** What a model can read, and more than it should. */
const MAX_RESULT_BYTES = 128 * 1024;

const look = makeFunctionReference<"mutation", { callId: Id<"outsideCalls"> }, null>("outside:look");

export async function beginOutside(
  ctx: MutationCtx,
  call: GuardedCall,
  gateId: Id<"gatedCalls"> | null,
): Promise<void> {
  const { turn, agent, toolCallId, toolName, tool, input } = call;
  if (tool.kind !== "outside") throw new Error(`${toolName} is not done outside`);
  const { performer, timeoutMs } = tool;
  if (performer !== MACHINE && !Object.hasOwn(outsidePerformers, performer)) {
    fail("platform_unavailable", `nobody here does ${toolTitle(toolName)}`, { retryable: false });
  }
  const { _id: turnId, conversationId, personId } = turn;
  const callId = await ctx.db.insert("outsideCalls", {
    ...{ turnId, toolCallId, conversationId, personId, agent, toolName, input, performer, timeoutMs, gateId },
    callHash: await hashOfCall({ agent, toolName, personId, input }),
    idempotencyKey: `${turnId}/${toolCallId}`,
    ...{ status: "ready", machine: null, leaseId: null, leaseUntil: null, deadline: null, claims: 0, failures: 0 },
    ...{ error: null, createdAt: Date.now(), endedAt: null },
  });
  await start(ctx, { _id: callId, performer });
  await ctx.scheduler.runAfter(OUTSIDE_LEASE_MS, look, { callId });
}

/** A machine's call is not begun from here: a gateway takes it. */
async function start(
  ctx: MutationCtx,
  { _id, performer }: Pick<Doc<"outsideCalls">, "_id" | "performer">,
): Promise<void> {
  const action = Object.hasOwn(outsidePerformers, performer) ? outsidePerformers[performer] : undefined;
  if (action !== undefined) await ctx.scheduler.runAfter(0, action, { callId: _id });
}

/** Null: somebody else has it, or it is over. The gate has looked already (`outside.claim`). */
export async function take(
  ctx: MutationCtx,
  callId: Id<"outsideCalls">,
  machine: string | null,
): Promise<Doc<"outsideCalls"> | null> {
  const call = await ctx.db.get("outsideCalls", callId);
  if (call === null || call.status !== "ready") return null;
  const now = Date.now();
  const claims = call.claims + 1;
  if (claims > MAX_CLAIMS) {
    await end(ctx, call, errorInfo("interrupted", `${toolTitle(call.toolName)} was interrupted ${MAX_CLAIMS} times`));
    return null;
  }
  const lease = {
    ...{ status: "claimed" as const, claims, machine, leaseId: `${callId}#${claims}` },
    leaseUntil: now + OUTSIDE_LEASE_MS,
    deadline: call.deadline ?? now + call.timeoutMs,
  };
  await ctx.db.patch("outsideCalls", callId, lease);
  return { ...call, ...lease };
}

async function heldCall(
  ctx: MutationCtx,
  callId: Id<"outsideCalls">,
  leaseId: string,
): Promise<Doc<"outsideCalls"> | null> {
  const call = await ctx.db.get("outsideCalls", callId);
  return call !== null && call.leaseId === leaseId ? call : null;
}

/** False: the lease is lost, or the call is over. Stop. */
export async function heartbeat(ctx: MutationCtx, callId: Id<"outsideCalls">, leaseId: string): Promise<boolean> {
  const call = await heldCall(ctx, callId, leaseId);
  if (call === null || call.status !== "claimed") return false;
  await ctx.db.patch("outsideCalls", callId, { leaseUntil: Date.now() + OUTSIDE_LEASE_MS });
  return true;
}

/** `result`: JSON text. False: refused, the lease was lost. The same told twice under one lease is accepted twice. */
export async function complete(
  ctx: MutationCtx,
  callId: Id<"outsideCalls">,
  leaseId: string,
  result: string,
): Promise<boolean> {
  const call = await heldCall(ctx, callId, leaseId);
  if (call === null) return false;
  if (call.status === "done") return true;
  if (call.status !== "claimed") return false;
  const trouble = resultTrouble(call, result);
  if (trouble !== null) {
    await end(ctx, call, trouble);
    return true;
  }
  await close(ctx, call, "done", result);
  return true;
}

function resultTrouble({ toolName }: Doc<"outsideCalls">, result: string): ErrorInfo | null {
  if (byteLength(result) > MAX_RESULT_BYTES) {
    return errorInfo("too_large", `${toolTitle(toolName)} was done, but what it gave is too large to be read`);
  }
  try {
    JSON.parse(result);
    return null;
  } catch {
    return errorInfo("internal", `${toolTitle(toolName)} was done, but what it gave is not JSON`);
  }
}

/** False: refused, the lease was lost. A failure that may pass is tried again; any other is the call's result. */
export async function failCall(
  ctx: MutationCtx,
  callId: Id<"outsideCalls">,
  leaseId: string,
  { error, retryAfterMs }: { error: ErrorInfo; retryAfterMs?: number | undefined },
): Promise<boolean> {
  const call = await heldCall(ctx, callId, leaseId);
  if (call === null) return false;
  if (call.status === "failed" || call.status === "waiting") return true;
  if (call.status !== "claimed") return false;
  const failures = call.failures + 1;
  if (!error.retryable || failures >= MAX_FAILURES) {
    await end(ctx, call, error);
    return true;
  }
  const pauseMs = Math.min(LONGEST_RETRY_MS, retryAfterMs ?? FIRST_RETRY_MS * 2 ** (failures - 1));
  const leaseUntil = Date.now() + pauseMs;
  await ctx.db.patch("outsideCalls", callId, {
    ...{ status: "waiting", failures, leaseUntil, error: JSON.stringify(error) },
  });
  await ctx.scheduler.runAt(leaseUntil, look, { callId });
  return true;
}

/** The call's result is that it failed. */
export async function end(ctx: MutationCtx, call: Doc<"outsideCalls">, error: ErrorInfo): Promise<void> {
  const { code, message, remedy } = error;
  await ctx.db.patch("outsideCalls", call._id, { error: JSON.stringify(error) });
  await close(ctx, call, "failed", JSON.stringify({ error: { code, message, remedy } }));
}

async function close(
  ctx: MutationCtx,
  call: Doc<"outsideCalls">,
  status: "done" | "failed",
  result: string,
): Promise<void> {
  const { _id, turnId, toolCallId, toolName: tool, idempotencyKey, claims } = call;
  await ctx.db.patch("outsideCalls", _id, { status, endedAt: Date.now() });
  const turn = await ctx.db.get("turns", turnId);
  if (turn !== null) {
    const resultHash = await sha256Hex(result);
    const detail = { tool, toolCallId, callHash: call.callHash, idempotencyKey, attempts: claims, resultHash };
    await noteCall(ctx, turn, status === "done" ? "tool.done" : "tool.failed", detail);
  }
  await bringResult(ctx, turnId, { toolCallId, toolName: tool, result });
}

/** What would be done is asked about anew: this row is over, and brings no result. */
export async function withdraw(ctx: MutationCtx, callId: Id<"outsideCalls">): Promise<void> {
  await ctx.db.patch("outsideCalls", callId, { status: "failed", leaseId: null, endedAt: Date.now() });
}

/** The scheduled look; schedules the next one itself until the call is over. */
export async function lookAt(ctx: MutationCtx, callId: Id<"outsideCalls">): Promise<void> {
  const call = await ctx.db.get("outsideCalls", callId);
  if (call === null || call.endedAt !== null) return;
  const now = Date.now();
  const { status, toolName, deadline, timeoutMs, performer, claims, createdAt } = call;
  if (deadline !== null && deadline <= now) {
    await end(ctx, call, errorInfo("interrupted", `${toolTitle(toolName)} did not end within ${timeoutMs} ms`));
    return;
  }
  const waited = now - createdAt;
  if (
    performer === MACHINE &&
    claims === 0 &&
    waited >= UNTAKEN_MS &&
    waited >= (await patienceForMachine(ctx, null))
  ) {
    const remedy = "start a bot where a workspace and a sandbox are, then try again";
    await end(ctx, call, errorInfo("platform_unavailable", `no machine took ${toolTitle(toolName)}`, { remedy }));
    return;
  }
  const over = (call.leaseUntil ?? 0) <= now;
  const again = (status === "claimed" || status === "waiting") && over;
  if (again) await ctx.db.patch("outsideCalls", callId, { status: "ready", leaseUntil: null });
  // Ready after a whole look: the action that should have claimed it died before it could.
  if (again || status === "ready") await start(ctx, call);
  const next = again || status === "ready" ? now + OUTSIDE_LEASE_MS : (call.leaseUntil ?? now);
  await ctx.scheduler.runAt(Math.min(next, deadline ?? next), look, { callId });
}
