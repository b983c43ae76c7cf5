/**
 * Slack over HTTP: one address for events, commands and interactivity. The signature is over the bytes as they came; a request may be
 * five minutes old, or, by the other's clock, five minutes early, and no more (I8).
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { WebhookReply, WebhookRequest } from "../../src/contract/adapter.ts";
import type { Log } from "../../src/contract/log.ts";
import { type Body, parseJson } from "../../src/contract/untrusted.ts";

export const WINDOW_MS = 5 * 60_000;

export type Verdict = { ok: true } | { ok: false; status: 400 | 401 | 403; reason: string };

const headerOf = (headers: WebhookRequest["headers"], name: string): string | null => {
  const value = headers[name];
  return typeof value === "string" ? value : null;
};

/** Names case-insensitively lower, as node gives them. */
export function verify(headers: WebhookRequest["headers"], raw: Uint8Array, secret: string, now: number): Verdict {
  const timestamp = headerOf(headers, "x-slack-request-timestamp");
  const signature = headerOf(headers, "x-slack-signature");
  if (timestamp === null || signature === null) return { ok: false, status: 401, reason: "it is not signed" };
  if (!/^\d{1,12}$/.test(timestamp)) return { ok: false, status: 400, reason: "its timestamp is not a number" };
  if (Math.abs(now - Number(timestamp) * 1000) > WINDOW_MS) {
    return { ok: false, status: 403, reason: "its timestamp is more than five minutes away" };
  }
  const expected = Buffer.from(sign(raw, secret, timestamp));
  const given = Buffer.from(signature);
  const same = given.length === expected.length && timingSafeEqual(given, expected);
  return same ? { ok: true } : { ok: false, status: 403, reason: "its signature does not match" };
}

export function sign(raw: Uint8Array | string, secret: string, timestamp: string): string {
  return `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:`).update(raw).digest("hex")}`;
}

/** null: not a body of Slack's. Any charset parameter is fine: Slack's bodies are UTF-8. */
export function readBody(contentType: string | null, raw: Uint8Array): Body | null {
  const text = Buffer.from(raw).toString("utf8");
  const type = (contentType ?? "").split(";")[0]!.trim().toLowerCase();
  if (type === "application/json") return parseJson(text);
  if (type !== "application/x-www-form-urlencoded") return null;
  const fields = new URLSearchParams(text);
  const payload = fields.get("payload");
  return payload === null ? Object.fromEntries(fields) : parseJson(payload);
}

export interface EndpointOptions {
  secret: string;
  /** Resolves when it may be acknowledged. null: the bot is still starting. */
  take: () => ((body: Body, retry: { num?: number; reason?: string }) => Promise<unknown>) | null;
  now: () => number;
  log: Log;
}

export function createEndpoint({ secret, take, now, log }: EndpointOptions) {
  return async (request: WebhookRequest): Promise<WebhookReply> => {
    const raw = await request.body();
    const verdict = verify(request.headers, raw, secret, now());
    if (!verdict.ok) {
      log("warn", `a request to /slack/events was refused: ${verdict.reason}`);
      return { status: verdict.status, body: { error: verdict.reason } };
    }
    const body = readBody(headerOf(request.headers, "content-type"), raw);
    if (body === null) return { status: 400, body: { error: "the body is neither JSON nor a form" } };
    if (body.type === "url_verification") return { status: 200, body: { challenge: body.challenge } };
    if (body.ssl_check !== undefined) return { status: 200, body: "" };
    const taking = take();
    if (taking === null) return { status: 503, body: { error: "the bot is still starting" } };
    const num = headerOf(request.headers, "x-slack-retry-num");
    const reason = headerOf(request.headers, "x-slack-retry-reason");
    try {
      const payload = await taking(body, {
        ...(num === null ? {} : { num: Number(num) }),
        ...(reason === null ? {} : { reason }),
      });
      return { status: 200, body: payload ?? "" };
    } catch (thrown) {
      // Anything but success makes Slack send it again.
      log("warn", "an event was not taken", { reason: thrown instanceof Error ? thrown.message : String(thrown) });
      return { status: 500, body: { error: "it was not stored" } };
    }
  };
}
