/**
 * The network behind Twilio: takes messages out of the queue, brings them to phones or does not, and says so by status callbacks.
 * `delivery` is the fault's target (fields to, body): `{kind: "error", error: "30003"}` makes that message undelivered.
 */
import type { Faults } from "../faults.ts";
import { phoneAt, type TwilioState } from "./state.ts";
import type { MessageStatus, TwilioMessage } from "./types.ts";
import type { Webhooks } from "./webhooks.ts";

export interface Carrier {
  /** The message is in the queue. */
  take(message: TwilioMessage): void;
}

/** From one state to the next; short, so that a person at the page does not wait. */
const STEP_MS = 60;
/** The network's own verdict on a phone, where a message cannot arrive. */
const KIND_ERRORS = { landline: 30006, off: 30003, unknown: 30005 } as const;

export function createCarrier(options: {
  state: TwilioState;
  faults: Faults;
  webhooks: Webhooks;
  changed: () => void;
}): Carrier {
  const { state, faults, webhooks, changed } = options;
  const { clock } = state;

  function set(message: TwilioMessage, status: MessageStatus, errorCode: number | null = null): void {
    const now = clock.now();
    Object.assign(message, { status, errorCode, updatedAt: now });
    if (status === "sent") message.sentAt = now;
    if (status === "delivered") message.arrivedAt = now;
    state.messages.put(message.sid, message);
    changed();
    const url = message.statusCallback;
    if (url !== null) void webhooks.call("event:status", url, statusFields(message));
  }

  function step(message: TwilioMessage): void {
    const { kind } = phoneAt(state, message.to);
    const fault = faults.take("delivery", { to: message.to, body: message.body });
    const ordered = fault?.kind === "error" ? Number(fault.error) : null;
    const error = ordered ?? (kind === "mobile" ? null : KIND_ERRORS[kind]);
    const late = clock.now() - message.createdAt > message.validityPeriodS * 1000;
    if (late) set(message, "failed", 30036);
    else {
      set(message, "sent");
      clock.after(STEP_MS, () => {
        if (error === null) set(message, "delivered");
        // 30001 and 30007 stop a message before it leaves Twilio.
        else set(message, error === 30001 || error === 30007 ? "failed" : "undelivered", error);
      });
    }
  }

  return {
    take(message) {
      const delay = faults.take("queue", { to: message.to, body: message.body });
      const waitMs = delay?.kind === "delay" ? delay.delayMs : 0;
      clock.after(STEP_MS + waitMs, () => step(message));
    },
  };
}

function statusFields(message: TwilioMessage): Record<string, string> {
  return {
    AccountSid: message.accountSid,
    ApiVersion: "2010-04-01",
    From: message.from ?? "",
    MessageSid: message.sid,
    MessageStatus: message.status,
    SmsSid: message.sid,
    SmsStatus: message.status,
    To: message.to,
    ...(message.messagingServiceSid === null ? {} : { MessagingServiceSid: message.messagingServiceSid }),
    ...(message.errorCode === null ? {} : { ErrorCode: String(message.errorCode) }),
  };
}
