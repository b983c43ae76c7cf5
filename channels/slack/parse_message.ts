/** Messages, mentions, direct messages and replies in threads. Pure. */
import { type InboundMessage, MAX_TEXT } from "../../src/contract/inbound.ts";
import { type Body, bodyAt, listAt, textAt } from "../../src/contract/untrusted.ts";
import { channelPlace, handleOf, msOf } from "./ids.ts";
import { ignored, type Parsed, type Self } from "./parse.ts";
import { plainText } from "./plain_text.ts";

/** Said by a person all the same. Every other subtype (edits, deletes, joins, topics, unfurls, bots) starts nothing. */
const SPOKEN = new Set(["file_share", "thread_broadcast", "me_message"]);

/** `body` is the whole callback, `event` the inner one. Also for messages fetched from a channel's history. */
export function parseMessage(body: Body, event: Body, self: Self): Parsed {
  const { subtype } = event;
  if (typeof subtype === "string" && !SPOKEN.has(subtype)) return ignored(`subtype ${subtype}`);
  if (typeof event.bot_id === "string" || event.bot_profile !== undefined) return ignored("said by a bot");
  const [channel, user, ts] = [textAt(event, "channel"), textAt(event, "user"), textAt(event, "ts")];
  if (channel === null || user === null || ts === null) return ignored("a message without channel, user or ts");
  if (user === self.userId || user === "USLACKBOT") return ignored("said by a bot");
  if (event.hidden === true) return ignored("hidden");
  if (event.edited !== undefined) return ignored("an edit");

  const raw = textAt(event, "text") ?? "";
  const mention = `<@${self.userId}>`;
  const mentioned = raw.includes(mention) || raw.includes(`<@${self.userId}|`);
  const direct = event.channel_type === "im" || channel.startsWith("D");
  const thread = textAt(event, "thread_ts");
  const reply = thread !== null && thread !== ts ? thread : null;
  if (!direct && !mentioned && reply === null) return ignored("not addressed to the bot");

  const files = listAt(event, "files").map((file) => `[file: ${textAt(bodyAt(file), "name") ?? "unnamed"}]`);
  const said = plainText(raw, self.userId);
  const text = [asCommand(said, direct || mentioned), ...files].filter((line) => line !== "").join("\n");
  if (text === "" && !mentioned) return ignored("empty");
  if (text.length > MAX_TEXT) return ignored("too long");

  const handle = handleOf(textAt(body, "team_id") ?? textAt(event, "team") ?? self.team, user);
  const message: InboundMessage = {
    kind: "message",
    channel: "slack",
    eventId: textAt(body, "event_id") ?? `history:${channel}/${ts}`,
    // A mention in a channel opens a thread of its own. A direct message is one conversation, and so is each thread in it: where the
    // workspace has a place for assistants, every new conversation is such a thread.
    // The place of a direct message is the person's handle, so that all who say something there say it in one order.
    place: direct && reply === null ? handle : channelPlace(channel, reply ?? ts),
    threadKey: direct && reply === null ? channelPlace(channel) : channelPlace(channel, reply ?? ts),
    private: direct,
    sender: { handle, displayName: null },
    sentAt: msOf(ts),
    messageId: ts,
    text: text === "" ? "hello" : text,
    ...(direct || mentioned ? {} : { addressed: false }),
    ...(reply !== null && textAt(event, "parent_user_id") === self.userId ? { belowOwn: true } : {}),
  };
  return { kind: "event", event: message };
}

/** Slack's own clients keep a line that begins with a slash for themselves, so to the bot a command may be said without one. */
const SAID_COMMAND =
  /^(?:workflow\s+(?:run|status|cancel|list)\b|(?:pending|help)\s*$|(?:approve|deny|answer|more|resend|reassign)\s+\S+)/i;

const asCommand = (text: string, toBot: boolean): string => (toBot && SAID_COMMAND.test(text) ? `/${text}` : text);
