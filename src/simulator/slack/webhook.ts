/** HTTP mode: signed requests to the app's one address, as Slack sends them. */
import { createHmac } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { Delivered, Outgoing, Retry, Transport } from "./delivery.ts";

export interface WebhookTransport extends Transport {
  /** The app's Request URL. Throws when it does not pass `url_verification`, as Slack refuses to save one that does not. */
  verify(url: string, token: string): Promise<void>;
}

export function createWebhooks(options: { clock: Clock; signingSecret: string; url: () => string }): WebhookTransport {
  const { clock, signingSecret, url } = options;

  async function post(target: string, type: string, body: string, retry: Retry | null, timeoutMs: number) {
    const timestamp = String(Math.floor(clock.now() / 1000));
    const signature = signSlackRequest(signingSecret, timestamp, body);
    const cancel = new AbortController();
    const stop = clock.after(timeoutMs, () => cancel.abort());
    try {
      const response = await fetch(target, {
        method: "POST",
        body,
        redirect: "manual",
        signal: cancel.signal,
        headers: {
          "content-type": type,
          "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
          "x-slack-request-timestamp": timestamp,
          "x-slack-signature": signature,
          ...(retry === null ? {} : { "x-slack-retry-num": String(retry.num), "x-slack-retry-reason": retry.reason }),
        },
      });
      return { response, text: await response.text() };
    } finally {
      stop();
    }
  }

  return {
    async verify(target, token) {
      const challenge = signSlackRequest(signingSecret, "0", "challenge").slice(3, 43);
      const body = JSON.stringify({ token, challenge, type: "url_verification" });
      const { response, text } = await post(target, "application/json", body, null, 3_000);
      const said = response.headers.get("content-type")?.startsWith("application/json")
        ? (JSON.parse(text) as { challenge?: unknown }).challenge
        : text.replace(/^challenge=/, "").trim();
      if (response.status !== 200 || said !== challenge) {
        throw new Error(`${target} did not return the challenge: ${response.status}, ${text.slice(0, 200)}`);
      }
    },
    async send(outgoing: Outgoing, retry: Retry | null, timeoutMs: number): Promise<Delivered> {
      const target = url();
      if (target === "") return { ok: false, reason: "no_request_url" };
      const [type, body] = encode(outgoing);
      try {
        const { response, text } = await post(target, type, body, retry, timeoutMs);
        const noRetry = response.headers.get("x-slack-no-retry") === "1";
        if (response.status < 200 || response.status > 299) return { ok: false, reason: "http_error", noRetry };
        return { ok: true, response: decode(text, response.headers.get("content-type") ?? "") };
      } catch (thrown) {
        const timedOut = (thrown as Error).name === "AbortError";
        return { ok: false, reason: timedOut ? "http_timeout" : "connection_failed" };
      }
    },
    ready: async () => {},
    cut: () => {},
  };
}

/** `v0=HEX` over `v0:TIMESTAMP:BODY`. */
export function signSlackRequest(signingSecret: string, timestamp: string, body: string): string {
  return `v0=${createHmac("sha256", signingSecret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
}

function encode({ kind, payload }: Outgoing): [type: string, body: string] {
  if (kind === "events_api") return ["application/json", JSON.stringify(payload)];
  const fields = kind === "interactive" ? { payload: JSON.stringify(payload) } : (payload as Record<string, string>);
  // Without a charset: Bolt refuses the type with one.
  return ["application/x-www-form-urlencoded", new URLSearchParams(fields).toString()];
}

function decode(text: string, type: string): unknown {
  if (text === "") return null;
  if (!type.startsWith("application/json")) return { text };
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return { text };
  }
}
