/**
 * The registry of channels, the one file that knows them all. `channels` is a record over every channel name of the contract:
 * a channel without a factory does not compile.
 */
import type { Readable, Writable } from "node:stream";
import type { ChannelAdapter } from "../src/contract/adapter.ts";
import type { ErrorInfo } from "../src/contract/errors.ts";
import type { ChannelName } from "../src/contract/handle.ts";
import { discordFromEnv } from "./discord/factory.ts";
import { slackFromEnv } from "./slack/factory.ts";
import { namesSms } from "./sms/variables.ts";
import { createTerminalAdapter } from "./terminal/index.ts";

export { checkDiscord } from "./discord/check.ts";
export { applicationOf, inviteUrl, PERMISSIONS as discordPermissions } from "./discord/permissions.ts";
export { slackManifest } from "./slack/manifest.ts";
export { createTerminalAdapter, type TerminalAdapterConfig } from "./terminal/index.ts";
export { renderMessage } from "./terminal/render.ts";
export { painter, wantsColours } from "./terminal/style.ts";
export { escapeText, padEnd, textWidth, wrap } from "./terminal/text.ts";
export { duration, when } from "./terminal/time.ts";

/** What the bot offers to every factory; each takes what concerns its platform. */
export interface ChannelSetup {
  env: Record<string, string | undefined>;
  /** The bot's own folder, which only its user reads: for what has to outlive the process and is not for the backend. */
  dataDir: string;
  /** What an adapter has to say about itself. */
  log: (level: "debug" | "info" | "warn" | "error", message: string, about?: Record<string, unknown>) => void;
  /** The terminal this bot was started on; null when it serves without one. */
  terminal: {
    input: Readable;
    output: Writable & { isTTY?: boolean; columns?: number };
    interactive: boolean;
    user: string;
    historyFile: string | null;
    greeting: string[];
    onEnd(): void;
    onConsole?(print: ((lines: string[]) => void) | null): void;
  } | null;
}

export type Channel =
  | { state: "ready"; adapter: ChannelAdapter }
  /** Not configured. */
  | { state: "off" }
  /** Configured, but not usable: what is wrong and what to do. */
  | { state: "refused"; error: ErrorInfo };

/** Libraries of a platform that is not configured are not loaded: they cost every start a tenth of a second. */
export type ChannelFactory = (setup: ChannelSetup) => Channel | Promise<Channel>;

export const channels: Record<ChannelName, ChannelFactory> = {
  terminal: ({ terminal, env }) => {
    if (terminal === null) return { state: "off" };
    return { state: "ready", adapter: createTerminalAdapter({ ...terminal, env }) };
  },
  slack: ({ env, log }) => slackFromEnv(env, log),
  discord: ({ env, dataDir, log }) => discordFromEnv(env, dataDir, log),
  sms: async ({ env, log }) => {
    if (!namesSms(env)) return { state: "off" };
    const { createSmsAdapter, readSmsSettings } = await import("./sms/index.ts");
    const settings = readSmsSettings(env);
    if (settings.kind === "refused") return { state: "refused", error: settings.error };
    return settings.kind === "off"
      ? { state: "off" }
      : { state: "ready", adapter: createSmsAdapter({ ...settings.config, log }) };
  },
};

/** Findings of `factory doctor` about Slack; the libraries are loaded only when they are needed. Empty when it is not configured. */
export const checkSlack = async (env: Record<string, string | undefined>) =>
  await (await import("./slack/check.ts")).checkSlack(env);

/** The same about text messages. */
export const checkSms = async (env: Record<string, string | undefined>) =>
  namesSms(env) ? await (await import("./sms/doctor.ts")).checkSms(env) : [];

/** A number as people write it, as E.164; null: no number. */
export const toE164 = async (text: string): Promise<string | null> => (await import("./sms/ids.ts")).toE164(text);
