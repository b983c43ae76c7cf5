/**
 * Twilio's inbound message as an event. Pure; the signature has been checked before. What is no message of a person's phone to this
 * account is `unsupported`, never an exception.
 */
import { type InboundMessage, MAX_TEXT } from "../../src/contract/inbound.ts";
import { MESSAGE_SID, smsHandle, smsPlace, toE164 } from "./ids.ts";

export interface Incoming {
  sid: string;
  accountSid: string;
  from: string;
  body: string;
  media: number;
  /** STOP, START or HELP: what Twilio took it for, in an account whose keywords are its own. Null: it did not say. */
  optOutType: string | null;
  /** ms since 1970. */
  sentAt: number;
}

export type Parsed = { kind: "message"; event: InboundMessage } | { kind: "unsupported"; why: string };

export function parseIncoming(incoming: Incoming, accountSid: string): Parsed {
  const unsupported = (why: string): Parsed => ({ kind: "unsupported", why });
  // The signature joins names and values without a mark between them, so the shape of each field has to be checked as well.
  if (!MESSAGE_SID.test(incoming.sid)) return unsupported("not a message's id");
  if (incoming.accountSid !== accountSid) return unsupported("of another account");
  const from = toE164(incoming.from);
  if (from === null) return unsupported("not from a phone number");
  const handle = smsHandle(from);
  const sid = `${incoming.sid.slice(0, 2)}${incoming.sid.slice(2).toLowerCase()}`;
  return {
    kind: "message",
    event: {
      kind: "message",
      channel: "sms",
      eventId: `sms:${sid}`,
      place: smsPlace(from),
      threadKey: null,
      private: true,
      sender: { handle, displayName: null },
      sentAt: incoming.sentAt,
      messageId: sid,
      text: textOf(incoming),
    },
  };
}

const OPT_OUT_TYPES = ["STOP", "START", "HELP"];

function textOf({ body, media, optOutType }: Incoming): string {
  const type = optOutType?.toUpperCase() ?? "";
  // The account's own keyword ("BASTA") is to us what Twilio takes it for.
  if (OPT_OUT_TYPES.includes(type)) return type;
  const text = plain(body).slice(0, MAX_TEXT);
  if (media === 0) return text;
  const note = media === 1 ? "(sent a picture or file)" : `(sent ${media} pictures or files)`;
  return text === "" ? note : text;
}

/** As typed, but for what phones put in by themselves: other blanks and quotes, unseen characters. */
function plain(text: string): string {
  return text
    .normalize("NFC")
    .replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, "")
    .replace(/[\u00a0\u2007\u2009\u202f]/g, " ")
    .replace(/\r\n?/g, "\n")
    .replace(/[‘’]/g, "'")
    .replace(/[“”]/g, '"')
    .trim();
}
