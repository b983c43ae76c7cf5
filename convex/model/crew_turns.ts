/**
 * Turns of an agent that works for another's conversation: asked for an answer (`delegate`), or set to work. It has a thread of its own,
 * serves the same person by the same account, and speaks to nobody: its questions show where the conversation is that it works for.
 */

import { components } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import type { AgentName } from "../agents/crew.ts";
import { fail } from "./errors.ts";
import { originOf, queueTurn } from "./turns.ts";

export interface CrewWork {
  agent: AgentName;
  /** The turn on whose behalf it is. */
  turn: Doc<"turns">;
  /** Work with the same key goes on in the same thread, one after the other. */
  key: string;
  prompt: string;
  /** The call that gets the final text as its result. */
  parentCallId?: string;
  /** An internal mutation by name, told `{turnId, result}` once at the end; result: JSON text of `{text}` or `{error}`. */
  onEnd?: string;
}

export async function startCrewTurn(ctx: MutationCtx, work: CrewWork): Promise<Id<"turns">> {
  const { turn, agent, key, prompt, parentCallId, onEnd } = work;
  const conversation = await conversationOf(ctx, turn, agent, key);
  const { threadId, userId } = conversation;
  // Work for a shared place is for several people in one thread, and only the words of the one served are a message (context_bridge.ts).
  const person = conversation.owner === null ? await ctx.db.get("people", turn.personId) : null;
  const content = person === null ? prompt : `[${person.name}] ${prompt}`;
  const { messages } = await ctx.runMutation(components.agent.messages.addMessages, {
    threadId,
    userId,
    messages: [{ message: { role: "user", content } }],
  });
  const { personId, handle, channel, place, hearsay } = turn;
  return await queueTurn(ctx, {
    ...{ personId, handle, channel, place, private: turn.private },
    conversationId: conversation._id,
    promptMessageId: messages.at(-1)!._id,
    ...(hearsay === undefined ? {} : { hearsay }),
    ...(parentCallId === undefined ? {} : { parentTurnId: turn._id, parentCallId }),
    ...(onEnd === undefined ? {} : { onEnd }),
  });
}

async function conversationOf(
  ctx: MutationCtx,
  turn: Doc<"turns">,
  agent: AgentName,
  name: string,
): Promise<Doc<"conversations">> {
  const home = await ctx.db.get("conversations", turn.conversationId);
  if (home === null) fail("not_found", "this conversation is gone");
  const key = `crew:${agent}:${name}`;
  const existing = await ctx.db
    .query("conversations")
    .withIndex("by_key_and_owner", (q) => q.eq("key", key).eq("owner", home.owner))
    .unique();
  const origin = await originOf(ctx, turn);
  if (existing !== null) {
    // Asked for from elsewhere this time: its questions belong there, and to nobody who only reads the place before.
    const { place, threadKey } = existing.origin ?? {};
    if (place !== origin.place || threadKey !== origin.threadKey)
      await ctx.db.patch("conversations", existing._id, { origin });
    return existing;
  }
  // Filed apart from what the person said themselves: what is asked of an agent is no memory of theirs.
  const userId = `${home.userId}/${agent}`;
  const { _id: threadId } = await ctx.runMutation(components.agent.threads.createThread, { userId, title: key });
  const { channel, owner } = home;
  const conversationId = await ctx.db.insert("conversations", { key, channel, owner, threadId, userId, agent, origin });
  return (await ctx.db.get("conversations", conversationId))!;
}
