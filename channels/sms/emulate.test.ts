/** The flow against `emulate`, which nobody here wrote: its API, its signatures and its callbacks are somebody else's reading of Twilio. */
import { createEmulator } from "emulate";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startHttp } from "../../src/bot/http.ts";
import { silentLogger } from "../../src/bot/logger.ts";
import { webhookRoutes } from "../../src/bot/webhooks.ts";
import type { ChannelAdapter } from "../../src/contract/adapter.ts";
import { CARD } from "../../test/contracts/messages.ts";
import { ANA, createMemoryBackend, say } from "./harness.test-support.ts";
import { createSmsAdapter } from "./index.ts";

const ACCOUNT = `AC${"0".repeat(32)}`;
const TOKEN = "an_auth_token_of_the_emulator";
const NUMBER = "+15551234567";
const backend = createMemoryBackend();
let emulator: { url: string; close(): Promise<unknown> };
let adapter: ChannelAdapter;
let http: Awaited<ReturnType<typeof startHttp>>;

const create = () =>
  createSmsAdapter({
    ...{ accountSid: ACCOUNT, authToken: TOKEN, from: NUMBER, publicUrl: http.url, apiUrl: emulator.url },
    segmentsPerSecond: 1_000,
  });
let made = 0;
const delivery = (message: Parameters<ChannelAdapter["send"]>[0]["message"], tries = 0) => ({
  ...{ deliveryId: `d${++made}`, key: `k${made}`, place: `sms:${ANA}`, message, final: true, tries },
  ...{ createdAt: Date.now(), deadline: null, taken: [] },
});
async function act(what: string, fields: Record<string, string>): Promise<{ sid: string }> {
  const response = await fetch(`${emulator.url}/_twilio/simulate/${what}`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${ACCOUNT}:${TOKEN}`).toString("base64")}` },
    body: new URLSearchParams(fields),
  });
  expect(response.ok).toBe(true);
  return (await response.json()) as { sid: string };
}

beforeAll(async () => {
  const routes = {};
  http = await startHttp({ port: 0, host: "127.0.0.1", log: silentLogger(), routes });
  emulator = await createEmulator({
    service: "twilio",
    port: 0,
    seed: {
      twilio: {
        account: { sid: ACCOUNT, auth_token: TOKEN, friendly_name: "Account" },
        phone_numbers: [{ phone_number: NUMBER, sms_url: `${http.url}/sms/inbound` }],
      },
    },
  });
  adapter = create();
  Object.assign(routes, webhookRoutes([adapter]));
  await adapter.start(backend.inbox, backend.lookups);
});
afterAll(async () => {
  await adapter?.stop();
  await http?.stop();
  await emulator?.close();
});

test("a question goes out, its fate comes back, YES comes in", async () => {
  const asked = delivery({ kind: "card", card: { ...CARD, code: "4K", expiresAt: Date.now() + 3_600_000 } });
  const result = await adapter.send(asked);
  expect(result).toEqual({ ok: true, receipt: expect.stringMatching(/^SM[0-9a-f]{32}$/) });
  const receipt = result.ok ? result.receipt : "";
  // It says "queued" before it answers the request that sends.
  expect(backend.reports).toEqual([
    { channel: "sms", receipt, deliveryId: asked.deliveryId, state: "accepted", error: null },
  ]);
  for (const [Status, state] of Object.entries({ delivered: "delivered", undelivered: "failed" })) {
    await act("message-status", { MessageSid: receipt, Status });
    expect(backend.reports.at(-1)).toMatchObject({ receipt, deliveryId: asked.deliveryId, state });
  }
  const { sid } = await act("inbound-message", { From: ANA, To: NUMBER, Body: "YES 4K" });
  expect(backend.events.get(`sms:${sid}`)).toMatchObject({ text: "YES 4K", place: `sms:${ANA}` });
});

test("O9: what was sent is found in the list", async () => {
  const once = delivery(say("said once"));
  const first = await adapter.send(once);
  expect(await adapter.send({ ...once, tries: 1 })).toEqual(first);
});

test("C10: what came while nobody listened is fetched", async () => {
  await adapter.stop();
  const { sid } = await act("inbound-message", { From: ANA, To: NUMBER, Body: "NO 4K too risky" });
  expect(backend.events.has(`sms:${sid}`)).toBe(false);
  adapter = create();
  await adapter.start(backend.inbox, backend.lookups);
  expect(backend.events.get(`sms:${sid}`)).toMatchObject({ text: "NO 4K too risky" });
});

test("credentials that it does not take are named", async () => {
  const other = createSmsAdapter({
    ...{ accountSid: ACCOUNT, authToken: "wrong", from: NUMBER, publicUrl: null, apiUrl: emulator.url },
  });
  await expect(other.start(backend.inbox, backend.lookups)).rejects.toMatchObject({
    info: { code: "unauthenticated" },
  });
});
