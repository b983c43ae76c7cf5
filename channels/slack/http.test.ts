import { describe, expect, test } from "vitest";
import type { WebhookRequest } from "../../src/contract/adapter.ts";
import { signSlackRequest } from "../../src/simulator/slack/index.ts";
import { createEndpoint, sign, verify, WINDOW_MS } from "./http.ts";

const SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
const NOW = 1_760_000_000_000;
const at = (ms: number) => String(Math.floor(ms / 1000));

function request(
  body: string,
  { timestamp = at(NOW), type = "application/json", signature = sign(body, SECRET, timestamp), more = {} } = {},
): WebhookRequest {
  return {
    ...{ method: "POST", path: "/slack/events", search: "" },
    headers: { "content-type": type, "x-slack-request-timestamp": timestamp, "x-slack-signature": signature, ...more },
    body: async () => Buffer.from(body),
  };
}

function endpoint(take: (body: unknown, retry: unknown) => Promise<unknown> = async () => undefined) {
  const taken: { body: unknown; retry: unknown }[] = [];
  const answer = createEndpoint({
    secret: SECRET,
    now: () => NOW,
    log: () => {},
    take: () => async (body, retry) => {
      taken.push({ body, retry });
      return await take(body, retry);
    },
  });
  return { answer, taken };
}

const EVENT = '{"type":"event_callback","event":{"type":"message"}}';

describe("I8: what is not signed by Slack, now, is refused", () => {
  test.each([
    ["no signature", { more: { "x-slack-signature": undefined } }, 401],
    ["no timestamp", { more: { "x-slack-request-timestamp": undefined } }, 401],
    ["a wrong signature", { signature: `v0=${"0".repeat(64)}` }, 403],
    ["a signature of another secret", { signature: sign(EVENT, "other", at(NOW)) }, 403],
    ["an old request", { timestamp: at(NOW - WINDOW_MS - 1000) }, 403],
    ["a request of the future", { timestamp: at(NOW + WINDOW_MS + 1000) }, 403],
    ["a timestamp that is no number", { timestamp: "1e9" }, 400],
    ["a short signature", { signature: "v0=12" }, 403],
  ])("%s", async (_, how, status) => {
    const { answer, taken } = endpoint();
    expect((await answer(request(EVENT, how))).status).toBe(status);
    expect(taken).toEqual([]);
  });

  test("a body that was changed on the way", async () => {
    const { answer, taken } = endpoint();
    const signed = request(EVENT);
    expect(
      (await answer({ ...signed, body: async () => Buffer.from(EVENT.replace("message", "app_mention")) })).status,
    ).toBe(403);
    expect(taken).toEqual([]);
  });

  test("the signature is over the bytes as they came, also those that are no text", () => {
    const bytes = Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]);
    const headers = { "x-slack-request-timestamp": at(NOW), "x-slack-signature": sign(bytes, SECRET, at(NOW)) };
    expect(verify(headers, bytes, SECRET, NOW)).toEqual({ ok: true });
  });

  test("it is Slack's own signature", () => {
    const body = "token=x&command=%2Fpending";
    expect(signSlackRequest(SECRET, at(NOW), body)).toBe(sign(body, SECRET, at(NOW)));
  });
});

describe("what is taken", () => {
  test.each(["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"])(
    "%s",
    async (type) => {
      const { answer, taken } = endpoint();
      expect(
        (
          await answer(
            request(EVENT, { type, more: { "x-slack-retry-num": "2", "x-slack-retry-reason": "http_error" } }),
          )
        ).status,
      ).toBe(200);
      expect(taken).toEqual([{ body: JSON.parse(EVENT), retry: { num: 2, reason: "http_error" } }]);
    },
  );

  test("forms: a command's fields, an interaction's payload", async () => {
    const { answer, taken } = endpoint();
    const type = "application/x-www-form-urlencoded; charset=utf-8";
    await answer(request("command=%2Fpending&text=a+b%20%E2%9C%93", { type }));
    await answer(request(`payload=${encodeURIComponent('{"type":"block_actions"}')}`, { type }));
    expect(taken.map(({ body }) => body)).toEqual([{ command: "/pending", text: "a b ✓" }, { type: "block_actions" }]);
  });

  test("the address is confirmed, also before the start; everything else waits for it", async () => {
    const early = createEndpoint({ secret: SECRET, now: () => NOW, log: () => {}, take: () => null });
    const challenge = '{"type":"url_verification","challenge":"abc"}';
    expect(await early(request(challenge))).toMatchObject({ status: 200, body: { challenge: "abc" } });
    expect((await early(request(EVENT))).status).toBe(503);
  });

  test("what was not stored is not acknowledged: Slack sends it again", async () => {
    const { answer } = endpoint(async () => {
      throw new Error("the backend is away");
    });
    expect((await answer(request(EVENT))).status).toBe(500);
  });

  test("something else is refused", async () => {
    const { answer } = endpoint();
    expect((await answer(request("<xml/>", { type: "text/xml" }))).status).toBe(400);
    expect((await answer(request("{"))).status).toBe(400);
  });
});
