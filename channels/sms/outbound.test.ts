/** O9, A5, A10 and the pace for text messages, with the real SDK; every request valid to Twilio's published description. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OPTED_OUT } from "../../src/contract/adapter.ts";
import { CARD } from "../../test/contracts/messages.ts";
import { ANA, BOB, PUBLIC_URL, type Sms, say, startSms } from "./harness.test-support.ts";
import { createPace } from "./pace.ts";

let sms: Sms;
beforeEach(async () => {
  sms = await startSms();
  await sms.start();
  sms.twilio.requests.length = 0;
});
afterEach(async () => {
  expect(sms.twilio.requests.flatMap(complaints)).toEqual([]);
  await sms.close();
});

const HOUR = 3_600_000;
const question = (more: Partial<typeof CARD> = {}) => ({
  kind: "card" as const,
  card: { ...CARD, code: "4K", expiresAt: null, ...more },
});
const sent = () => sms.twilio.requests.filter(({ method, status }) => method === "POST" && status === 201);
const posted = () => sms.twilio.state.messages.values().filter(({ direction }) => direction === "outbound-api");
async function arrived(count: number, number = ANA): Promise<string[]> {
  await expect.poll(() => sms.twilio.read(number).length).toBe(count);
  await sms.twilio.settled();
  return sms.twilio.read(number).map(({ body }) => body);
}

describe("sending", () => {
  test("a question: from the number, valid for as long as Twilio can, its fate reported here", async () => {
    const delivery = sms.delivery(question());
    expect(await sms.adapter.send(delivery)).toEqual({ ok: true, receipt: expect.stringMatching(/^SM/) });
    expect(sent()[0]!.fields).toEqual({
      ...{ To: ANA, From: sms.config.from, ValidityPeriod: "36000" },
      StatusCallback: `${PUBLIC_URL}/sms/status?delivery=${delivery.deliveryId}`,
      Body: expect.stringContaining("Reply YES 4K or NO 4K"),
    });
    expect(await arrived(1)).toEqual([sent()[0]!.fields.Body]);
  });

  test.each([
    ["the question's time left", { expiresAt: Date.now() + HOUR + 900 }, null, 3600],
    ["the delivery's", {}, Date.now() + HOUR / 2 + 900, 1800],
    ["the shorter of both", { expiresAt: Date.now() + HOUR }, Date.now() + HOUR / 2 + 900, 1800],
  ])("valid for %s", async (_, more, deadline, seconds) => {
    await sms.adapter.send(sms.delivery(question(more), { deadline }));
    expect(Math.abs(Number(sent()[0]!.fields.ValidityPeriod) - seconds)).toBeLessThan(30);
  });

  test("not at all when its time is over, nor when it was answered before", async () => {
    const late = await sms.adapter.send(sms.delivery(question({ expiresAt: Date.now() - 1 })));
    expect(late).toMatchObject({ ok: false, error: { code: "expired", retryable: false } });
    const done = question({ status: "answered", outcomeLine: "Approved by Bo via Slack" });
    const answered = await sms.adapter.send(sms.delivery(done));
    expect(answered).toEqual({ ok: true, receipt: expect.stringMatching(/^none:/) });
    expect(await sms.adapter.edit(sms.delivery(done), "none:d1")).toEqual({ ok: true, receipt: "none:d1" });
    expect(sent()).toEqual([]);
  });

  test("through a messaging service", async () => {
    const service = sms.twilio.state.account.services[0]!.sid;
    const other = await startSms({ from: service });
    await other.start();
    expect(await other.adapter.send(other.delivery(say("hi")))).toMatchObject({ ok: true });
    const [create] = other.twilio.requests.filter(({ method }) => method === "POST");
    expect(create!.fields).toMatchObject({ MessagingServiceSid: service });
    expect(create!.fields).not.toHaveProperty("From");
    expect(complaints(create!)).toEqual([]);
    await other.close();
  });

  test("the end of a question is a text of its own, once, with its words", async () => {
    const delivery = sms.delivery(question());
    const first = await sms.adapter.send(delivery);
    const receipt = first.ok ? first.receipt : "";
    await sms.adapter.edit({ ...delivery, message: question({ quorum: 2 }) }, receipt);
    const end = { ...delivery, message: question({ status: "answered", outcomeLine: "Approved by Bo via Slack" }) };
    expect(await sms.adapter.edit({ ...end, tries: 1 }, receipt)).toEqual({ ok: true, receipt });
    expect(await sms.adapter.edit({ ...end, tries: 2 }, receipt)).toEqual({ ok: true, receipt });
    expect(await arrived(2)).toEqual([
      expect.stringContaining("Reply YES 4K"),
      "Ship version 1.2 to production?\nApproved by Bo via Slack. Nothing more to do.",
    ]);
  });

  test("questions that come together are one text with one receipt", async () => {
    const questions = ["4K", "7M", "9C"].map((code) => sms.delivery(question({ code })));
    expect(await sms.adapter.together!.send(questions)).toMatchObject({ ok: true });
    const [body] = await arrived(1);
    for (const code of ["4K", "7M", "9C"]) expect(body).toContain(`${code}: Ship`);
  });
});

describe("O9: nothing is sent twice", () => {
  test("sent, but the answer lost -> the next try finds it", async () => {
    sms.twilio.order({ on: "messages.create", fault: { kind: "drop_after_success" } });
    const delivery = sms.delivery(question());
    expect(await sms.adapter.send(delivery)).toMatchObject({ ok: false, error: { retryable: true } });
    const second = await sms.adapter.send({ ...delivery, tries: 1 });
    expect(second).toEqual({ ok: true, receipt: posted()[0]!.sid });
    expect(posted()).toHaveLength(1);
  });

  test("a 500 after it was done -> the same; a 500 before -> sent by the next try", async () => {
    sms.twilio.order({ on: "messages.create", fault: { kind: "status_after_success", status: 500 } });
    sms.twilio.order({ on: "messages.create", fault: { kind: "status", status: 503 } });
    for (const message of [question(), say("hello")]) {
      const delivery = sms.delivery(message);
      expect(await sms.adapter.send(delivery)).toMatchObject({ ok: false, error: { retryable: true } });
      expect(await sms.adapter.send({ ...delivery, tries: 1 })).toMatchObject({ ok: true });
    }
    expect(posted()).toHaveLength(2);
  });

  test("sent together, the answer lost -> each finds the one text", async () => {
    sms.twilio.order({ on: "messages.create", fault: { kind: "drop_after_success" } });
    const questions = ["4K", "7M"].map((code) => sms.delivery(question({ code })));
    expect(await sms.adapter.together!.send(questions)).toMatchObject({ ok: false });
    for (const one of questions) {
      expect(await sms.adapter.send({ ...one, tries: 1 })).toEqual({ ok: true, receipt: posted()[0]!.sid });
    }
    expect(posted()).toHaveLength(1);
  });

  test("an older text with the same words, or another delivery's, is not taken for it", async () => {
    await sms.adapter.send(sms.delivery(say("Nothing is waiting for you.")));
    const retried = sms.delivery(say("Nothing is waiting for you."), { tries: 1 });
    expect(await sms.adapter.send(retried)).toMatchObject({ ok: true });
    expect(posted()).toHaveLength(2);
    // Another process knows of those two only what the backend tells it.
    const receipts = posted().map(({ sid }) => sid);
    const { createSmsAdapter } = await import("./index.ts");
    const other = createSmsAdapter(sms.config);
    await other.start(sms.backend.inbox, sms.backend.lookups);
    const third = sms.delivery(say("Nothing is waiting for you."), { tries: 1, taken: receipts });
    expect(await other.send(third)).toMatchObject({ ok: true });
    const late = sms.delivery(say("Nothing is waiting for you."), { tries: 1, createdAt: Date.now() + HOUR });
    expect(await other.send(late)).toMatchObject({ ok: true });
    expect(posted()).toHaveLength(4);
    await other.stop();
  });
});

describe("what Twilio refuses", () => {
  test("STOP: the error says that the handle is to be suspended", async () => {
    await sms.twilio.text({ from: ANA, body: "stop" });
    const result = await sms.adapter.send(sms.delivery(say("hi")));
    expect(result).toMatchObject({ ok: false, error: { field: OPTED_OUT, retryable: false } });
    await sms.twilio.text({ from: ANA, body: "START" });
    expect(await sms.adapter.send(sms.delivery(say("hi")))).toMatchObject({ ok: true });
  });

  test.each([
    [21211, false],
    [21614, false],
    [21408, false],
    [21611, true],
    [21606, false],
    [20003, false],
    [20500, true],
  ])("%i -> another try helps: %s", async (error, retryable) => {
    sms.twilio.order({ on: "messages.create", fault: { kind: "error", error: String(error) }, times: 10 });
    const result = await sms.adapter.send(sms.delivery(say("hi")));
    expect(result).toMatchObject({ ok: false, error: { retryable } });
    sms.twilio.faults.clear();
  });

  test("a landline", async () => {
    sms.twilio.setPhone(BOB, { kind: "landline" });
    const result = await sms.adapter.send(sms.delivery(say("hi"), { place: `sms:${BOB}` }));
    expect(result).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining("not a mobile"), retryable: false },
    });
  });

  test("429: the SDK tries again by itself; when that is not enough, the delivery waits", async () => {
    sms.twilio.order({ on: "messages.create", fault: { kind: "rate_limit", retryAfterS: 1 } });
    expect(await sms.adapter.send(sms.delivery(say("hi")))).toMatchObject({ ok: true });
    sms.twilio.order({ on: "messages.create", fault: { kind: "rate_limit", retryAfterS: 1 }, times: 4 });
    const result = await sms.adapter.send(sms.delivery(say("hi")));
    expect(result).toMatchObject({ ok: false, error: { code: "rate_limited", retryable: true }, retryAfterMs: 2000 });
    expect(posted()).toHaveLength(1);
  });
});

describe("A10: what becomes of a message", () => {
  test("delivered: reported by its receipt and its delivery, in the order of the states or not", async () => {
    sms.twilio.order({ on: "event:status", fault: { kind: "delay", delayMs: 150 }, where: { status: "sent" } });
    sms.twilio.order({ on: "event:status", fault: { kind: "duplicate" }, where: { status: "delivered" } });
    const delivery = sms.delivery(question());
    const result = await sms.adapter.send(delivery);
    const receipt = result.ok ? result.receipt : "";
    await expect.poll(() => sms.backend.reports.length).toBe(3);
    expect(sms.backend.reports.map(({ state }) => state)).toEqual(["delivered", "delivered", "accepted"]);
    for (const report of sms.backend.reports) {
      expect(report).toMatchObject({ channel: "sms", receipt, deliveryId: delivery.deliveryId, error: null });
    }
  });

  test.each([
    ["30003", "the phone cannot be reached"],
    ["30005", "nobody has this number"],
    ["30006", "landline"],
    ["30007", "filtered"],
  ])("undelivered with %s: failed, and why", async (error, why) => {
    sms.twilio.order({ on: "delivery", fault: { kind: "error", error } });
    await sms.adapter.send(sms.delivery(question()));
    await expect.poll(() => sms.backend.reports.at(-1)?.state).toBe("failed");
    expect(sms.backend.reports.at(-1)!.error).toMatchObject({
      message: expect.stringContaining(why),
      retryable: false,
    });
    expect(sms.twilio.read(ANA)).toEqual([]);
  });
});

test("the description is really asked: unknown fields and wrong values are complaints", () => {
  const call = { method: "POST", query: {} };
  expect(complaints({ ...call, fields: { To: ANA, Nonsense: "1" } })).toHaveLength(1);
  expect(complaints({ ...call, fields: { To: ANA, MessagingServiceSid: "MG1" } })).not.toEqual([]);
  expect(complaints({ ...call, fields: { Body: "hi" } })).not.toEqual([]);
  expect(complaints({ method: "GET", fields: {}, query: { Colour: "red" } })).toHaveLength(1);
});

describe("the pace", () => {
  test("one segment a second for a number, in order; nothing waits when nothing came before", async () => {
    let now = 0;
    const pace = createPace({
      segmentsPerSecond: 1,
      now: () => now,
      sleep: async (ms) => {
        now += ms;
      },
    });
    const at: number[] = [];
    for (const segments of [1, 2, 1]) {
      await pace.turn(segments);
      at.push(now);
    }
    expect(at).toEqual([0, 1000, 3000]);
    now = 60_000;
    await pace.turn(1);
    expect(now).toBe(60_000);
    pace.stop();
    await expect(pace.turn(1)).rejects.toThrow();
  });
});

// ---- Twilio's published description -------------------------------------------------------------------------------------------

const spec = JSON.parse(readFileSync(join(import.meta.dirname, "../../test/specs/twilio-messages.json"), "utf8"));
const ajv = new Ajv({ strict: false, coerceTypes: true, allErrors: true, validateFormats: false });
ajv.addSchema({ $id: "spec", components: spec.components });
const MESSAGES = spec.paths["/2010-04-01/Accounts/{AccountSid}/Messages.json"];
const known = (schema: object) => JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"spec#/'));
const validateCreate = ajv.compile(
  known({
    ...MESSAGES.post.requestBody.content["application/x-www-form-urlencoded"].schema,
    additionalProperties: false,
  }),
);
const validateList = ajv.compile(
  known({
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(
      MESSAGES.get.parameters
        .filter((one: { in: string }) => one.in === "query")
        .map((one: { name: string; schema: object }) => [one.name, one.schema]),
    ),
  }),
);

/** What the description says against a request; it knows no ranges of ValidityPeriod, the text of it does. */
function complaints(call: { method: string; fields: Record<string, unknown>; query: Record<string, string> }) {
  const validate = call.method === "POST" ? validateCreate : validateList;
  if (validate(structuredClone(call.method === "POST" ? call.fields : call.query))) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${call.method} ${instancePath} ${message}`);
}
