/**
 * Socket Mode over several connections at once, so that the seconds in which Slack replaces one are no gap. Each is a client of
 * Slack's own, without its reconnecting: that gives up for good, with an unhandled rejection, on the first failed call
 * (@slack/socket-mode 3.1.0). Here a connection that ends is followed by a new one, for as long as the adapter runs.
 */
import { SocketModeClient } from "@slack/socket-mode";
import type { Log } from "../../src/contract/log.ts";
import { type Body, bodyAt, isBody, parseJson, textAt } from "../../src/contract/untrusted.ts";
import { slackLogger } from "./log.ts";
import { pause } from "./pause.ts";
import { explain } from "./web.ts";

export interface SocketOptions {
  appToken: string;
  apiUrl: string;
  /** At most 10; each event goes to one of them. */
  connections: number;
  /** Resolves when the envelope may be acknowledged, with the payload to do so. */
  take(body: Body, retry: { num?: number; reason?: string }): Promise<unknown>;
  /** Connected again after a time without any connection: something may have been missed. */
  afterGap(): void;
  log: Log;
}

export interface Sockets {
  connected(): number;
  stop(): Promise<void>;
}

const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 30_000;
const HELLO_TIMEOUT_MS = 15_000;

interface Envelope {
  ack: (payload?: unknown) => Promise<void>;
  body: unknown;
  retry_num?: number;
  retry_reason?: string;
}

/** An `events_api` envelope without an inner event (`app_rate_limited`) makes the library throw where nobody can catch it. */
class GuardedClient extends SocketModeClient {
  unreadable: (text: string) => void = () => {};

  protected override async onWebSocketMessage(data: string | ArrayBuffer, isBinary: boolean): Promise<void> {
    try {
      await super.onWebSocketMessage(data, isBinary);
    } catch {
      this.unreadable(typeof data === "string" ? data : new TextDecoder().decode(data));
    }
  }
}

/** Resolves when the first connection stands; rejects when Slack refuses it. */
export async function openSockets(options: SocketOptions): Promise<Sockets> {
  const { log } = options;
  const stopping = new AbortController();
  const standing = new Set<GuardedClient>();
  let wasConnected = false;

  async function connectOnce(): Promise<{ client: GuardedClient; ended: Promise<void> }> {
    const client = new GuardedClient({
      appToken: options.appToken,
      autoReconnectEnabled: false,
      logger: slackLogger(log),
      clientOptions: {
        slackApiUrl: `${options.apiUrl.replace(/\/+$/, "")}/`,
        retryConfig: { retries: 0 },
        timeout: 10_000,
      },
    });
    client.unreadable = (text) => void skip(client, text, log);
    client.on("slack_event", (envelope: Envelope) => void take(envelope));
    await hello(client);
    const ended = new Promise<void>((done) => client.once("disconnected", () => done()));
    standing.add(client);
    if (wasConnected && standing.size === 1) options.afterGap();
    wasConnected = true;
    return { client, ended };
  }

  async function take(envelope: Envelope): Promise<void> {
    try {
      const retry = {
        ...(envelope.retry_num === undefined ? {} : { num: envelope.retry_num }),
        ...(envelope.retry_reason === undefined ? {} : { reason: envelope.retry_reason }),
      };
      const payload = await options.take(isBody(envelope.body) ? envelope.body : {}, retry);
      await envelope.ack(payload);
    } catch (thrown) {
      // Not acknowledged: Slack sends it again, and what was stored meanwhile is known by its id.
      log("warn", "an envelope was not acknowledged", {
        reason: thrown instanceof Error ? thrown.message : String(thrown),
      });
    }
  }

  async function keepOne(first: Awaited<ReturnType<typeof connectOnce>> | null): Promise<void> {
    let current = first;
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        current ??= await connectOnce();
        failures = 0;
        const { client, ended } = current;
        await ended;
        standing.delete(client);
      } catch (thrown) {
        failures += 1;
        log("warn", "a Slack connection could not be opened", { error: explain(thrown).error.message, failures });
      }
      current = null;
      if (failures > 0)
        await pause(Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failures - 1)), stopping.signal);
    }
  }

  const first = await connectOnce();
  const lines = Array.from({ length: options.connections }, (_, index) => keepOne(index === 0 ? first : null));
  return {
    connected: () => standing.size,
    async stop() {
      stopping.abort();
      await Promise.all([...standing].map((client) => client.disconnect().catch(() => {})));
      await Promise.race([Promise.all(lines), pause(1_000)]);
    },
  };
}

/** Without Slack's greeting a connection is none, and the library would wait for it without end. */
async function hello(client: GuardedClient): Promise<void> {
  const waited = new AbortController();
  const late = pause(HELLO_TIMEOUT_MS, waited.signal).then(() => {
    if (!waited.signal.aborted) throw new Error("Slack did not say hello on a new connection");
  });
  try {
    await Promise.race([client.start(), late]);
  } catch (thrown) {
    void client.disconnect().catch(() => {});
    throw thrown;
  } finally {
    waited.abort();
  }
}

/** Acknowledged, so that it does not come again for ever. */
async function skip(client: GuardedClient, text: string, log: Log): Promise<void> {
  const envelope = parseJson(text) ?? {};
  log("warn", "Slack sent an envelope without an event", { type: textAt(bodyAt(envelope, "payload"), "type") });
  const id = textAt(envelope, "envelope_id");
  // Private in the library's types, and its only way to answer.
  const sender = client as unknown as { send(id: string, body?: object): Promise<void> };
  if (id !== null) await sender.send(id).catch(() => {});
}
