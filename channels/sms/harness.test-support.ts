/** The adapter as the bot runs it, with the real SDK, against the simulated Twilio; a backend that only remembers. */
import { startHttp } from "../../src/bot/http.ts";
import { silentLogger } from "../../src/bot/logger.ts";
import { webhookRoutes } from "../../src/bot/webhooks.ts";
import type { DeliveryReport, Inbox, OutDelivery } from "../../src/contract/adapter.ts";
import type { InboundEvent, InboundMessage } from "../../src/contract/inbound.ts";
import type { Lookups } from "../../src/contract/lookups.ts";
import type { OutMessage } from "../../src/contract/message.ts";
import { startSimServer } from "../../src/simulator/http.ts";
import { createTwilioSimulator, signatureOf, type TwilioSimulator } from "../../src/simulator/twilio/index.ts";
import { createSmsAdapter, type SmsAdapterConfig } from "./index.ts";

export const ANA = "+15550100201";
export const BOB = "+15550100202";
/** What stands in Twilio's console; a tunnel leads from there to the bot. */
export const PUBLIC_URL = "https://bot.example.com/factory";

/** Stores as the backend does: each event and each message once. */
export function createMemoryBackend() {
  const events = new Map<string, InboundEvent>();
  const reports: DeliveryReport[] = [];
  const state = { caughtUpTo: null as number | null, away: false };
  const inbox: Inbox = {
    async receive(event) {
      if (state.away) throw new Error("the backend is away");
      const stored = !events.has(event.eventId);
      if (stored) events.set(event.eventId, event);
      return { stored, inboundId: event.eventId };
    },
    async report(report) {
      reports.push(report);
    },
  };
  const nothing = async () => null;
  const lookups: Lookups = {
    card: nothing,
    workflow: nothing,
    workflows: async () => [],
    home: async () => ({ person: null, questions: [], runs: [] }),
    history: {
      caughtUpTo: async () => state.caughtUpTo,
      async markCaughtUp(at) {
        state.caughtUpTo = Math.max(at, state.caughtUpTo ?? at);
      },
      knownPlaces: async () => ({ threads: [], receipts: [], handles: [] }),
    },
  };
  return {
    inbox,
    lookups,
    events,
    reports,
    state,
    texts: () => [...events.values()].map((one) => (one as InboundMessage).text),
  };
}

export async function startTwilio(options: Parameters<typeof createTwilioSimulator>[0] = {}) {
  let botUrl: string | null = null;
  const twilio: TwilioSimulator = createTwilioSimulator({
    via: (url) => url.replace("https://bot.example.com/factory", botUrl ?? "http://127.0.0.1:9"),
    ...options,
  });
  const server = await startSimServer({ port: 0, host: "127.0.0.1", handler: twilio.handler });
  twilio.pointTo(PUBLIC_URL);
  return {
    twilio,
    apiUrl: server.url,
    /** Where the tunnel leads; null: to nobody. */
    tunnel: (url: string | null) => {
      botUrl = url;
    },
    close: () => server.close(),
  };
}

export async function startSms(
  more: Partial<SmsAdapterConfig> = {},
  simulated: Parameters<typeof startTwilio>[0] = {},
) {
  const { twilio, apiUrl, tunnel, close } = await startTwilio(simulated);
  const backend = createMemoryBackend();
  const config: SmsAdapterConfig = {
    accountSid: twilio.env.TWILIO_ACCOUNT_SID,
    authToken: twilio.env.TWILIO_AUTH_TOKEN,
    from: twilio.env.TWILIO_FROM,
    publicUrl: PUBLIC_URL,
    apiUrl,
    segmentsPerSecond: 1_000,
    ...more,
  };
  const adapter = createSmsAdapter(config);
  const http = await startHttp({
    ...{ port: 0, host: "127.0.0.1", log: silentLogger() },
    routes: webhookRoutes([adapter]),
  });
  tunnel(http.url);
  let made = 0;
  const delivery = (message: OutMessage, fields: Partial<OutDelivery> = {}): OutDelivery => ({
    ...{ deliveryId: `d${++made}`, key: `k${made}`, place: `sms:${ANA}`, message, final: true },
    ...{ tries: 0, createdAt: Date.now(), deadline: null, taken: [] },
    ...fields,
  });
  return {
    ...{ twilio, adapter, backend, http, config, delivery, tunnel, apiUrl },
    start: () => adapter.start(backend.inbox, backend.lookups),
    signatureFor: (path: string, fields: Record<string, string>) =>
      signatureOf(config.authToken, `${PUBLIC_URL}${path}`, fields),
    /** A request as anybody on the net could make it; signed as Twilio would with `token`. */
    async forge(
      path: string,
      fields: Record<string, string>,
      by: { token?: string; url?: string; signature?: string | null; body?: string } = {},
    ) {
      const signature =
        by.signature !== undefined
          ? by.signature
          : signatureOf(by.token ?? config.authToken, by.url ?? `${PUBLIC_URL}${path}`, fields);
      const response = await fetch(`${http.url}${path}`, {
        method: "POST",
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          ...(signature === null ? {} : { "x-twilio-signature": signature }),
        },
        body: by.body ?? new URLSearchParams(fields),
      });
      return { status: response.status, text: await response.text() };
    },
    async close() {
      await adapter.stop();
      await http.stop();
      await close();
    },
  };
}

export type Sms = Awaited<ReturnType<typeof startSms>>;

export const say = (words: string): OutMessage => ({ kind: "text", text: words, onlyTo: null });
