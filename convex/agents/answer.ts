/**
 * Answers a turn. The loop looks at what the thread holds and does what is missing, so the normal way and the way after a crash are
 * the same: effects of saved calls first, then generation from the saved prompt, until the last step is plain text.
 */
import type { ContextOptions } from "@convex-dev/agent";
import { v } from "convex/values";
import { type ErrorInfo, errorInfo } from "../../src/contract/errors.ts";
import type { Id } from "../_generated/dataModel.js";
import { type ActionCtx, internalAction } from "../_generated/server.js";
import type { TurnLease } from "../turns.ts";
import { budgetRefusal } from "./budget_functions.ts";
import { DEFAULT_AGENT, isAgent } from "./crew.ts";
import { agentNamed, type TurnAgent } from "./crew_agents.ts";
import { createLanguageModel, defaultModelId } from "./llm.ts";
import { lookUp } from "./look_up.ts";
import { explainModelError } from "./model_errors.ts";
import { ReplyStream } from "./reply_stream.ts";
import { CONTEXT_OPTIONS, deadline, RECENT_MESSAGES } from "./shared.ts";
import { beatTurn, beginTurn, endTurn, failTurn, noteRefused, turnEffect, turnProgress } from "./turn_functions.ts";

/** Generations in one turn: each follows effects. A model that never comes to an end is stopped here. */
const MAX_ROUNDS = 12;
const GENERATION_TIMEOUT_MS = 120_000;
/** A platform's answer and another agent's short one come in this time, and are part of the same reply. */
const PATIENCE_MS = 45_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

export const run = internalAction({
  args: { turnId: v.id("turns") },
  handler: async (ctx, { turnId }): Promise<void> => {
    const lease = await ctx.runMutation(beginTurn, { turnId });
    if (lease === null) return;
    const held = { turnId, leaseId: lease.leaseId };
    const stream = new ReplyStream((text) => ctx.runMutation(beatTurn, { ...held, text }));
    let error: ErrorInfo | null;
    try {
      error = await answer(ctx, turnId, lease, stream);
    } catch (thrown) {
      error = explainModelError(thrown);
    }
    await stream.stop();
    if (stream.lost.signal.aborted) return;
    if (error === null) await ctx.runMutation(endTurn, held);
    else await ctx.runMutation(failTurn, { ...held, error });
  },
});

/** null: the thread holds the complete answer, or what is left waits for a person. */
async function answer(
  ctx: ActionCtx,
  turnId: Id<"turns">,
  lease: TurnLease,
  stream: ReplyStream,
): Promise<ErrorInfo | null> {
  let silent = 0;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const progress = await ctx.runQuery(turnProgress, { turnId });
    if (progress.complete) return null;
    for (const call of progress.openCalls) {
      const { toolCallId, toolName } = call;
      const given = { turnId, toolCallId, toolName, input: JSON.stringify(call.input ?? {}) };
      const seen = await lookUp(ctx, given);
      const { leaseId } = lease;
      const held = await ctx.runMutation(turnEffect, { ...given, leaseId, ...(seen === null ? {} : { seen }) });
      if (!held) stream.lost.abort();
      if (stream.lost.signal.aborted) return null;
    }
    // What is left waits for people, or takes longer: the turn ends here, and another one goes on from the results.
    if (progress.openCalls.length > 0 && !(await resultsCame(ctx, turnId, stream.lost.signal))) return null;
    const refused = await ctx.runQuery(budgetRefusal, { turnId, now: Date.now() });
    if (refused !== null) return refused;
    const before = progress.texts;
    await generate(ctx, turnId, lease, stream, (text) => stream.show([...before, text].join("\n\n")));
    if (stream.lost.signal.aborted) return null;
    const after = await ctx.runQuery(turnProgress, { turnId });
    silent = after.work > progress.work ? 0 : silent + 1;
    if (silent >= 2) return errorInfo("model_unavailable", "the language model answered with nothing");
  }
  return errorInfo("limit_reached", `the answer took more than ${MAX_ROUNDS} rounds`, {
    remedy: "Please ask for one thing at a time.",
    retryable: false,
  });
}

/** Waits while all that is open is being done by others. False: something waits for people, or takes longer than a reply should. */
async function resultsCame(ctx: ActionCtx, turnId: Id<"turns">, lost: AbortSignal): Promise<boolean> {
  const until = Date.now() + PATIENCE_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5)) {
    const { openCalls, underWay } = await ctx.runQuery(turnProgress, { turnId });
    if (openCalls.length === 0) return true;
    if (!underWay || lost.aborted || Date.now() > until) return false;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

async function generate(
  ctx: ActionCtx,
  turnId: Id<"turns">,
  lease: TurnLease,
  stream: ReplyStream,
  show: (text: string) => void,
): Promise<void> {
  const limit = deadline(stream.lost.signal, GENERATION_TIMEOUT_MS);
  try {
    const failure = await showAll(await startGeneration(ctx, turnId, lease, limit.signal), show);
    if (failure !== null && !stream.lost.signal.aborted) throw failure;
  } finally {
    limit.clear();
  }
}

type Generation = Awaited<ReturnType<TurnAgent["streamText"]>>;

/** Memory never stops a reply: when the search fails, the answer is made from the newest messages. */
async function startGeneration(
  ctx: ActionCtx,
  turnId: Id<"turns">,
  lease: TurnLease,
  abortSignal: AbortSignal,
): Promise<Generation> {
  const agent = agentNamed(isAgent(lease.agent) ? lease.agent : DEFAULT_AGENT);
  const start = (contextOptions: ContextOptions) =>
    agent.streamText(
      { ...ctx, turnId },
      { threadId: lease.threadId, userId: lease.userId },
      {
        promptMessageId: lease.promptMessageId,
        model: createLanguageModel(defaultModelId()),
        abortSignal,
        // Nothing is repaired: what the library refuses is recorded before the refusal becomes the call's result.
        repairToolCall: async ({ toolCall: { toolCallId, toolName, input } }) => {
          await ctx.runMutation(noteRefused, { turnId, toolCallId, toolName, input });
          return null;
        },
        // Reported by the caller, once; the library would print it too.
        onError: () => {},
      },
      { contextOptions },
    );
  try {
    return await start({ ...CONTEXT_OPTIONS, searchOtherThreads: lease.private });
  } catch (thrown) {
    console.warn(`searching older messages failed: ${String(thrown)}`);
    return await start({ recentMessages: RECENT_MESSAGES });
  }
}

/** Consumes the stream to its end, so that every step is saved. Resolves with what failed; null: nothing did. */
async function showAll(generation: Generation, show: (text: string) => void): Promise<unknown> {
  let text = "";
  let failure: unknown = null;
  for await (const part of generation.fullStream) {
    if (part.type === "text-delta") {
      text += part.text;
      show(text);
    } else if (part.type === "finish-step" && text !== "" && !text.endsWith("\n\n")) text += "\n\n";
    else if (part.type === "error") failure ??= part.error;
    else if (part.type === "abort") failure ??= new Error("the language model took too long");
  }
  return failure;
}
