/** O7 for text messages: each fault is found by its name, with its effect and what to do. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { examineSms } from "./doctor.ts";
import { PUBLIC_URL, type Sms, startSms } from "./harness.test-support.ts";

let sms: Sms;
beforeEach(async () => {
  sms = await startSms();
});
afterEach(async () => await sms.close());

/** The address as this machine reaches it: `PUBLIC_URL` of the tests is nobody's. */
const examine = async (more: Partial<typeof sms.config> = {}) => {
  const findings = await examineSms({ ...sms.config, publicUrl: sms.http.url, ...more });
  return Object.fromEntries(
    findings.map(({ name, ok, detail, remedy }) => [name, { ok, said: `${detail} | ${remedy}` }]),
  );
};

test("all is well", async () => {
  await sms.start();
  sms.twilio.pointTo(sms.http.url);
  const found = await examine();
  expect(Object.keys(found)).toEqual(["sms credentials", "sms number", "sms webhook", "sms address"]);
  expect(Object.values(found).every(({ ok }) => ok)).toBe(true);
});

test("a messaging service: its own address, or each number's", async () => {
  await sms.start();
  const [service] = sms.twilio.state.account.services;
  expect(await examine({ from: service!.sid })).toMatchObject({
    "sms service": { ok: true },
    "sms webhook": { ok: true },
  });
  service!.inboundUrl = "https://elsewhere.example";
  expect((await examine({ from: service!.sid }))["sms webhook"]).toMatchObject({ ok: false });
  expect((await examine({ from: `MG${"0".repeat(32)}` }))["sms service"]).toMatchObject({ ok: false });
});

test.each([
  ["wrong credentials", { authToken: "0".repeat(32) }, "sms credentials", /AUTH_TOKEN/],
  ["a number of somebody else", { from: "+15550100999" }, "sms number", /TWILIO_FROM/],
  ["a webhook that leads elsewhere", {}, "sms webhook", /heard minutes later.*\/sms\/inbound, HTTP POST/],
  ["no public address", { publicUrl: null }, "sms address", /PUBLIC_URL/],
  ["a public address of nobody", { publicUrl: "http://127.0.0.1:9" }, "sms address", /cannot be reached/],
])("%s", async (_, more, name, said) => {
  await sms.start();
  const found = await examine(more);
  expect(found[name]).toMatchObject({ ok: false, said: expect.stringMatching(said) });
});

test("another program at the address", async () => {
  await sms.start();
  const found = await examine({ publicUrl: sms.apiUrl });
  expect(found["sms address"]).toMatchObject({ ok: false, said: expect.stringContaining("something else") });
  expect(PUBLIC_URL).not.toBe(sms.apiUrl);
});
