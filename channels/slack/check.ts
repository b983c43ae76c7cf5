/** Whether Slack will work as it is configured: each finding with its effect and what to do (O7). Changes nothing in the workspace. */
import { WebClient } from "@slack/web-api";
import { slackSettings } from "./factory.ts";
import { sign } from "./http.ts";
import { slackLogger } from "./log.ts";
import { OPTIONAL_SCOPES, SCOPES } from "./manifest.ts";
import { createWeb, explain } from "./web.ts";

export interface SlackCheck {
  name: string;
  ok: boolean;
  detail: string;
  remedy: string | null;
}

type Env = Record<string, string | undefined>;
const REACH_TIMEOUT_MS = 5_000;

/** Empty when Slack is not configured. */
export async function checkSlack(env: Env, now: () => number = Date.now): Promise<SlackCheck[]> {
  const settings = slackSettings(env);
  if (settings.state === "off") return [];
  const checks: SlackCheck[] = [];
  const add = (name: string, ok: boolean, detail: string, remedy: string | null = null) =>
    void checks.push({ name: `slack ${name}`, ok, detail, remedy });
  if (settings.state === "refused") {
    add("settings", false, settings.error.message, settings.error.remedy);
    return checks;
  }
  const { botToken, appToken, signingSecret, apiUrl } = settings.config;
  const web = createWeb(botToken, apiUrl, () => {});
  try {
    const me = await web.auth.test();
    add("token", true, `${me.user ?? "the bot"} in ${me.team ?? me.team_id ?? "the workspace"} (${me.team_id})`);
    for (const missing of missingScopes(me.response_metadata?.scopes))
      if (missing.optional) add("assistant", true, missing.detail);
      else add("scope", false, missing.detail, missing.remedy);
    if (checks.every(({ name }) => name !== "slack scope")) add("scopes", true, "all that are needed");
  } catch (thrown) {
    const { error } = explain(thrown);
    add("token", false, `${error.message}: nothing is heard and nothing said`, error.remedy);
  }
  if (appToken !== null) {
    const failure = await socketFailure(appToken, apiUrl);
    if (failure === null) add("mode", true, "Socket Mode");
    else add("mode", false, `Socket Mode cannot connect: ${failure.message}`, failure.remedy);
  }
  if (signingSecret !== null) checks.push(...(await httpChecks(env, signingSecret, appToken !== null, now)));
  return checks;
}

function missingScopes(given: string[] | undefined): { detail: string; remedy: string; optional: boolean }[] {
  // Not every server that speaks Slack's API says which scopes a token has.
  if (given === undefined || given.length === 0) return [];
  return Object.entries(SCOPES)
    .filter(([scope]) => !given.includes(scope))
    .map(([scope, effect]) => ({
      optional: OPTIONAL_SCOPES.has(scope),
      detail: `${scope} is missing: ${effect}`,
      remedy: `add ${scope} under OAuth & Permissions (factory slack manifest has them all), then reinstall the app`,
    }));
}

/** Asks for a connection's address and does not connect: the running bot keeps its own. */
async function socketFailure(appToken: string, apiUrl: string): Promise<{ message: string; remedy: string } | null> {
  const web = new WebClient(appToken, {
    slackApiUrl: `${apiUrl.replace(/\/+$/, "")}/`,
    retryConfig: { retries: 0 },
    logger: slackLogger(() => {}),
  });
  try {
    await web.apps.connections.open();
    return null;
  } catch (thrown) {
    const { error, code } = explain(thrown);
    const remedy =
      code === "missing_scope"
        ? "make an app-level token with connections:write under Basic Information and set SLACK_APP_TOKEN to it"
        : "enable Socket Mode in the app's settings, and set SLACK_APP_TOKEN to an app-level token (xapp-…) of this app";
    return { message: error.message, remedy: code === null ? (error.remedy ?? remedy) : remedy };
  }
}

/** Sends the bot what Slack would send to confirm the address, signed as Slack would sign it. */
async function httpChecks(env: Env, secret: string, besides: boolean, now: () => number): Promise<SlackCheck[]> {
  const publicUrl = env.PUBLIC_URL?.trim().replace(/\/+$/, "");
  if (publicUrl === undefined || publicUrl === "") {
    if (besides) return [];
    const remedy =
      "set PUBLIC_URL to the address under which Slack reaches the bot, or SLACK_APP_TOKEN for Socket Mode";
    return [
      { name: "slack mode", ok: false, detail: "HTTP without PUBLIC_URL: Slack has no address to send to", remedy },
    ];
  }
  const url = `${publicUrl}/slack/events`;
  const failed = (detail: string, remedy: string): SlackCheck[] => [
    { name: "slack reachability", ok: false, detail, remedy },
  ];
  const timestamp = String(Math.floor(now() / 1000));
  const challenge = `doctor-${timestamp}`;
  const body = JSON.stringify({ type: "url_verification", challenge });
  try {
    const response = await fetch(url, {
      method: "POST",
      body,
      headers: {
        "content-type": "application/json",
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": sign(body, secret, timestamp),
      },
      signal: AbortSignal.timeout(REACH_TIMEOUT_MS),
    });
    const text = await response.text();
    if (response.ok && text.includes(challenge)) {
      return [{ name: "slack mode", ok: true, detail: `HTTP, ${url} answers and checks signatures`, remedy: null }];
    }
    if (response.status === 403) {
      return failed(
        `${url} refuses the signature: events would be refused, too`,
        "give the bot and this command the same SLACK_SIGNING_SECRET, and restart the bot; check both clocks",
      );
    }
    return failed(
      `${url} answered with ${response.status}`,
      "let PUBLIC_URL lead to the bot's PORT, and start the bot",
    );
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return failed(`${url} cannot be reached: ${why}`, "start the bot, and let PUBLIC_URL lead to its PORT");
  }
}
