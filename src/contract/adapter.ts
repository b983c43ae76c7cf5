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
}

export interface OutDelivery {
  deliveryId: string;
  /** Stable over retries; an adapter puts it where it can find it again (metadata, nonce). */
  key: string;
  place: string;
  message: OutMessage;
  /** False while a streamed reply still grows. */
  final: boolean;
}

export type SendResult =
  | { ok: true; receipt: string }
  | { ok: false; error: ErrorInfo /** Wait at least this long before another try. */; retryAfterMs: number | null };

export type AdapterState = "on" | "off" | "simulated" | "failed";

export interface ChannelAdapter {
  readonly channel: ChannelName;
  readonly capabilities: Capabilities;
  /** Connects; resolves when the platform delivers events. Rejects with a FactoryError that names the variable or scope at fault. */
  start(inbox: Inbox): Promise<void>;
  /** Never throws: what the platform refused is a result. */
  send(delivery: OutDelivery): Promise<SendResult>;
  edit(delivery: OutDelivery, receipt: string): Promise<SendResult>;
  /** Stops taking events, finishes what is under way, at most 5 s. */
  stop(): Promise<void>;
}
