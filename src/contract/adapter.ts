/**
 * The seam between the bot and a platform. An adapter is code for one platform; it knows nothing of workflows or persons.
 *
 * Ordering: the bot calls `send` and `edit` for one place one after the other, for different places in parallel.
 * Idempotency: `send` gets the delivery's key; after an unknown outcome it looks for that key on the platform before it posts again.
 * Durability: `inbox.receive` resolves once the event is stored; an adapter acknowledges to its platform only after that.
 */
import type { ErrorInfo } from "./errors.ts";
import type { ChannelName } from "./handle.ts";
import type { InboundEvent, StoredInbound } from "./inbound.ts";
import type { Lookups } from "./lookups.ts";
import type { OutMessage } from "./message.ts";

export interface Capabilities {
  /** Longest text of one message, in the platform's own units. */
  textLength: number;
  buttons: boolean;
  edits: boolean;
  threads: boolean;
  /** Shortest time between two edits of one growing message; null: replies are sent only when complete. */
  streamEveryMs: number | null;
  modals: boolean;
  privateNotices: boolean;
}

export interface Inbox {
  receive(event: InboundEvent): Promise<StoredInbound>;
  /** What a platform says about a message after it took it. Doubled reports and reports in any order do no harm. */
  report(report: DeliveryReport): Promise<void>;
}

export interface DeliveryReport {
  channel: ChannelName;
  /** As `send` gave it. */
  receipt: string;
  /** Where the platform can carry it: tells the receipt of a delivery whose answer was lost. Null: only the receipt is known. */
  deliveryId: string | null;
  /** `failed`: nobody will read it; the question then goes to the person's next channel. */
  state: "accepted" | "delivered" | "failed";
  error: ErrorInfo | null;
}

/** A request that a platform makes to the bot. */
export interface WebhookRequest {
  method: string;
  path: string;
  /** With the leading `?`; empty without a query. As it came: signatures are over it. */
  search: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The bytes as they came. */
  body(): Promise<Uint8Array>;
}

export interface WebhookReply {
  status: number;
  headers?: Record<string, string>;
  /** Text and bytes are sent as they are; anything else as JSON. */
  body: unknown;
}

export interface OutDelivery {
  deliveryId: string;
  /** Stable over retries; an adapter puts it where it can find it again (metadata, nonce). */
  key: string;
  place: string;
  message: OutMessage;
  /** False while a streamed reply still grows. */
  final: boolean;
  /** How often it was claimed before. 0: it was never tried, so it cannot be on the platform yet. */
  tries: number;
  /** When the backend wanted it said, ms since 1970: it cannot be on the platform earlier. */
  createdAt: number;
  /** After this it is not worth saying any more, ms since 1970; null: always worth it. */
  deadline: number | null;
  /** With `tries` above 0: receipts of other deliveries to this place, which a look-up must not take for this one's. */
  taken: string[];
}

export type SendResult =
  | { ok: true; receipt: string }
  | { ok: false; error: ErrorInfo /** Wait at least this long before another try. */; retryAfterMs: number | null };

/** `field` of an error which says that the person has refused messages at this place: the handle is suspended. */
export const OPTED_OUT = "recipient.optedOut";

export type AdapterState = "on" | "off" | "simulated" | "failed";

export interface ChannelAdapter {
  readonly channel: ChannelName;
  readonly capabilities: Capabilities;
  /** Connects; resolves when the platform delivers events. Rejects with a FactoryError that names the variable or scope at fault. */
  start(inbox: Inbox, lookups: Lookups): Promise<void>;
  /** Whether the platform delivers events right now. Absent: as long as it is started. */
  connected?(): boolean;
  /** Why the platform delivers no events any more and will not before somebody does something about it; null: it does, or will again. */
  failure?(): ErrorInfo | null;
  /** Never throws: what the platform refused is a result. */
  send(delivery: OutDelivery): Promise<SendResult>;
  edit(delivery: OutDelivery, receipt: string): Promise<SendResult>;
  /**
   * Present: questions that wait for one place together are given together, to be said in one message; all get its receipt.
   * The bot gathers them for `gatherMs` after the first.
   */
  readonly together?: { gatherMs: number; send(deliveries: OutDelivery[]): Promise<SendResult> };
  /**
   * Requests from the platform, by `METHOD /path`; may be called before `start` has resolved. Answered at once, well within the
   * platform's own limit, and with success only after what it brought is stored.
   */
  readonly webhooks?: Readonly<Record<string, (request: WebhookRequest) => Promise<WebhookReply>>>;
  /** Stops taking events, finishes what is under way, at most 5 s. */
  stop(): Promise<void>;
}
