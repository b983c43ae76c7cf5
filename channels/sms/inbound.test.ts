/** C5, C10, I8 for text messages: signed by Twilio, stored once, never lost. The real SDK, the simulated Twilio. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ANA, BOB, PUBLIC_URL, type Sms, startSms } from "./harness.test-support.ts";

let sms: Sms;
beforeEach(async () => {
  sms = await startSms();
});
afterEach(async () => await sms.close());

describe("a text", () => {
  test("is stored, then acknowledged with an empty TwiML", async () => {
    await sms.start();
    const { message, webhook } = await sms.twilio.text({ from: ANA, body: "  Yes 4K. " });
    expect(webhook).toMatchObject({ status: 200, body: expect.stringContaining("<Response/>") });
    expect([...sms.backend.events.values()]).toMatchObject([{ text: "Yes 4K.", messageId: message.sid }]);
  });

  test("twice at once and again later is one message (C5)", async () => {
    await sms.start();
    sms.twilio.order({ on: "event:inbound", fault: { kind: "duplicate" } });
    await sms.twilio.text({ from: ANA, body: "hello" });
    await sms.twilio.settled();
    const [call] = sms.twilio.webhookCalls;
    expect(await sms.forge("/sms/inbound", call!.fields)).toMatchObject({ status: 200 });
    expect(sms.twilio.webhookCalls).toHaveLength(2);
    expect(sms.backend.texts()).toEqual(["hello"]);
  });

  test("with fields that Twilio does not send yet is taken all the same", async () => {
    await sms.start();
    const { webhook } = await sms.twilio.text({ from: ANA, body: "hi", extra: { ReferralHeadline: "nëw", Zeta: "" } });
    expect(webhook?.status).toBe(200);
    expect(sms.backend.texts()).toEqual(["hi"]);
  });

  test("of pictures only, and an empty one, are messages too", async () => {
    await sms.start();
    await sms.twilio.text({ from: ANA, body: "", media: ["https://example.com/a.jpg"] });
    await sms.twilio.text({ from: ANA, body: "" });
    expect(sms.backend.texts()).toEqual(["(sent a picture or file)", ""]);
  });
});

describe("a text while the bot or its backend is away", () => {
  test("not stored -> 503, and fetched from the list afterwards", async () => {
    await sms.start();
    sms.backend.state.away = true;
    expect((await sms.twilio.text({ from: ANA, body: "YES 4K" })).webhook?.status).toBe(503);
    sms.backend.state.away = false;
    const again = await restart();
    expect(sms.backend.texts()).toEqual(["YES 4K"]);
    await again.stop();
  });

  test("nobody there -> taken once at the next start, oldest first, with Twilio's times (C10)", async () => {
    await sms.start();
    await sms.twilio.text({ from: ANA, body: "before" });
    await sms.adapter.stop();
    sms.tunnel(null);
    for (const body of ["one", "two", "three"]) await sms.twilio.text({ from: BOB, body });
    const again = await restart();
    expect(sms.backend.texts()).toEqual(["before", "one", "two", "three"]);
    await again.stop();
  });

  test("more than one page of them -> all", async () => {
    await sms.start();
    await sms.adapter.stop();
    sms.tunnel(null);
    const bodies = Array.from({ length: 450 }, (_, index) => `text ${index}`);
    for (const body of bodies) await sms.twilio.text({ from: ANA, body });
    const again = await restart();
    expect(sms.backend.texts()).toEqual(bodies);
    await again.stop();
  });

  test("the very first start asks nothing of what came before it", async () => {
    await sms.twilio.text({ from: ANA, body: "meant for somebody else" });
    await sms.start();
    expect(sms.backend.texts()).toEqual([]);
    expect(sms.backend.state.caughtUpTo).not.toBeNull();
  });

  test("before the adapter has started -> 503, not 404", async () => {
    expect((await sms.forge("/sms/inbound", {})).status).toBe(503);
  });

  /** Another process's adapter on the same backend. */
  async function restart() {
    const { createSmsAdapter } = await import("./index.ts");
    const adapter = createSmsAdapter(sms.config);
    await adapter.start(sms.backend.inbox, sms.backend.lookups);
    return adapter;
  }
});

