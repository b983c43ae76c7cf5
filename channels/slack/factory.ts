/** Slack from its variables (contract.md). */
import { type ErrorInfo, errorInfo } from "../../src/contract/errors.ts";
import type { Log } from "../../src/contract/log.ts";
import { createSlackAdapter, SLACK_API, type SlackAdapterConfig } from "./index.ts";

export type SlackSettings =
  | { state: "off" }
  | { state: "refused"; error: ErrorInfo }
  | { state: "ready"; config: Omit<SlackAdapterConfig, "log"> };

type Env = Record<string, string | undefined>;

/** Which of the two ways is meant follows from the variables; half of them is an error that names the other half. */
export function slackSettings(env: Env): SlackSettings {
  const read = (name: string) => env[name]?.trim() || null;
  const [botToken, appToken, signingSecret] = [
    read("SLACK_BOT_TOKEN"),
    read("SLACK_APP_TOKEN"),
    read("SLACK_SIGNING_SECRET"),
  ];
  const refused = (field: string, message: string, remedy: string): SlackSettings => ({
    state: "refused",
    error: errorInfo("invalid_input", message, { field, remedy }),
  });
  if (botToken === null) {
    if (appToken === null && signingSecret === null) return { state: "off" };
    const remedy = "set it to the bot token of the installed app (xoxb-…), or unset the other Slack variables";
    return refused("SLACK_BOT_TOKEN", "SLACK_BOT_TOKEN is missing", remedy);
  }
  if (!botToken.startsWith("xoxb-")) {
    return refused("SLACK_BOT_TOKEN", "this is not a bot token", "take the one that begins with xoxb-");
  }
  if (appToken === null && signingSecret === null) {
    const remedy = "set SLACK_APP_TOKEN (xapp-…) for Socket Mode, or SLACK_SIGNING_SECRET and PUBLIC_URL for HTTP";
    return refused("SLACK_APP_TOKEN", "Slack has no way to reach the bot", remedy);
  }
  if (appToken !== null && !appToken.startsWith("xapp-")) {
    return refused("SLACK_APP_TOKEN", "this is not an app-level token", "take the one that begins with xapp-");
  }
  const apiUrl = read("SLACK_API_URL") ?? SLACK_API;
  return { state: "ready", config: { botToken, appToken, signingSecret, apiUrl } };
}

export function slackFromEnv(env: Env, log: Log) {
  const settings = slackSettings(env);
  if (settings.state !== "ready") return settings;
  return { state: "ready" as const, adapter: createSlackAdapter({ ...settings.config, log }) };
}
