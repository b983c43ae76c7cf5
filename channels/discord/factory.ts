/** Discord from its variables (contract.md). */
import { join } from "node:path";
import { type ErrorInfo, errorInfo } from "../../src/contract/errors.ts";
import type { Log } from "../../src/contract/log.ts";
import { createDiscordAdapter, DISCORD_API, type DiscordAdapterConfig } from "./index.ts";

export type DiscordSettings =
  | { state: "off" }
  | { state: "refused"; error: ErrorInfo }
  | { state: "ready"; config: Omit<DiscordAdapterConfig, "log" | "repliesFile"> };

type Env = Record<string, string | undefined>;

export function discordSettings(env: Env): DiscordSettings {
  const token = env.DISCORD_TOKEN?.trim() || null;
  if (token === null) return { state: "off" };
  // A token has three parts; the library adds the word itself.
  if (/^Bot\s/i.test(token) || token.split(".").length !== 3) {
    const error = errorInfo("invalid_input", "this is not a bot token", {
      field: "DISCORD_TOKEN",
      remedy: "take the token of the application's Bot page: three parts with dots between them, without the word Bot",
    });
    return { state: "refused", error };
  }
  return { state: "ready", config: { token, apiUrl: env.DISCORD_API_URL?.trim() || DISCORD_API } };
}

export function discordFromEnv(env: Env, dataDir: string, log: Log) {
  const settings = discordSettings(env);
  if (settings.state !== "ready") return settings;
  const repliesFile = join(dataDir, "discord_replies.jsonl");
  return { state: "ready" as const, adapter: createDiscordAdapter({ ...settings.config, repliesFile, log }) };
}
