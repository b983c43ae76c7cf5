import { afterAll, beforeAll, expect, test } from "vitest";
import { startHttp } from "../../src/bot/http.ts";
import { silentLogger } from "../../src/bot/logger.ts";
import { webhookRoutes } from "../../src/bot/webhooks.ts";
import { createSlackSimulator, type SlackSimulator } from "../../src/simulator/slack/index.ts";
import { checkSlack } from "./check.ts";
import { createSlackAdapter } from "./index.ts";
import { BOT_EVENTS, SCOPES, slackManifest } from "./manifest.ts";

let slack: SlackSimulator;
beforeAll(async () => {
  slack = await createSlackSimulator();
});
afterAll(async () => await slack.close());

const env = (more: Record<string, string | undefined> = {}) => ({
  SLACK_API_URL: slack.apiUrl,
  SLACK_BOT_TOKEN: slack.botToken,
  SLACK_APP_TOKEN: slack.appToken,
  ...more,
});
const findings = async (more: Record<string, string | undefined> = {}) =>
  (await checkSlack(env(more))).filter(({ ok }) => !ok).map(({ name, detail, remedy }) => ({ name, detail, remedy }));

test("nothing is configured, nothing is found", async () => {
  expect(await checkSlack({})).toEqual([]);
});

test("all is well", async () => {
  expect(await findings()).toEqual([]);
  expect((await checkSlack(env())).map(({ name }) => name)).toEqual(["slack token", "slack scopes", "slack mode"]);
});

test("O7: a scope is taken away -> its name, what does not work, what to do", async () => {
  const { installation } = slack.state;
  const before = [...installation.botScopes];
  installation.botScopes = before.filter((scope) => scope !== "im:write");
  const [found, ...rest] = await findings();
  installation.botScopes = before;
  expect(rest).toEqual([]);
  expect(found).toMatchObject({
    name: "slack scope",
    detail: "im:write is missing: nobody can be asked in a direct message",
    remedy: expect.stringContaining("reinstall the app"),
  });
});

test("without its place for assistants the app lacks nothing", async () => {
  const { installation } = slack.state;
  const before = [...installation.botScopes];
  installation.botScopes = before.filter((scope) => scope !== "assistant:write");
  const found = await checkSlack(env());
  installation.botScopes = before;
  expect(found.map(({ name, ok }) => [name, ok])).toEqual([
    ["slack token", true],
    ["slack assistant", true],
    ["slack scopes", true],
    ["slack mode", true],
  ]);
  expect(found[1]!.detail).toContain("assistant:write is missing: no suggestions");
});

test("a revoked token, an app token without its scope, half of the variables", async () => {
  const { installation } = slack.state;
  installation.botTokenError = "token_revoked";
  expect((await findings())[0]).toMatchObject({
    name: "slack token",
    remedy: expect.stringContaining("SLACK_BOT_TOKEN"),
  });
  installation.botTokenError = null;
  const scopes = installation.appScopes;
  installation.appScopes = [];
  expect((await findings())[0]).toMatchObject({
    name: "slack mode",
    remedy: expect.stringContaining("connections:write"),
  });
  installation.appScopes = scopes;
  expect((await findings({ SLACK_APP_TOKEN: undefined }))[0]).toMatchObject({
    name: "slack settings",
    remedy: expect.stringContaining("SLACK_SIGNING_SECRET"),
  });
  expect((await findings({ SLACK_BOT_TOKEN: "xoxp-1" }))[0]).toMatchObject({
    remedy: expect.stringContaining("xoxb-"),
  });
});

test("HTTP: the bot answers with the same secret, with another one, not at all", async () => {
  const secret = slack.signingSecret;
  const adapter = createSlackAdapter({
    ...{ botToken: slack.botToken, appToken: null, signingSecret: secret, apiUrl: slack.apiUrl },
    log: () => {},
  });
  const http = await startHttp({ port: 0, host: "127.0.0.1", log: silentLogger(), routes: webhookRoutes([adapter]) });
  const over = { SLACK_APP_TOKEN: undefined, SLACK_SIGNING_SECRET: secret, PUBLIC_URL: http.url };
  expect(await findings(over)).toEqual([]);
  expect((await findings({ ...over, SLACK_SIGNING_SECRET: "other" }))[0]).toMatchObject({
    name: "slack reachability",
    detail: expect.stringContaining("refuses the signature"),
  });
  expect((await findings({ ...over, PUBLIC_URL: undefined }))[0]).toMatchObject({
    remedy: expect.stringContaining("PUBLIC_URL"),
  });
  await http.stop();
  expect((await findings(over))[0]).toMatchObject({
    name: "slack reachability",
    detail: expect.stringContaining("cannot be reached"),
  });
});

test("the manifest asks for what is used, in either mode", () => {
  const socket = slackManifest({ publicUrl: null });
  expect(socket).toMatchSnapshot("Socket Mode");
  expect(socket.oauth_config.scopes.bot).toEqual(Object.keys(SCOPES));
  expect(socket.settings).toMatchObject({ socket_mode_enabled: true, event_subscriptions: { bot_events: BOT_EVENTS } });
  const http = slackManifest({ publicUrl: "https://bot.example.com" });
  expect(JSON.stringify(http).match(/https:\/\/bot\.example\.com\/slack\/events/g)).toHaveLength(8);
  // Slack's own limits for these texts.
  expect(http.display_information.long_description.length).toBeGreaterThanOrEqual(174);
  expect(http.display_information.description.length).toBeLessThanOrEqual(140);
});
