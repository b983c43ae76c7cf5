/**
 * Turns: one reply of the agent to one person, made of all they said since the turn before.
 *
 *   queued -> running -> done | failed
 *
 * One turn at a time runs in a conversation; what arrives meanwhile joins the last queued turn if it is the same person by the same
 * account in the same place, else it queues one of its own: nobody's words are done with another's rights. A running turn is held by an action under a lease; when the lease runs out another action
 * goes on from what the thread holds (`progressOf`), so a turn survives being killed anywhere.
 */
import { makeFunctionReference } from "convex/server";
import { type ErrorInfo, errorInfo } from "../../src/contract/errors.ts";
import type { Hearsay } from "../../src/flow/hearsay.ts";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { bringResult, goOn } from "./call_results.ts";
import { type Origin, progressOf, saveNote, saveOwnReply } from "./conversations.ts";
import { answerHint } from "./open_questions.ts";
import { enqueue, revise } from "./outbox.ts";
import { openWaitsOf } from "./turn_waits.ts";

/** Three heartbeats fit in; after a crash somebody waits this long at most before the reply goes on. */
export const TURN_LEASE_MS = 10_000;
/** Taken up this often without an end, a turn is given up: its own content may be what kills the process. */
export const MAX_TURN_ATTEMPTS = 5;
/** A request goes on from results so often: each time its model has new rounds, and none of them may be the last. */
export const MAX_CONTINUED = 100;

export interface Serving {
  person: Doc<"people">;
  handle: string;
  channel: string;
  place: string;
  private: boolean;
  /** Somebody else's words, passed on; null: their own. */
  hearsay: Hearsay | null;
}

/** Has the saved message answered: by the running turn's successor, or at once. Returns the turn it became part of. */
export async function joinTurn(
  ctx: MutationCtx,
  conversation: Doc<"conversations">,
  serving: Serving,
  promptMessageId: string,
): Promise<Id<"turns">> {
  const last = await ctx.db
    .query("turns")
    .withIndex("by_conversationId_and_status", (q) => q.eq("conversationId", conversation._id).eq("status", "queued"))
    .order("desc")
    .first();
  // A turn that goes on from an answer is about that answer alone. What is passed on is answered apart, so that it refuses nothing else.
  if (
    last !== null &&
    last.afterCallId === undefined &&
    last.hearsay === undefined &&
    serving.hearsay === null &&
    last.personId === serving.person._id &&
    last.handle === serving.handle &&
    last.place === serving.place
  ) {
    await ctx.db.patch("turns", last._id, { promptMessageId });
    return last._id;
  }
  return await queueTurn(ctx, {
    conversationId: conversation._id,
    personId: serving.person._id,
    handle: serving.handle,
    channel: serving.channel,
    place: serving.place,
    private: serving.private,
    promptMessageId,
    ...(serving.hearsay === null ? {} : { hearsay: serving.hearsay }),
  });
}

type NewTurn = Pick<
  Doc<"turns">,
  | "conversationId"
  | "personId"
  | "handle"
  | "channel"
  | "place"
  | "private"
  | "promptMessageId"
  | "afterCallId"
  | "continued"
  | "hearsay"
  | "parentTurnId"
  | "parentCallId"
  | "onEnd"
>;

/** A turn of its own, after those that are queued. */
export async function queueTurn(ctx: MutationCtx, turn: NewTurn): Promise<Id<"turns">> {
  const turnId = await ctx.db.insert("turns", {
    ...turn,
    status: "queued",
    leaseId: null,
    leaseUntil: null,
    watchId: null,
    attempts: 0,
    deliveryId: null,
    error: null,
    endedAt: null,
  });
  await startNext(ctx, turn.conversationId);
  return turnId;
}

/** Starts the oldest queued turn of a conversation unless one is running. */
async function startNext(ctx: MutationCtx, conversationId: Id<"conversations">): Promise<void> {
  const ofStatus = (status: "running" | "queued") =>
    ctx.db
      .query("turns")
      .withIndex("by_conversationId_and_status", (q) => q.eq("conversationId", conversationId).eq("status", status))
      .first();
  if ((await ofStatus("running")) !== null) return;
  const next = await ofStatus("queued");
  if (next === null) return;
  const leaseUntil = Date.now() + TURN_LEASE_MS;
  const watchId = await ctx.scheduler.runAt(leaseUntil, internal.turns.watch, { turnId: next._id });
  await ctx.db.patch("turns", next._id, { status: "running", leaseUntil, watchId });
  await ctx.scheduler.runAfter(0, internal.agents.answer.run, { turnId: next._id });
}

