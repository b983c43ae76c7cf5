/**
 * Discord as a channel. discord.js is loaded when the channel starts and not before: the command and a bot without Discord have no use
 * for it.
 */
import type { ChannelAdapter } from "../../src/contract/adapter.ts";
import { errorInfo } from "../../src/contract/errors.ts";
import type { Log } from "../../src/contract/log.ts";
import { LIMITS } from "./limits.ts";
import type { Opened } from "./open.ts";

export interface DiscordAdapterConfig {
  token: string;
  apiUrl: string;
  /** Where tokens of interactions outlive the process, for a quarter of an hour; absent: they do not. */
  repliesFile?: string;
  log: Log;
  now?: () => number;
  /** How often to note that everything said until then has been received. */
  markEveryMs?: number;
}

export const DISCORD_API = "https://discord.com/api";

/** Discord allows five edits in five seconds for each channel; this leaves room for other messages there. */
const STREAM_EVERY_MS = 1_500;

export function createDiscordAdapter(config: DiscordAdapterConfig): ChannelAdapter {
  let opened: Opened | null = null;
  return {
    channel: "discord",
    capabilities: {
      textLength: LIMITS.messageText,
      buttons: true,
      edits: true,
      threads: true,
      streamEveryMs: STREAM_EVERY_MS,
      modals: true,
      privateNotices: true,
    },
    async start(inbox, lookups) {
      const { open } = await import("./open.ts");
      opened = await open(config, inbox, lookups);
    },
    async send(delivery) {
      return (await opened?.sender.send(delivery)) ?? NOT_STARTED;
    },
    async edit(delivery, receipt) {
      return (await opened?.sender.edit(delivery, receipt)) ?? NOT_STARTED;
    },
    connected: () => opened?.connected() ?? false,
    failure: () => opened?.failure() ?? null,
    async stop() {
      await opened?.stop();
    },
  };
}

const NOT_STARTED = {
  ok: false,
  error: errorInfo("platform_unavailable", "Discord is not connected"),
  retryAfterMs: null,
} as const;
