/**
 * Twilio's requests to the app: inbound messages and status callbacks, signed. A failure is logged and never retried: that is what
 * Twilio does. Faults by order: `event:inbound` (fields from, to, body), `event:status` (fields sid, to, status).
 */
import type { Clock } from "../clock.ts";
import type { Faults } from "../faults.ts";
import { signatureOf } from "./signature.ts";

export interface WebhookCall {
  url: string;
  fields: Record<string, string>;
  /** null: no answer came. */
  status: number | null;
  body: string;
}

export interface Webhooks {
  /** Resolves when the app has answered (or not); a delayed or lost one resolves at once. */
  call(
    target: "event:inbound" | "event:status",
    url: string,
    fields: Record<string, string>,
  ): Promise<WebhookCall | null>;
  /** Everything that was sent, oldest first. */
  calls: WebhookCall[];
  /** Resolves when nothing is under way. */
  settled(): Promise<void>;
}

/** Twilio gives up after this. */
const TIMEOUT_MS = 15_000;

export function createWebhooks(options: {
  clock: Clock;
  faults: Faults;
  authToken: string;
  /** From the address Twilio is told to the one that is reached on this machine, as a tunnel does. */
  via: (url: string) => string;
}): Webhooks {
  const { clock, faults, authToken, via } = options;
  const calls: WebhookCall[] = [];
  const underWay = new Set<Promise<unknown>>();
  const track = <T>(work: Promise<T>): Promise<T> => {
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
    return work;
  };

  async function post(url: string, fields: Record<string, string>): Promise<WebhookCall> {
    const call: WebhookCall = { url, fields, status: null, body: "" };
    calls.push(call);
    try {
      const response = await fetch(via(url), {
        method: "POST",
        headers: {
          "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
          "user-agent": "TwilioProxy/1.1",
          "x-twilio-signature": signatureOf(authToken, url, fields),
        },
        body: new URLSearchParams(fields),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      call.status = response.status;
      call.body = await response.text();
    } catch {
      // The app is away: what a caller would see is in `status`.
    }
    return call;
  }

  return {
    calls,
    async call(target, url, fields) {
      const fault = faults.take(target, faultFields(fields));
      switch (fault?.kind) {
        case "drop":
        case "lose":
          return null;
        case "delay":
          clock.after(fault.delayMs, () => void track(post(url, fields)));
          return null;
        case "duplicate": {
          const [first] = await Promise.all([track(post(url, fields)), track(post(url, fields))]);
          return first;
        }
        default:
          return await track(post(url, fields));
      }
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

const faultFields = (fields: Record<string, string>): Record<string, unknown> => ({
  sid: fields.MessageSid,
  from: fields.From,
  to: fields.To,
  body: fields.Body,
  status: fields.MessageStatus,
});