/** Takes a running turn that nobody holds. null: somebody holds it, it has ended, or it was given up just now. */
export async function takeTurn(ctx: MutationCtx, turnId: Id<"turns">): Promise<Doc<"turns"> | null> {
  const turn = await ctx.db.get("turns", turnId);
  const now = Date.now();
  if (turn === null || turn.status !== "running") return null;
  if (turn.leaseId !== null && (turn.leaseUntil ?? 0) > now) return null;
  if ((turn.continued ?? 0) > MAX_CONTINUED) {
    const remedy = "Look at what has been done, then ask for what is missing.";
    await failTurn(
      ctx,
      turn,
      errorInfo("limit_reached", `it went on ${MAX_CONTINUED} times and came to no end`, { remedy, retryable: false }),
    );
    return null;
  }
  const attempts = turn.attempts + 1;
  if (attempts > MAX_TURN_ATTEMPTS) {
    await failTurn(ctx, turn, errorInfo("internal", `the answer was interrupted ${MAX_TURN_ATTEMPTS} times`));
    return null;
  }
  const lease = { attempts, leaseId: `${turnId}#${attempts}`, leaseUntil: now + TURN_LEASE_MS };
  await ctx.db.patch("turns", turnId, lease);
  return { ...turn, ...lease };
}

/** The turn, if it still runs under this lease; null: it was lost. */
export async function heldTurn(ctx: MutationCtx, turnId: Id<"turns">, leaseId: string): Promise<Doc<"turns"> | null> {
  const turn = await ctx.db.get("turns", turnId);
  return turn !== null && turn.status === "running" && turn.leaseId === leaseId ? turn : null;
}

/** Extends the lease, once half of it is gone, and shows how far the reply has grown. It never shrinks before its end. */
export async function showProgress(ctx: MutationCtx, turn: Doc<"turns">, text: string | null): Promise<void> {
  const now = Date.now();
  if ((turn.leaseUntil ?? 0) - now < TURN_LEASE_MS / 2) {
    await ctx.db.patch("turns", turn._id, { leaseUntil: now + TURN_LEASE_MS });
  }
  if (text === null || text.trim() === "") return;
  const conversation = await ctx.db.get("conversations", turn.conversationId);
  if (conversation?.origin === undefined) await say(ctx, turn, text, false);
}

/**
 * The reply is complete: said in whole, whatever was shown before. A turn whose calls wait ends too, with a reply that says for what; it
 * goes on as a turn of its own.
 */
export async function endTurn(ctx: MutationCtx, turn: Doc<"turns">): Promise<void> {
  const conversation = (await ctx.db.get("conversations", turn.conversationId))!;
  const progress = await progressOf(ctx, conversation, turn.promptMessageId, turn.afterCallId);
  const pointers = await pointersOf(ctx, turn, conversation);
  await speak(ctx, turn, conversation, [...progress.texts, ...pointers]);
  await close(ctx, turn, { status: "done" });
  if (progress.complete) await tellEnd(ctx, turn, { text: progress.texts.join("\n\n") });
  // Answered between the last look at the thread and here.
  else if (pointers.length === 0) {
    const last = await lastResult(ctx, turn);
    if (last !== null) await goOn(ctx, turn, last.toolCallId);
  }
}

/** Never silence: the reply says what went wrong and whether to try again. What had been said already stays in it, and what it waits for. */
export async function failTurn(ctx: MutationCtx, turn: Doc<"turns">, error: ErrorInfo): Promise<void> {
  const conversation = (await ctx.db.get("conversations", turn.conversationId))!;
  const { texts } = await progressOf(ctx, conversation, turn.promptMessageId, turn.afterCallId);
  const what = `I could not finish this answer: ${error.message} (${error.code}).`;
  const next =
    error.remedy ?? (error.retryable ? "Please say it again in a moment." : "Saying it again will not help.");
  const apology = `${what} ${next}`;
  await saveOwnReply(ctx, conversation, turn.promptMessageId, apology);
  const pointers = await pointersOf(ctx, turn, conversation);
  await speak(ctx, turn, conversation, [...texts, apology, ...pointers]);
  await close(ctx, turn, { status: "failed", error: JSON.stringify(error) });
  const { code, message, remedy } = error;
  await tellEnd(ctx, turn, { error: { code, message, remedy } });
}

/** What the turn's calls wait for, noted in the thread, so that a later turn knows of it. */
async function pointersOf(ctx: MutationCtx, turn: Doc<"turns">, conversation: Doc<"conversations">): Promise<string[]> {
  const pointers = (await openWaitsOf(ctx, turn)).map(({ pointer }) => pointer);
  if (pointers.length > 0) await saveNote(ctx, conversation, pointers.join("\n"));
  return pointers;
}

