/**
 * What an event is: a button or an answering text goes to the question, a command to its handler, all else is conversation.
 * Somebody unknown gets one hint how to enrol, once, and nothing else.
 */
import type { InboundAction, InboundEvent } from "../../src/contract/inbound.ts";
import type { Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { conversationFor, saveUserMessage } from "./conversations.ts";
import { sayText } from "./outbox.ts";
import { type Acting, personByHandle, resolveActor, touchHandle } from "./people.ts";
import { joinTurn } from "./turns.ts";

export type Route = "unknownSender" | "answer" | "command" | "conversation" | "empty";

export async function routeEvent(ctx: MutationCtx, inboundId: Id<"inbound">, event: InboundEvent): Promise<Route> {
  const { handle } = event.sender;
  if ((await personByHandle(ctx, handle)) === null) {
    await enrolmentHint(ctx, event);
    return "unknownSender";
  }
  const acting = await resolveActor(ctx, { kind: "handle", handle, channel: event.channel });
  await touchHandle(ctx, handle);
  if (event.kind !== "message") return "empty";
  if (event.text.trim() === "") return "empty";
  return await converse(ctx, event, acting, event.text);
}

async function converse(ctx: MutationCtx, event: InboundEvent, acting: Acting, text: string): Promise<Route> {
  const conversation = await conversationFor(ctx, event, acting.person);
  const promptMessageId = await saveUserMessage(ctx, conversation, acting.person, text);
  const serving = {
    person: acting.person,
    handle: event.sender.handle,
    channel: event.channel,
    place: event.place,
    private: event.private,
  };
  await joinTurn(ctx, conversation, serving, promptMessageId);
  return "conversation";
}

async function enrolmentHint(ctx: MutationCtx, event: InboundEvent): Promise<void> {
  const { handle } = event.sender;
  await sayText(ctx, {
    channel: event.channel,
    place: event.place,
    key: `enrol:${event.place}:${handle}`,
    text: `I do not know you yet. The owner of this factory can add you with: factory people link NAME ${handle}`,
    onlyTo: event.private ? null : handle,
  });
}
