import { createSmsAdapter } from "../../channels/sms/index.ts";
import { startHttp } from "../../src/bot/http.ts";
import { silentLogger } from "../../src/bot/logger.ts";
import { webhookRoutes } from "../../src/bot/webhooks.ts";
import type { ChannelAdapter, OutDelivery, WebhookReply, WebhookRequest } from "../../src/contract/adapter.ts";
import { startTwilioSimulator } from "../../src/simulator/twilio/index.ts";
import { type AdapterWorld, adapterSuite } from "./adapter_suite.ts";

const ANA = "+15550100201";
const LANDLINE = "+15550100299";
const PUBLIC_URL = "https://bot.example.com";

async function openSms(from: "number" | "service"): Promise<AdapterWorld> {
  const twilio = await startTwilioSimulator({ via: (url) => url.replace(PUBLIC_URL, http.url) });
  const adapters: ChannelAdapter[] = [];
  /** The process that runs now; the others are stopped or not started. */
  const answer =
    (route: string) =>
    async (request: WebhookRequest): Promise<WebhookReply> => {
      let reply: WebhookReply = { status: 503, body: "" };
      for (const adapter of adapters) {
        const taken = await adapter.webhooks![route]!(request);
        if (taken.status !== 503) reply = taken;
      }
      return reply;
    };
  const webhooks = Object.fromEntries(["POST /sms/inbound", "POST /sms/status"].map((route) => [route, answer(route)]));
  const routes = webhookRoutes([{ webhooks } as unknown as ChannelAdapter]);
  const http = await startHttp({ port: 0, host: "127.0.0.1", log: silentLogger(), routes });
  twilio.pointTo(PUBLIC_URL);
  twilio.setPhone(LANDLINE, { kind: "landline" });
  return {
    create() {
      const adapter = createSmsAdapter({
        accountSid: twilio.env.TWILIO_ACCOUNT_SID,
        authToken: twilio.env.TWILIO_AUTH_TOKEN,
        from: from === "number" ? twilio.env.TWILIO_FROM : twilio.state.account.services[0]!.sid,
        publicUrl: PUBLIC_URL,
        apiUrl: twilio.apiUrl,
        segmentsPerSecond: 1_000,
        fetchEveryMs: 100,
      });
      adapters.push(adapter);
      return { ...adapter, send: (said) => adapter.send(current(said)) };
    },
    ...{ place: `sms:${ANA}`, handle: `sms:${ANA}`, shared: null, nowhere: `sms:${LANDLINE}` },
    say: async (body) => void (await twilio.text({ from: ANA, body })),
    command: (name, text) => twilio.text({ from: ANA, body: `${name} ${text}` }),
    read: () => twilio.read(ANA).flatMap((message) => (message.from === ANA ? [] : [message.body])),
    readAsOther: () => [],
    press: null,
    loseNextAnswer: () => twilio.order({ on: "messages.create", fault: { kind: "drop_after_success" } }),
    // Twilio repeats nothing by itself; the adapter fetches.
    redeliver: () => twilio.settled(),
    async dispose() {
      await http.stop();
      await twilio.close();
    },
  };
}

/** The cards of the suite expired long ago, and what has expired is not texted. */
function current(said: OutDelivery): OutDelivery {
  const { message } = said;
  if (message.kind !== "card" || message.card.expiresAt === null) return said;
  return { ...said, message: { ...message, card: { ...message.card, expiresAt: Date.now() + 3_600_000 } } };
}

const leaveOut = { "a long text arrives whole": "a reply by text has 320 characters" } as const;
adapterSuite("SMS, from a number", { open: () => openSms("number"), leaveOut });
adapterSuite("SMS, from a messaging service", { open: () => openSms("service"), leaveOut });
