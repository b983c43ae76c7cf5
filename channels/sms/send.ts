/**
 * Deliveries as text messages. Twilio knows no key that would make a second request harmless, so a delivery that was tried before is
 * looked for in the list of what was sent to that phone: same text, not older than the delivery, not another delivery's.
 */
import type { OutDelivery, SendResult } from "../../src/contract/adapter.ts";
import { errorInfo } from "../../src/contract/errors.ts";
import type { TwilioClient } from "./client.ts";
import { sendFailure } from "./errors.ts";
import { segments } from "./gsm.ts";
import { isNothingSaid, nothingSaid, numberOf, SERVICE_SID } from "./ids.ts";
import type { Pace } from "./pace.ts";
import { renderChange, renderMessage } from "./render.ts";
import { renderBundle, shows } from "./render_card.ts";

export interface Sender {
  send(delivery: OutDelivery): Promise<SendResult>;
  edit(delivery: OutDelivery, receipt: string): Promise<SendResult>;
  together(deliveries: OutDelivery[]): Promise<SendResult>;
}

export interface SenderOptions {
  client: TwilioClient;
  /** A number or a messaging service. */
  from: string;
  /** Where Twilio reports what became of a message; null: nowhere. */
  statusUrl: string | null;
  /** Null: the messaging service paces itself. */
  pace: Pace | null;
  now?: () => number;
}

/** Twilio's default and maximum. */
const LONGEST_VALIDITY_S = 36_000;
/** Clocks differ; a text as old as this is still taken for one that was just sent. */
const CLOCK_SLACK_MS = 60_000;
/** Newest messages to one phone among which a lost one is looked for. */
const LOOK_BACK = 50;
const REMEMBERED = 1_000;
const nothing = ({ deliveryId }: OutDelivery): SendResult => ({ ok: true, receipt: nothingSaid(deliveryId) });

export function createSender({ client, from, statusUrl, pace, now = Date.now }: SenderOptions): Sender {
  /** What this process sent: receipt → delivery. */
  const sent = new Map<string, string>();
  const remember = (receipt: string, key: string): void => {
    sent.set(receipt, key);
    const oldest = sent.keys().next().value;
    if (sent.size > REMEMBERED && oldest !== undefined) sent.delete(oldest);
  };

  async function post(delivery: OutDelivery, key: string, body: string, alone: boolean): Promise<SendResult> {
    const to = numberOf(delivery.place);
    if (to === null) {
      return {
        ok: false,
        error: errorInfo("invalid_input", `${delivery.place} is no phone number`),
        retryAfterMs: null,
      };
    }
    try {
      if (delivery.tries > 0) {
        const found = await lookUp(to, delivery, key, body);
        if (found !== null) return { ok: true, receipt: found };
      }
      await pace?.turn(segments(body));
      const validity = validityOf(delivery, now());
      if (validity < 1) {
        return { ok: false, error: errorInfo("expired", "its time is over"), retryAfterMs: null };
      }
      const message = await client.messages.create({
        to,
        body,
        ...(SERVICE_SID.test(from) ? { messagingServiceSid: from } : { from }),
        validityPeriod: validity,
        ...(statusUrl === null ? {} : { statusCallback: callbackUrl(statusUrl, alone ? delivery.deliveryId : null) }),
      });
      remember(message.sid, key);
      return { ok: true, receipt: message.sid };
    } catch (thrown) {
      return sendFailure(thrown);
    }
  }

  async function lookUp(to: string, delivery: OutDelivery, key: string, body: string): Promise<string | null> {
    const { message } = delivery;
    const since = delivery.createdAt - CLOCK_SLACK_MS;
    const taken = new Set(delivery.taken);
    for (const candidate of await client.messages.list({ to, limit: LOOK_BACK })) {
      if (candidate.direction === "inbound" || candidate.dateCreated.getTime() < since) continue;
      if (taken.has(candidate.sid) || (sent.get(candidate.sid) ?? key) !== key) continue;
      const same =
        candidate.body === body ||
        (message.kind === "card" && message.card.status === "pending" && shows(candidate.body, message.card));
      if (same) return candidate.sid;
    }
    return null;
  }

  return {
    async send(delivery) {
      const body = renderMessage(delivery.message);
      return body === null ? nothing(delivery) : await post(delivery, delivery.key, body, true);
    },
    async edit(delivery, receipt) {
      const body = isNothingSaid(receipt) ? null : renderChange(delivery.message);
      // The first message keeps its receipt; what is said below it is only looked for by its text.
      if (body === null) return { ok: true, receipt };
      const said = await post(delivery, `${delivery.key}#end`, body, false);
      return said.ok ? { ok: true, receipt } : said;
    },
    async together(deliveries) {
      const cards = deliveries.flatMap(({ message }) => (message.kind === "card" ? [message.card] : []));
      const [first] = deliveries;
      if (first === undefined)
        return { ok: false, error: errorInfo("internal", "nothing to send"), retryAfterMs: null };
      return await post(first, deliveries.map(({ key }) => key).join(" "), renderBundle(cards), false);
    },
  };
}

function callbackUrl(statusUrl: string, deliveryId: string | null): string {
  return deliveryId === null ? statusUrl : `${statusUrl}?delivery=${encodeURIComponent(deliveryId)}`;
}

/** Seconds that are left; a question that has expired, or an answer nobody waits for any more, is not worth a message. */
function validityOf({ message, deadline }: OutDelivery, now: number): number {
  const ends = [deadline, message.kind === "card" && message.card.status === "pending" ? message.card.expiresAt : null];
  const left = ends.flatMap((end) => (end === null ? [] : [Math.floor((end - now) / 1000)]));
  return Math.min(LONGEST_VALIDITY_S, ...left);
}
