/**
 * What an event is: a button or an answering text goes to the question, a command to its handler, all else is conversation.
 * Somebody unknown gets one hint a day how to enrol, and nothing else (`phones.ts`).
 */
import type { InboundAction, InboundEvent, InboundMessage } from "../../src/contract/inbound.ts";
import type { OutMessage } from "../../src/contract/message.ts";
import { type Command, parseCommand, slashCommand } from "../../src/flow/command.ts";
import type { Json } from "../../src/flow/definition.ts";
import type { Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { answerText } from "./answering.ts";
import { answer } from "./approvals.ts";
import { takeWithin } from "./bounded.ts";
import { runCommand } from "./commands.ts";
import { conversationFor, conversationsOf, saveSaid, saveUserMessage } from "./conversations.ts";
import { hearsayOf, recordRefused } from "./instructions.ts";
import { enqueue } from "./outbox.ts";
import { type Acting, personByHandle, resolveActor, touchHandle } from "./people.ts";
import { type PhoneRoute, routeCarrierWord, routeStranger, type StrangerRoute } from "./phones.ts";
import { joinTurn } from "./turns.ts";

export type Route = StrangerRoute | PhoneRoute | "answer" | "command" | "conversation" | "empty" | "notAddressed";

/** Without the slash: phones have no slash commands. */
const bareCommands = (channel: string): boolean => channel === "sms";

export async function routeEvent(ctx: MutationCtx, inboundId: Id<"inbound">, event: InboundEvent): Promise<Route> {
  const { handle } = event.sender;
  if (event.kind === "message" && event.addressed === false && !(await takesPart(ctx, event))) return "notAddressed";
  const carrier = await routeCarrierWord(ctx, `inbound:${inboundId}`, event);
  if (carrier !== null) return carrier;
  if ((await personByHandle(ctx, handle)) === null) {
    // People who talk among themselves in a thread where the bot is, too, have not asked it anything.
    if (event.kind === "message" && event.addressed === false) return "notAddressed";
    return await routeStranger(ctx, `inbound:${inboundId}`, event);
  }
  const message = event.kind === "message" ? event.messageId : event.eventId;
  const acting = { ...(await resolveActor(ctx, { kind: "handle", handle, channel: event.channel })), message };
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
      // A platform's own command was seen by nobody else, so its reply is for one person too.
      const alone = async (message: OutMessage) => await reply(event.private ? message : onlyTo(handle, message));
      await commanded(ctx, inboundId, event, acting, command, alone);
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

const onlyTo = (handle: string, message: OutMessage): OutMessage =>
  message.kind === "text" || message.kind === "list" ? { ...message, onlyTo: handle } : message;

/**
 * A reply in a thread is for the bot when it has spoken there to all, or when its own message is what the thread hangs on. The platform
 * may know that before the message's receipt is stored.
 */
async function takesPart(ctx: MutationCtx, event: InboundMessage): Promise<boolean> {
  if (event.belowOwn === true || (await rootOf(ctx, event)) !== null) return true;
  const spoken = [...(await begun(ctx, event)), ...(await saidToAll(ctx, event.place))];
  return spoken.some(({ at }) => at <= event.sentAt) || (spoken.length > 0 && (await wasHeardBefore(ctx, event)));
}

const begun = async (ctx: MutationCtx, event: InboundEvent): Promise<{ at: number }[]> =>
  (await conversationsOf(ctx, event.threadKey ?? event.place)).map(({ _creationTime: at }) => ({ at }));

/**
 * What people said to one another is not kept, and so comes again when the place is looked through after the bot was named there: that
 * they were heard before it tells that the bot was there already.
 */
async function wasHeardBefore(ctx: MutationCtx, { channel, place, sentAt }: InboundMessage): Promise<boolean> {
  const earlier = ctx.db
    .query("inbound")
    .withIndex("by_channel_and_place_and_sentAt", (q) =>
      q.eq("channel", channel).eq("place", place).lt("sentAt", sentAt),
    );
  for await (const { kind } of earlier) if (kind === "message") return true;
  return false;
}

/** The product's own message below which this is said; null: there is none. */
async function rootOf(ctx: MutationCtx, event: InboundEvent): Promise<OutMessage | null> {
  const key = event.threadKey ?? event.place;
  const receipt = key.slice(key.indexOf(":") + 1);
  const said = await ctx.db
    .query("deliveries")
    .withIndex("by_channel_and_receipt", (q) => q.eq("channel", event.channel).eq("receipt", receipt))
    .first();
  return said === null ? null : (JSON.parse(said.message) as OutMessage);
}

/** Enough to see whether any was for all, and more than anybody refers to. */
const SPOKEN_LOOKED_AT = 10;

/** What the product has said or is about to say at a place, not to one person alone, oldest first: for example what a command is answered with. */
async function saidToAll(ctx: MutationCtx, place: string): Promise<{ at: number; message: OutMessage }[]> {
  const rows = ctx.db
    .query("deliveries")
    .withIndex("by_place_and_status", (q) => q.eq("place", place))
    .order("desc");
  const looked = await takeWithin(rows, SPOKEN_LOOKED_AT, (row) => row.message.length);
  const shown = looked.filter(({ status }) => status !== "failed").sort((a, b) => a._creationTime - b._creationTime);
  const said = shown.map(({ _creationTime: at, message }) => ({ at, message: JSON.parse(message) as OutMessage }));
  return said.filter(({ message }) => !("onlyTo" in message) || message.onlyTo == null);
}

/** What stands above the first words of a conversation in a thread; nothing where one goes on or where it begins with a mention. */
async function saidAbove(ctx: MutationCtx, event: InboundEvent): Promise<string> {
  if ((await begun(ctx, event)).length > 0) return "";
  const root = await rootOf(ctx, event);
  const below = event.kind === "message" && event.addressed === false ? await saidToAll(ctx, event.place) : [];
  const above = [...(root === null ? [] : [root]), ...below.map(({ message }) => message)];
  return above.map(spokenWords).join("\n\n").slice(0, MAX_SPOKEN);
}

const MAX_SPOKEN = 4000;

/** A message as a model reads it later. */
function spokenWords(message: OutMessage): string {
  if (message.kind === "text") return message.text.slice(0, MAX_SPOKEN);
  if (message.kind === "list") {
    const items = message.items.map(({ key, text }) => (key === null ? `- ${text}` : `- ${key} ${text}`));
    return [message.title, ...(items.length > 0 ? items : [message.empty])].join("\n").slice(0, MAX_SPOKEN);
  }
  if (message.kind !== "card") return message.title.slice(0, MAX_SPOKEN);
  const { question, context, payload } = message.card;
  return [question, context, ...(payload === null ? [] : [payload])].join("\n").slice(0, MAX_SPOKEN);
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
    alone: event.private || event.kind === "command",
    requestKey: `inbound:${inboundId}`,
    bare: bareCommands(event.channel),
  });
  await reply(message);
}

async function converse(ctx: MutationCtx, event: InboundEvent, acting: Acting, text: string): Promise<Route> {
  const above = await saidAbove(ctx, event);
  const conversation = await conversationFor(ctx, event, acting.person);
  if (above !== "") await saveSaid(ctx, conversation, above);
  const hearsay = await hearsayOf(ctx, acting.person, text);
  if (hearsay !== null) {
    const { _id: id, name: shown } = acting.person;
    const said = { subject: `conversation:${conversation._id}`, person: { id, shown }, channel: event.channel };
    await recordRefused(ctx, { ...said, handle: event.sender.handle }, "hearsay", { ...hearsay });
  }
  const promptMessageId = await saveUserMessage(ctx, conversation, acting.person, text);
  const serving = {
    person: acting.person,
    handle: event.sender.handle,
    channel: event.channel,
    place: event.place,
    private: event.private,
    hearsay,
  };
  await joinTurn(ctx, conversation, serving, promptMessageId);
  return "conversation";
}
