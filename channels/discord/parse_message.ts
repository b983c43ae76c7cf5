/** Messages, mentions, direct messages and what is said in threads. Pure: where a channel belongs is an argument. */
import { type InboundMessage, MAX_TEXT } from "../../src/contract/inbound.ts";
import { type Body, bodiesAt, textAt } from "../../src/contract/untrusted.ts";
import { channelPlace, handleOf, threadPlace, timeOf } from "./ids.ts";
import { plainText } from "./plain_text.ts";

export interface Self {
  userId: string;
  appId: string;
}

export type Where =
  | { kind: "dm" }
  /** `threads` false: none can be opened there. */
  | { kind: "channel"; id: string; threads: boolean }
  | { kind: "thread"; id: string; parent: string };

export type ParsedMessage = { kind: "event"; event: InboundMessage } | { kind: "ignored"; reason: string };

const ignored = (reason: string): ParsedMessage => ({ kind: "ignored", reason });
/** Said by a person; everything else (joins, pins, boosts, a thread's beginning) starts nothing. */
const SPOKEN = new Set<unknown>([0, 19]);

/** Also for messages fetched from a channel's history. Edits never come here: an edit starts nothing (C6). */
export function parseMessage(message: Body, where: Where, self: Self): ParsedMessage {
  const [id, channel] = [textAt(message, "id"), textAt(message, "channel_id")];
  const user = textAt(message, "author", "id");
  if (id === null || channel === null || user === null) return ignored("a message without id, channel or author");
  if (user === self.userId) return ignored("said by the bot");
  if ((message.author as Body).bot === true || textAt(message, "webhook_id") !== null) return ignored("said by a bot");
  if (!SPOKEN.has(message.type)) return ignored(`type ${String(message.type)}`);

  const named = bodiesAt(message, "mentions");
  const mentioned = named.some((one) => one.id === self.userId);
  const answered = textAt(message, "referenced_message", "author", "id") === self.userId;
  const direct = where.kind === "dm";
  const toBot = direct || mentioned || answered;
  if (!toBot && where.kind !== "thread") return ignored("not addressed to the bot");

  const users = new Map(
    named.map((one) => [String(one.id), textAt(one, "global_name") ?? textAt(one, "username") ?? String(one.id)]),
  );
  const said = plainText(textAt(message, "content") ?? "", { self: self.userId, users });
  const files = bodiesAt(message, "attachments").map((file) => `[file: ${textAt(file, "filename") ?? "unnamed"}]`);
  const text = [asCommand(said, toBot), ...files].filter((line) => line !== "").join("\n");
  if (text === "" && !toBot) return ignored("nothing that may be read");
  if (text.length > MAX_TEXT) return ignored("too long");

  return {
    kind: "event",
    event: {
      kind: "message",
      channel: "discord",
      eventId: `message:${id}`,
      place: placeOf(where, user, channel, answered ? (textAt(message, "message_reference", "message_id") ?? id) : id),
      threadKey: null,
      private: direct,
      sender: { handle: handleOf(user), displayName: nameOf(message) },
      sentAt: timeOf(id),
      messageId: id,
      // A mention and nothing else wants something too.
      text: text === "" ? "hello" : text,
      ...(toBot ? {} : { addressed: false }),
    },
  };
}

/** A mention in a channel opens a thread of its own, an answer to a message of the bot's the thread of that message. */
function placeOf(where: Where, user: string, channel: string, root: string): string {
  if (where.kind === "dm") return handleOf(user);
  if (where.kind === "thread") return threadPlace(where.parent, where.id);
  return where.threads ? threadPlace(channel, root) : channelPlace(channel);
}

const nameOf = (message: Body): string | null =>
  textAt(message, "member", "nick") ??
  textAt(message, "author", "global_name") ??
  textAt(message, "author", "username");

/** Discord's own clients keep a line that begins with a slash for themselves, so to the bot a command may be said without one. */
const SAID_COMMAND =
  /^(?:workflow\s+(?:run|status|cancel|list)\b|(?:pending|help)\s*$|(?:approve|deny|answer|more|resend|reassign)\s+\S+)/i;

const asCommand = (text: string, toBot: boolean): string => (toBot && SAID_COMMAND.test(text) ? `/${text}` : text);
