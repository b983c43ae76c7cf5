/** What a typed line is. Pure. Answers to questions are ordinary messages: the backend alone decides what counts as one. */
import { type InboundEvent, MAX_TEXT } from "../../src/contract/inbound.ts";

export interface Speaker {
  /** Ingress: `terminal`, or `cli` for the command. */
  channel: string;
  handle: string;
  displayName: string | null;
  place: string;
  /** The conversation; null: the place's own. */
  threadKey: string | null;
}

export type Line =
  | { kind: "event"; event: InboundEvent }
  /** For the terminal itself. */
  | { kind: "quit" }
  /** Nothing to send; `why` is for the person, null for a blank line. */
  | { kind: "nothing"; why: string | null };

const COMMAND = /^\/([A-Za-z][\w-]{0,49})(?:\s+([\s\S]*))?$/;

export function parseLine(raw: string, speaker: Speaker, id: string, now: number): Line {
  const text = raw.replace(/\r$/, "").trim();
  if (text === "") return { kind: "nothing", why: null };
  if (/^\/(quit|exit)$/i.test(text)) return { kind: "quit" };
  if (text.length > MAX_TEXT) {
    return { kind: "nothing", why: `not sent: ${text.length} characters, at most ${MAX_TEXT} fit into one message` };
  }
  const base = {
    channel: speaker.channel,
    eventId: `${speaker.channel}:${id}`,
    place: speaker.place,
    threadKey: speaker.threadKey,
    private: true,
    sender: { handle: speaker.handle, displayName: speaker.displayName },
    sentAt: now,
  };
  const command = COMMAND.exec(text);
  if (command !== null) {
    const [, word, rest] = command;
    return {
      kind: "event",
      event: { kind: "command", ...base, command: word!.toLowerCase(), text: (rest ?? "").trim() },
    };
  }
  return { kind: "event", event: { kind: "message", ...base, messageId: id, text } };
}
