/**
 * Twilio as a server on this machine: the Messages API, the network and the phones behind it, signed webhooks to the app, and a
 * control surface that acts as a person with a phone. Knows nothing of the product; the real SDK speaks to it.
 */
import { type Clock, realClock } from "../clock.ts";
import { createFaults, type FaultOrder, type Faults } from "../faults.ts";
import { createFeed, type Feed } from "../feed.ts";
import { type SimHandler, startSimServer } from "../http.ts";
import { type DocumentStore, openStore } from "../store.ts";
import { type ApiCall, createApi } from "./api.ts";
import { createCarrier } from "./carrier.ts";
import { createControl } from "./control.ts";
import { createInbound, type Texted } from "./inbound.ts";
import { segmentsOf } from "./segments.ts";
import { createTwilioState, DEFAULT_SEED, phoneAt, type TwilioSeed, type TwilioState } from "./state.ts";
import type { Phone, TwilioMessage } from "./types.ts";
import { createWebhooks, type WebhookCall } from "./webhooks.ts";

export { segmentsOf } from "./segments.ts";
export { signatureOf } from "./signature.ts";
export { DEFAULT_SEED, type TwilioSeed } from "./state.ts";
export type { Phone, TwilioMessage } from "./types.ts";

export interface TwilioSimulator {
  /** What an app needs to use it, but for the address where `handler` is mounted. */
  env: { TWILIO_ACCOUNT_SID: string; TWILIO_AUTH_TOKEN: string; TWILIO_FROM: string };
  state: TwilioState;
  faults: Faults;
  order(order: FaultOrder): void;
  feed: Feed;
  /** What a person does with a phone; paths as in control.ts. */
  control: SimHandler;
  /** The API, and under `/control/` what `control` does. */
  handler: SimHandler;
  /** What was asked of the API, oldest first. */
  requests: ApiCall[];
  /** What was sent to the app, oldest first. */
  webhookCalls: WebhookCall[];
  /** Where Twilio calls the app: `PUBLIC_URL`. Null: nowhere; messages are only in the list. */
  pointTo(publicUrl: string | null): void;
  /** A person texts the bot's number. */
  text: (args: {
    from: string;
    to?: string;
    body: string;
    media?: string[];
    extra?: Record<string, string>;
  }) => Promise<Texted>;
  /** What stands on a phone, oldest first: what arrived, and what its owner wrote. */
  read(number: string): TwilioMessage[];
  phone(number: string): Phone;
  setPhone(number: string, changes: Partial<Omit<Phone, "number">>): void;
  /** Resolves when no webhook is under way. */
  settled(): Promise<void>;
}

export interface TwilioSimulatorOptions {
  store?: DocumentStore;
  clock?: Clock;
  seed?: TwilioSeed;
  /** Default: the address itself. */
  via?: (url: string) => string;
}

export function createTwilioSimulator(options: TwilioSimulatorOptions = {}): TwilioSimulator {
  const { store = openStore(null), clock = realClock, seed = DEFAULT_SEED, via = (url) => url } = options;
  const feed = createFeed();
  const changed = () => feed.changed();
  const state = createTwilioState(store, clock, seed);
  const faults = createFaults();
  const { account } = state;
  const webhooks = createWebhooks({ clock, faults, authToken: account.authToken, via });
  const carrier = createCarrier({ state, faults, webhooks, changed });
  const requests: ApiCall[] = [];
  const queue = (message: TwilioMessage): void => {
    changed();
    carrier.take(message);
  };
  const text = createInbound({
    state,
    webhooks,
    changed,
    reply(to, from, body) {
      const now = clock.now();
      const sid = state.next("SM");
      const message: TwilioMessage = {
        ...{ sid, accountSid: account.sid, from, to, body, direction: "outbound-reply", status: "queued" },
        ...{ errorCode: null, numSegments: segmentsOf(body).count, media: [], messagingServiceSid: null },
        ...{ statusCallback: null, validityPeriodS: 36_000, createdAt: now, sentAt: null, updatedAt: now },
        arrivedAt: null,
      };
      queue(state.messages.put(sid, message));
    },
  });
  const simulator: Omit<TwilioSimulator, "handler" | "control"> = {
    feed,
    env: {
      TWILIO_ACCOUNT_SID: account.sid,
      TWILIO_AUTH_TOKEN: account.authToken,
      TWILIO_FROM: account.numbers[0]!.phoneNumber,
    },
    state,
    faults,
    order: (order) => faults.order(order),
    requests,
    webhookCalls: webhooks.calls,
    pointTo(publicUrl) {
      for (const number of account.numbers) number.smsUrl = publicUrl === null ? null : `${publicUrl}/sms/inbound`;
      state.saveAccount();
    },
    text,
    read: (number) =>
      state.messages
        .values()
        .filter((message) => message.from === number || (message.to === number && message.arrivedAt !== null)),
    phone: (number) => phoneAt(state, number),
    setPhone(number, changes) {
      state.phones.put(number, { ...phoneAt(state, number), ...changes });
      changed();
    },
    settled: () => webhooks.settled(),
  };
  const api = createApi({ state, faults, queue, log: requests });
  const control = createControl(simulator);
  const handler: SimHandler = async (request) => {
    const answered = await api(request);
    if (answered !== null || !request.path.startsWith("/control/")) return answered;
    return await control({ ...request, path: request.path.slice("/control".length) });
  };
  return { ...simulator, control, handler };
}

export interface TwilioServer extends TwilioSimulator {
  /** For `TWILIO_API_URL`. */
  apiUrl: string;
  close(): Promise<void>;
}

/** The simulator as a server of its own. `file`: keeps its state there, null: in memory. */
export async function startTwilioSimulator(
  options: Omit<TwilioSimulatorOptions, "store"> & { file?: string | null; port?: number; host?: string } = {},
): Promise<TwilioServer> {
  const { file = null, port = 0, host = "127.0.0.1", ...rest } = options;
  const store = openStore(file);
  const simulator = createTwilioSimulator({ ...rest, store });
  const server = await startSimServer({ port, host, handler: simulator.handler });
  return {
    ...simulator,
    apiUrl: server.url,
    async close() {
      await server.close();
      simulator.feed.close();
      store.close();
    },
  };
}
