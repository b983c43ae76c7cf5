/** The simulated Twilio, as the real SDK and a signed-webhook receiver see it. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv } from "ajv";
import twilioSdk from "twilio";
import { afterEach, describe, expect, test } from "vitest";
import { createClient } from "../../../channels/sms/client.ts";
import fc from "../../../test/property.ts";
import { createManualClock } from "../clock.ts";
import { signatureOf, startTwilioSimulator, type TwilioServer } from "./index.ts";
import { twimlMessages } from "./twiml.ts";

const ANA = "+15550100201";
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(options: Parameters<typeof startTwilioSimulator>[0] = {}) {
  const twilio = await startTwilioSimulator(options);
  closing.push(() => twilio.close());
  return { twilio, client: clientOf(twilio) };
}
const clientOf = (twilio: TwilioServer, authToken = twilio.env.TWILIO_AUTH_TOKEN) =>
  createClient({ accountSid: twilio.env.TWILIO_ACCOUNT_SID, authToken, apiUrl: twilio.apiUrl });
const message = (twilio: TwilioServer, more: object = {}) => ({
  ...{ to: ANA, from: twilio.env.TWILIO_FROM, body: "hello" },
  ...more,
});

/** An app that answers every webhook with this TwiML and remembers what came. */
async function startApp(reply: string) {
  const calls: { path: string; fields: Record<string, string>; signature: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    const signature = String(request.headers["x-twilio-signature"]);
    calls.push({ path: request.url!, fields: Object.fromEntries(new URLSearchParams(body)), signature });
    response.writeHead(200, { "content-type": "text/xml" });
    response.end(reply);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}

describe("the API", () => {
  const spec = JSON.parse(readFileSync(join(import.meta.dirname, "../../../test/specs/twilio-messages.json"), "utf8"));
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema({ $id: "spec", components: spec.components });
  const validate = ajv.compile(
    JSON.parse(JSON.stringify(spec.components.schemas["api.v2010.account.message"]).replaceAll('"#/', '"spec#/')),
  );

  test("creates, fetches and lists messages as the published description says", async () => {
    const { twilio, client } = await start();
    const sent = await client.messages.create(message(twilio, { body: "я".repeat(71), validityPeriod: 60 }));
    expect(sent).toMatchObject({ status: "queued", numSegments: "2", direction: "outbound-api", errorCode: null });
    expect((await client.messages(sent.sid).fetch()).body).toBe("я".repeat(71));
    await twilio.text({ from: ANA, body: "in" });
    const response = await fetch(
      `${twilio.apiUrl}/2010-04-01/Accounts/${twilio.env.TWILIO_ACCOUNT_SID}/Messages.json`,
      {
        headers: {
          authorization: `Basic ${Buffer.from(`${twilio.env.TWILIO_ACCOUNT_SID}:${twilio.env.TWILIO_AUTH_TOKEN}`).toString("base64")}`,
        },
      },
    );
    const { messages } = (await response.json()) as { messages: object[] };
    expect(messages).toHaveLength(2);
    for (const one of messages) {
      validate(one);
      expect(validate.errors).toBeNull();
    }
  });

  test("lists by receiver, sender and time, newest first, over pages", async () => {
    const clock = createManualClock();
    const { twilio, client } = await start({ clock });
    for (let index = 0; index < 7; index++) {
      await twilio.text({ from: ANA, body: `text ${index}` });
      await clock.advance(60_000);
    }
    const bodies = async (filter: object) => (await client.messages.list(filter)).map(({ body }) => body);
    expect(await bodies({ pageSize: 3 })).toEqual([6, 5, 4, 3, 2, 1, 0].map((index) => `text ${index}`));
    expect(await bodies({ from: "+15550100999" })).toEqual([]);
    const since = new Date(clock.now() - 3 * 60_000);
    expect(await bodies({ dateSentAfter: since, to: twilio.env.TWILIO_FROM })).toEqual(["text 6", "text 5", "text 4"]);
  });

  test.each([
    [20003, { token: "wrong" }, {}],
    [21211, {}, { to: "+1" }],
    [21604, {}, { to: "" }],
    [21602, {}, { body: "" }],
    [21617, {}, { body: "x".repeat(1601) }],
    [21606, {}, { from: "+15550100777" }],
    [21609, {}, { statusCallback: "not an address" }],
    [20001, {}, { validityPeriod: 36_001 }],
  ])("refuses with %i", async (code, { token }: { token?: string }, more) => {
    const { twilio } = await start();
    const client = clientOf(twilio, token ?? twilio.env.TWILIO_AUTH_TOKEN);
    await expect(client.messages.create(message(twilio, more))).rejects.toMatchObject({ code });
    expect(twilio.read(ANA)).toEqual([]);
  });
});

describe("phones", () => {
  test("STOP in any case -> 21610 until START; both answered by Twilio itself, and given to the app", async () => {
    const { twilio, client } = await start();
    const app = await startApp("<Response/>");
    twilio.pointTo(app.url);
    await twilio.text({ from: ANA, body: "stop" });
    await expect(client.messages.create(message(twilio))).rejects.toMatchObject({ code: 21610, status: 400 });
    await twilio.text({ from: ANA, body: "Start" });
    await client.messages.create(message(twilio));
    await expect.poll(() => twilio.read(ANA).at(-1)?.body).toBe("hello");
    expect(app.calls.map(({ fields }) => fields.Body)).toEqual(["stop", "Start"]);
    expect(twilio.read(ANA).filter(({ body }) => /subscribe/.test(body))).toHaveLength(2);
    // What Twilio said by itself is in no list.
    expect(await client.messages.list({ to: ANA })).toHaveLength(1);
  });

  test("YES is an opt-in only for somebody who has opted out", async () => {
    const { twilio, client } = await start();
    await twilio.text({ from: ANA, body: "YES" });
    expect(twilio.read(ANA)).toHaveLength(1);
    await twilio.text({ from: ANA, body: "END" });
    await twilio.text({ from: ANA, body: "yes" });
    await client.messages.create(message(twilio));
  });

  test("a message goes queued -> sent -> delivered, each said to the callback; one that waits too long fails with 30036", async () => {
    const clock = createManualClock();
    const { twilio, client } = await start({ clock });
    const app = await startApp("");
    const statusCallback = `${app.url}/status?delivery=1`;
    const first = await client.messages.create(message(twilio, { statusCallback }));
    twilio.order({ on: "queue", fault: { kind: "delay", delayMs: 61_000 } });
    const late = await client.messages.create(message(twilio, { statusCallback, validityPeriod: 60 }));
    await clock.advance(120_000);
    await twilio.settled();
    expect((await client.messages(first.sid).fetch()).status).toBe("delivered");
    expect(await client.messages(late.sid).fetch()).toMatchObject({ status: "failed", errorCode: 30036 });
    const said = (sid: string) =>
      app.calls.filter(({ fields }) => fields.MessageSid === sid).map(({ fields }) => fields.MessageStatus);
    expect([...said(first.sid)].sort()).toEqual(["delivered", "sent"]);
    expect(said(late.sid)).toEqual(["failed"]);
  });

  test("off, unknown, landline", async () => {
    const { twilio, client } = await start();
    twilio.setPhone(ANA, { kind: "landline" });
    await expect(client.messages.create(message(twilio))).rejects.toMatchObject({ code: 21614 });
    for (const [kind, code] of [
      ["off", 30003],
      ["unknown", 30005],
    ] as const) {
      twilio.setPhone(ANA, { kind });
      const { sid } = await client.messages.create(message(twilio));
      await expect.poll(async () => (await client.messages(sid).fetch()).errorCode).toBe(code);
    }
    expect(twilio.read(ANA)).toEqual([]);
  });
});

describe("webhooks", () => {
  test("are signed as the SDK checks it, over the address Twilio was told", async () => {
    const app = await startApp("<Response/>");
    const { twilio } = await start({ via: (url) => url.replace("https://bot.example.com", app.url) });
    twilio.pointTo("https://bot.example.com");
    await twilio.text({ from: ANA, body: "héllo & more=1 🎈", media: ["https://example.com/a.jpg"] });
    const [call] = app.calls;
    const token = twilio.env.TWILIO_AUTH_TOKEN;
    const valid = (url: string) => twilioSdk.validateRequest(token, call!.signature, url, call!.fields);
    expect(valid("https://bot.example.com/sms/inbound")).toBe(true);
    expect(valid("https://bot.example.com/sms/inbound/")).toBe(false);
    expect(valid("http://bot.example.com/sms/inbound")).toBe(false);
    expect(call!.fields).toMatchObject({ NumMedia: "1", MediaUrl0: "https://example.com/a.jpg" });
  });

  test("every signature is the one the SDK computes", () => {
    const fields = fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: "grapheme" }));
    fc.assert(
      fc.property(fields, (form) => {
        const url = "https://bot.example.com/sms/inbound?a=1";
        expect(signatureOf("token", url, form)).toBe(twilioSdk.getExpectedTwilioSignature("token", url, form));
      }),
    );
  });

  test("the app's TwiML is texted back; nothing is ever repeated", async () => {
    const { twilio } = await start();
    const app = await startApp(
      "<Response><Message>one &amp; two</Message><Message><Body>three</Body></Message></Response>",
    );
    twilio.pointTo(app.url);
    twilio.order({ on: "event:inbound", fault: { kind: "lose" } });
    await twilio.text({ from: ANA, body: "lost" });
    await twilio.text({ from: ANA, body: "hi" });
    await expect.poll(() => twilio.read(ANA).map(({ body }) => body)).toEqual(["lost", "hi", "one & two", "three"]);
    expect(app.calls).toHaveLength(1);
  });

  test("TwiML", () => {
    expect(twimlMessages('<?xml version="1.0"?><Response/>')).toEqual([]);
    expect(twimlMessages("<Response><Message>&#233;&lt;</Message></Response>")).toEqual(["é<"]);
    expect(twimlMessages("hello")).toBeNull();
  });
});

test("what was sent is there after a restart on the same file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "twilio-"));
  closing.push(async () => rmSync(folder, { recursive: true }));
  const file = join(folder, "simulator.db");
  const first = await startTwilioSimulator({ file });
  await first.text({ from: ANA, body: "before" });
  await first.close();
  const second = await startTwilioSimulator({ file });
  await second.text({ from: ANA, body: "after" });
  expect(second.read(ANA).map(({ body }) => body)).toEqual(["before", "after"]);
  expect(new Set(second.read(ANA).map(({ sid }) => sid)).size).toBe(2);
  await second.close();
});
