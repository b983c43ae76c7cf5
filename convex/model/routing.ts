/**
 * What an event is: a button or an answering text goes to the question, a command to its handler, all else is conversation.
 * Somebody unknown gets one hint how to enrol, once, and nothing else.
 */
import type { InboundAction, InboundEvent } from "../../src/contract/inbound.ts";
import type { OutMessage } from "../../src/contract/message.ts";
import { type Command, parseCommand, slashCommand } from "../../src/flow/command.ts";
import type { Json } from "../../src/flow/definition.ts";
import type { Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { answerText } from "./answering.ts";
import { answer } from "./approvals.ts";
import { runCommand } from "./commands.ts";
import { conversationFor, saveUserMessage } from "./conversations.ts";
import { enqueue, sayText } from "./outbox.ts";
import { type Acting, personByHandle, resolveActor, touchHandle } from "./people.ts";
import { joinTurn } from "./turns.ts";

export type Route = "unknownSender" | "answer" | "command" | "conversation" | "empty";

/** Without the slash: phones have no slash commands. */
const bareCommands = (channel: string): boolean => channel === "sms";

export async function routeEvent(ctx: MutationCtx, inboundId: Id<"inbound">, event: InboundEvent): Promise<Route> {
  const { handle } = event.sender;
  if ((await personByHandle(ctx, handle)) === null) {
    await enrolmentHint(ctx, event);
    return "unknownSender";
  }
  const acting = await resolveActor(ctx, { kind: "handle", handle, channel: event.channel });
  await touchHandle(ctx, handle);
  const reply = async (message: OutMessage): Promise<void> => {
    await enqueue(ctx, { channel: event.channel, place: event.place, key: `inbound:${inboundId}`, message });
  };
  switch (event.kind) {
    case "action": {
      const notice = await pressed(ctx, event, acting);
      if (notice !== null) await reply({ kind: "text", text: notice, onlyTo: event.private ? null : handle });
      return "answer";
    }
    case "command": {
      const command = slashCommand(event.command, event.text);
      await commanded(ctx, inboundId, event, acting, command, reply);
      return "command";
    }
    case "message": {
      if (event.text.trim() === "") return "empty";
      const command = parseCommand(event.text, { bare: bareCommands(event.channel) });
      if (command !== null) {
        await commanded(ctx, inboundId, event, acting, command, reply);
        return "command";
      }
      const answered = await answerText(ctx, acting, event.text, event);
      if (answered === null) return await converse(ctx, event, acting, event.text);
      await reply(answered);
      return "answer";
    }
  }
}

/** A button carries ids only. A settled question shows itself on every copy; anything else is said to the one who pressed. */
async function pressed(ctx: MutationCtx, event: InboundAction, acting: Acting): Promise<string | null> {
  const result = await answer(ctx, {
    acting,
    ref: event.approvalId,
    option: event.option,
    reason: event.reason,
    fields: event.fields as Json,
    requestKey: `${event.channel}:${event.eventId}`,
  });
  return result.outcome === "settled" || result.outcome === "voted" ? null : result.message;
}

async function commanded(
  ctx: MutationCtx,
  inboundId: Id<"inbound">,
  event: InboundEvent,
  acting: Acting,
  command: Command,
  reply: (message: OutMessage) => Promise<void>,
): Promise<void> {
  const { place, threadKey } = event;
  const message = await runCommand(ctx, command, {
    acting,
    origin: { place, threadKey, private: event.private },
    requestKey: `inbound:${inboundId}`,
    bare: bareCommands(event.channel),
  });
  await reply(message);
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
