/** A person's phone sends a text: opt-out keywords, the webhook to the app, the app's TwiML answer. */
import { segmentsOf } from "./segments.ts";
import { phoneAt, type TwilioState } from "./state.ts";
import { twimlMessages } from "./twiml.ts";
import type { TwilioMessage } from "./types.ts";
import type { WebhookCall, Webhooks } from "./webhooks.ts";

const STOP = ["STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"];
const START = ["START", "UNSTOP", "YES"];
const HELP = ["HELP", "INFO"];

export interface Texted {
  message: TwilioMessage;
  /** null: no webhook is set, or it was lost or delayed by order. */
  webhook: WebhookCall | null;
}

export function createInbound(options: {
  state: TwilioState;
  webhooks: Webhooks;
  /** Puts a message to a phone into the queue. */
  reply(to: string, from: string, body: string): void;
  changed: () => void;
}) {
  const { state, webhooks, reply, changed } = options;

  return async function text(args: {
    from: string;
    to?: string;
    body: string;
    media?: string[];
    /** Fields that Twilio may add one day. */
    extra?: Record<string, string>;
  }): Promise<Texted> {
    const { account, clock } = state;
    const number = account.numbers.find(({ phoneNumber }) => phoneNumber === args.to) ?? account.numbers[0]!;
    const service = account.services.find(({ numbers }) => numbers.includes(number.phoneNumber)) ?? null;
    const usesService = service !== null && service.inboundUrl !== null;
    const now = clock.now();
    const media = args.media ?? [];
    const message: TwilioMessage = {
      sid: state.next(media.length > 0 ? "MM" : "SM"),
      accountSid: account.sid,
      from: args.from,
      to: number.phoneNumber,
      body: args.body,
      direction: "inbound",
      status: "received",
      errorCode: null,
      numSegments: segmentsOf(args.body).count,
      media,
      messagingServiceSid: usesService ? service.sid : null,
      statusCallback: null,
      validityPeriodS: 36_000,
      createdAt: now,
      sentAt: now,
      updatedAt: now,
      arrivedAt: now,
    };
    const optOut = optOutType(args.from, number.phoneNumber, args.body);
    state.messages.put(message.sid, message);
    changed();
    const url = usesService ? service.inboundUrl : number.smsUrl;
    if (url === null) return { message, webhook: null };
    const webhook = await webhooks.call("event:inbound", url, {
      ...inboundFields(message),
      ...(optOut !== null && service?.advancedOptOut === true ? { OptOutType: optOut } : {}),
      ...args.extra,
    });
    const answered = webhook?.status === 200 ? (twimlMessages(webhook.body) ?? []) : [];
    for (const body of answered) reply(args.from, number.phoneNumber, body);
    return { message, webhook };
  };

  /** Twilio acts on these itself; the message goes to the app all the same. */
  function optOutType(from: string, number: string, body: string): "STOP" | "START" | "HELP" | null {
    const word = body.trim().toUpperCase();
    const phone = phoneAt(state, from);
    const out = phone.optedOut.includes(number);
    const save = (optedOut: string[], text: string, type: "STOP" | "START") => {
      state.phones.put(from, Object.assign(phone, { optedOut }));
      carrierNote(from, number, text);
      return type;
    };
    if (STOP.includes(word)) {
      return save(
        [...new Set([...phone.optedOut, number])],
        "You have successfully been unsubscribed. You will not receive any more messages from this number. Reply START to resubscribe.",
        "STOP",
      );
    }
    if (START.includes(word) && out) {
      return save(
        phone.optedOut.filter((other) => other !== number),
        "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
        "START",
      );
    }
    return HELP.includes(word) ? "HELP" : null;
  }

  /** An answer of Twilio's own: it is on the phone, and in no list of the app's. */
  function carrierNote(to: string, from: string, body: string): void {
    const now = state.clock.now();
    const sid = state.next("XX");
    state.messages.put(sid, {
      ...{ sid, accountSid: "", from, to, body, direction: "outbound-reply", status: "delivered", errorCode: null },
      ...{ numSegments: 1, media: [], messagingServiceSid: null, statusCallback: null, validityPeriodS: 36_000 },
      ...{ createdAt: now, sentAt: now, updatedAt: now, arrivedAt: now },
    });
  }
}

function inboundFields(message: TwilioMessage): Record<string, string> {
  const fields: Record<string, string> = {
    AccountSid: message.accountSid,
    ApiVersion: "2010-04-01",
    Body: message.body,
    From: message.from ?? "",
    FromCountry: "US",
    MessageSid: message.sid,
    NumMedia: String(message.media.length),
    NumSegments: String(message.numSegments),
    SmsMessageSid: message.sid,
    SmsSid: message.sid,
    SmsStatus: "received",
    To: message.to,
    ToCountry: "US",
  };
  if (message.messagingServiceSid !== null) fields.MessagingServiceSid = message.messagingServiceSid;
  message.media.forEach((url, index) => {
    fields[`MediaUrl${index}`] = url;
    fields[`MediaContentType${index}`] = "image/jpeg";
  });
  return fields;
}
