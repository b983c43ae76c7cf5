/** A tool call acts as the person its turn serves, with that person's rights at that moment, and is in the record. */

import { sha256Hex } from "../../src/flow/sha256.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { DEFAULT_AGENT } from "../agents/crew.ts";
import { record } from "./audit.ts";
import { agentOf } from "./conversations.ts";
import { fail } from "./errors.ts";
import { recordRefused, refusalOf } from "./instructions.ts";
import { type Acting, resolveActor } from "./people.ts";

export async function actingOf(ctx: QueryCtx, turn: Doc<"turns">): Promise<Acting> {
  const acting = await resolveActor(ctx, { kind: "handle", handle: turn.handle, channel: turn.channel });
  if (acting.person._id !== turn.personId) fail("forbidden", `${turn.handle} belongs to somebody else now`);
  return acting;
}

/** The agent whose turn it is. */
export async function agentOfTurn(ctx: QueryCtx, turn: Doc<"turns">): Promise<string> {
  const conversation = await ctx.db.get("conversations", turn.conversationId);
  return conversation === null ? DEFAULT_AGENT : agentOf(conversation);
}

/** Person, agent, tool and the arguments' hash; the arguments themselves are in the thread. `error` null: it was done. */
export async function recordCall(
  ctx: MutationCtx,
  turn: Doc<"turns">,
  call: { toolName: string; toolCallId: string | null; input: string; error: string | null },
): Promise<void> {
  await noteCall(ctx, turn, call.error === null ? "tool.called" : "tool.refused", {
    tool: call.toolName,
    toolCallId: call.toolCallId,
    argumentsHash: await sha256Hex(call.input),
    error: call.error,
  });
  if (call.error !== "forbidden") return;
  const { conversationId, personId, handle, channel } = turn;
  const person = await ctx.db.get("people", personId);
  const shown = person === null ? null : { id: person._id, shown: person.name };
  const instruction = { subject: `conversation:${conversationId}`, person: shown, handle, channel };
  await recordRefused(ctx, instruction, await refusalOf(ctx, turn), { tool: call.toolName });
}

/** Something about a call beside that it was made. */
export async function noteCall(
  ctx: MutationCtx,
  turn: Doc<"turns">,
  kind: string,
  detail: Record<string, unknown>,
): Promise<void> {
  const person = await ctx.db.get("people", turn.personId);
  await record(ctx, {
    ...{ subject: `conversation:${turn.conversationId}`, kind, handle: turn.handle, channel: turn.channel },
    person: person === null ? null : { id: person._id, shown: person.name },
    detail: { agent: await agentOfTurn(ctx, turn), ...detail },
  });
}

export async function demandTurn(ctx: QueryCtx, turnId: Id<"turns">): Promise<Doc<"turns">> {
  const turn = await ctx.db.get("turns", turnId);
  if (turn === null) fail("not_found", "this turn is gone");
  return turn;
}
