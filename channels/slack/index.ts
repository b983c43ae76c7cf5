/**
 * Slack as a channel: Socket Mode with an app token, HTTP with a signing secret, or both. Slack's libraries are loaded when the channel
 * starts and not before: the command and a bot without Slack have no use for them.
 */
import type { ChannelAdapter } from "../../src/contract/adapter.ts";
import { errorInfo } from "../../src/contract/errors.ts";
import type { Log } from "../../src/contract/log.ts";
import { createEndpoint } from "./http.ts";
import { LIMITS } from "./limits.ts";
import type { Opened } from "./open.ts";

export interface SlackAdapterConfig {
  botToken: string;
  /** Socket Mode; null: HTTP only. */
  appToken: string | null;
  /** HTTP; null: Socket Mode only. */
  signingSecret: string | null;
  apiUrl: string;
  log: Log;
  now?: () => number;
  /** How often to look for what was missed without knowing it. */
  catchUpEveryMs?: number;
}

export const SLACK_API = "https://slack.com/api";

/** chat.update may be called about once a second for each channel. */
const STREAM_EVERY_MS = 1_200;

export function createSlackAdapter(config: SlackAdapterConfig): ChannelAdapter {
  const { signingSecret: secret, log, now = Date.now } = config;
  let opened: Opened | null = null;
  const endpoint = secret === null ? null : createEndpoint({ secret, take: () => opened?.take ?? null, now, log });

  return {
    channel: "slack",
    capabilities: {
      textLength: LIMITS.messageText,
      buttons: true,
      edits: true,
      threads: true,
      streamEveryMs: STREAM_EVERY_MS,
      modals: true,
      privateNotices: true,
    },
    ...(endpoint === null ? {} : { webhooks: { "POST /slack/events": endpoint } }),
    async start(inbox, lookups) {
      const { open } = await import("./open.ts");
      opened = await open(config, inbox, lookups);
    },
    connected: () => opened?.connected() ?? false,
    async send(delivery) {
      return (await opened?.sender.send(delivery)) ?? NOT_STARTED;
    },
    async edit(delivery, receipt) {
      return (await opened?.sender.edit(delivery, receipt)) ?? NOT_STARTED;
    },
    async stop() {
      const closing = opened;
      opened = null;
      await closing?.stop();
    },
  };
}

const NOT_STARTED = {
  ok: false,
  error: errorInfo("platform_unavailable", "Slack is not connected"),
  retryAfterMs: null,
} as const;