async function lastResult(ctx: MutationCtx, turn: Doc<"turns">): Promise<Doc<"toolEffects"> | null> {
  const results = await ctx.db
    .query("toolEffects")
    .withIndex("by_turnId_and_toolCallId", (q) => q.eq("turnId", turn._id))
    .take(100);
  return results.sort((a, b) => a._creationTime - b._creationTime).at(-1) ?? null;
}

/** The whole reply, with the words that count for open questions. An agent that works for another speaks to nobody. */
async function speak(
  ctx: MutationCtx,
  turn: Doc<"turns">,
  conversation: Doc<"conversations">,
  parts: string[],
): Promise<void> {
  if (conversation.origin !== undefined) return;
  const hint = await answerHint(ctx, turn.personId, turn.private, parts.join("\n"));
  const said = [...parts, ...(hint === null ? [] : [hint])];
  if (said.length > 0) await say(ctx, turn, said.join("\n\n"), true);
}

/** Whoever waits for this turn: the call that asked the agent, the one who set it to work. */
async function tellEnd(
  ctx: MutationCtx,
  turn: Doc<"turns">,
  how: { text: string } | { error: unknown },
): Promise<void> {
  const { parentTurnId, parentCallId, onEnd } = turn;
  if (onEnd !== undefined) {
    const told = makeFunctionReference<"mutation", { turnId: Id<"turns">; result: string }>(onEnd);
    await ctx.scheduler.runAfter(0, told, { turnId: turn._id, result: JSON.stringify(how) });
  }
  if (parentTurnId === undefined || parentCallId === undefined) return;
  const agent = (await ctx.db.get("conversations", turn.conversationId))?.agent ?? null;
  const result = JSON.stringify("text" in how ? { agent, answer: how.text } : { agent, ...how });
  await bringResult(ctx, parentTurnId, { toolCallId: parentCallId, toolName: "delegate", result });
}

/** Where people see what comes of this turn: its own place, or that of the conversation it works for. */
export async function originOf(ctx: QueryCtx, turn: Doc<"turns">): Promise<Origin> {
  const conversation = await ctx.db.get("conversations", turn.conversationId);
  return conversation?.origin ?? { place: turn.place, threadKey: conversation?.key ?? null, private: turn.private };
}

async function close(
  ctx: MutationCtx,
  turn: Doc<"turns">,
  end: { status: "done" } | { status: "failed"; error: string },
): Promise<void> {
  if (turn.watchId !== null) await ctx.scheduler.cancel(turn.watchId);
  await ctx.db.patch("turns", turn._id, {
    ...end,
    leaseId: null,
    leaseUntil: null,
    watchId: null,
    endedAt: Date.now(),
  });
  await startNext(ctx, turn.conversationId);
}

/** Exactly one delivery a turn. */
async function say(ctx: MutationCtx, turn: Doc<"turns">, text: string, final: boolean): Promise<void> {
  const message = { kind: "text" as const, text, onlyTo: null };
  const current = await ctx.db.get("turns", turn._id);
  if (current?.deliveryId == null) {
    const deliveryId = await enqueue(ctx, {
      channel: turn.channel,
      place: turn.place,
      key: `turn:${turn._id}`,
      message,
      final,
      conversationId: turn.conversationId,
    });
    await ctx.db.patch("turns", turn._id, { deliveryId });
    return;
  }
  if (!final && (await shownLength(ctx, current.deliveryId)) >= text.length) return;
  await revise(ctx, current.deliveryId, message, { final });
}

/** After a crash the answer is generated anew and may begin differently: it is shown once it is longer than what was shown. */
async function shownLength(ctx: MutationCtx, deliveryId: Id<"deliveries">): Promise<number> {
  const row = await ctx.db.get("deliveries", deliveryId);
  const message = row === null ? null : (JSON.parse(row.message) as { text?: string });
  return message?.text?.length ?? 0;
}

/** At the end of a lease: taken up again if nobody holds it, else looked at later. */
export async function watchTurn(ctx: MutationCtx, turnId: Id<"turns">): Promise<void> {
  const turn = await ctx.db.get("turns", turnId);
  if (turn === null || turn.status !== "running") return;
  const now = Date.now();
  const expired = (turn.leaseUntil ?? 0) <= now;
  if (expired) await ctx.scheduler.runAfter(0, internal.agents.answer.run, { turnId });
  const next = expired ? now + TURN_LEASE_MS : (turn.leaseUntil ?? now);
  const watchId = await ctx.scheduler.runAt(next, internal.turns.watch, { turnId });
  await ctx.db.patch("turns", turnId, { watchId });
}