describe("I8: a request that Twilio did not make", () => {
  let genuine: Record<string, string>;
  beforeEach(async () => {
    await sms.start();
    await sms.twilio.text({ from: ANA, body: "YES 4K" });
    genuine = sms.twilio.webhookCalls[0]!.fields;
    sms.backend.events.clear();
  });
  const nothingStored = () => expect(sms.backend.texts()).toEqual([]);

  test.each([
    ["no signature", { signature: null }, 400],
    ["any signature", { signature: "bm90IGl0IGF0IGFsbCwgbm8=" }, 403],
    ["another token's signature", { token: "0".repeat(32) }, 403],
    ["a signature for another address", { url: "https://evil.example/sms/inbound" }, 403],
    ["a signature for another path", { url: `${PUBLIC_URL}/sms/status` }, 403],
  ])("%s -> refused, nothing stored", async (_, by, status) => {
    expect((await sms.forge("/sms/inbound", genuine, by)).status).toBe(status);
    nothingStored();
  });

  test.each([
    ["its text altered", (fields: Record<string, string>) => ({ ...fields, Body: "YES 7M" })],
    ["its sender altered", (fields: Record<string, string>) => ({ ...fields, From: BOB })],
    ["a field more", (fields: Record<string, string>) => ({ ...fields, Extra: "1" })],
    ["a field less", ({ NumMedia: _, ...fields }: Record<string, string>) => fields],
  ])("%s -> 403, nothing stored", async (_, altered) => {
    const signature = sms.signatureFor("/sms/inbound", genuine);
    expect((await sms.forge("/sms/inbound", altered(genuine), { signature })).status).toBe(403);
    nothingStored();
  });

  test("a captured one whose fields are cut elsewhere, so that its signature still fits -> no second message", async () => {
    const { NumMedia, ...rest } = genuine;
    const shifted = { ...rest, MessageSid: `${genuine.MessageSid}NumMedia${NumMedia}` };
    const signature = sms.signatureFor("/sms/inbound", genuine);
    const { status } = await sms.forge("/sms/inbound", shifted, { signature });
    expect(status).toBe(200);
    nothingStored();
  });

  test("a field twice -> 400, nothing stored", async () => {
    const body = `${new URLSearchParams(genuine)}&Body=YES+7M`;
    expect((await sms.forge("/sms/inbound", genuine, { body })).status).toBe(400);
    nothingStored();
  });

  test("of another account, rightly signed -> 403, nothing stored", async () => {
    const foreign = { ...genuine, AccountSid: `AC${"9".repeat(32)}` };
    expect((await sms.forge("/sms/inbound", foreign)).status).toBe(403);
    expect((await sms.forge("/sms/status", { ...foreign, MessageStatus: "failed" })).status).toBe(403);
    nothingStored();
    expect(sms.backend.reports).toEqual([]);
  });

  test("a forged word on a delivery -> nothing reported", async () => {
    const fields = { AccountSid: sms.config.accountSid, MessageSid: genuine.MessageSid!, MessageStatus: "failed" };
    expect((await sms.forge("/sms/status", fields, { token: "x" })).status).toBe(403);
    expect(sms.backend.reports).toEqual([]);
  });
});

test("two that arrive in the wrong order are both stored, and neither is taken for the other", async () => {
  await sms.start();
  sms.twilio.order({ on: "event:inbound", fault: { kind: "delay", delayMs: 50 }, where: { body: "first" } });
  await sms.twilio.text({ from: ANA, body: "first" });
  await sms.twilio.text({ from: ANA, body: "second" });
  await expect.poll(() => sms.backend.texts()).toEqual(["second", "first"]);
});

test("Twilio's API is away at the start -> webhooks count all the same, and the list is fetched when it is back", async () => {
  sms.backend.state.caughtUpTo = Date.now() - 1000;
  await sms.close();
  sms = await startSms({ fetchEveryMs: 50 });
  sms.backend.state.caughtUpTo = Date.now() - 1000;
  sms.twilio.order({ on: "messages.list", fault: { kind: "status", status: 503 }, times: 2 });
  sms.twilio.order({ on: "event:inbound", fault: { kind: "lose" } });
  await sms.twilio.text({ from: ANA, body: "lost on the way" });
  await sms.start();
  await sms.twilio.text({ from: ANA, body: "by webhook" });
  await expect.poll(() => sms.backend.texts()).toEqual(["by webhook", "lost on the way"]);
});

test("credentials that Twilio does not take -> the start says which variables", async () => {
  const other = await startSms({ authToken: "f".repeat(32) });
  await expect(other.start()).rejects.toMatchObject({
    info: { code: "unauthenticated", field: expect.stringContaining("TWILIO_AUTH_TOKEN") },
  });
  await other.close();
});
