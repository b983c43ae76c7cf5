/** When the simulators run beside the bot, and who may use their page. With the bot and a browser: test/e2e, test/simulator. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Env, readConfig } from "./config.ts";
import { type HttpServer, startHttp } from "./http.ts";
import { silentLogger } from "./logger.ts";
import { type Simulation, startSimulation } from "./simulator.ts";

let folder = "";
let server: HttpServer | null = null;
let simulation: Simulation | null = null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bot-simulator-"));
});
afterEach(async () => {
  await simulation?.close();
  await server?.stop();
  rmSync(folder, { recursive: true });
  simulation = null;
  server = null;
});

async function start(env: Env, onPipe = false): Promise<Simulation | null> {
  const config = readConfig(env);
  const options = { config, env, dataDir: folder, http: "http://127.0.0.1:1", onPipe, log: silentLogger() };
  simulation = await startSimulation(options);
  return simulation;
}

test("nothing configured -> every platform is simulated, its channel says so, its variables reach the adapters", async () => {
  const started = await start({});
  expect(started?.url).toBe("http://127.0.0.1:1/simulator");
  expect(started?.env).toMatchObject({ SLACK_BOT_TOKEN: expect.stringMatching(/^xoxb-/) });
  expect(started?.states({ slack: "on", terminal: "on" })).toEqual({ slack: "simulated", terminal: "on" });
  expect(started?.states({ slack: "failed" })).toEqual({ slack: "failed" });
});

test("the tokens are the same after a restart, and others in another data folder", async () => {
  const first = (await start({}))?.env.SLACK_BOT_TOKEN;
  await simulation?.close();
  expect((await start({}))?.env.SLACK_BOT_TOKEN).toBe(first);
  await simulation?.close();
  rmSync(folder, { recursive: true });
  folder = mkdtempSync(join(tmpdir(), "bot-simulator-"));
  expect((await start({}))?.env.SLACK_BOT_TOKEN).not.toBe(first);
});

test.each<[string, Env, boolean]>([
  ["switched off", { FACTORY_SIMULATE: "off" }, false],
  ["a real platform is configured", { SLACK_BOT_TOKEN: "xoxb-real" }, false],
  ["a program talks over a pipe", {}, true],
])("%s -> nothing is simulated", async (_why, env, onPipe) => {
  expect(await start(env, onPipe)).toBeNull();
});

test("on, with a real platform -> the others are simulated, that one is left alone", async () => {
  const started = await start({ FACTORY_SIMULATE: "on", SLACK_BOT_TOKEN: "xoxb-real", SLACK_APP_TOKEN: "xapp-real" });
  expect(started?.env.SLACK_BOT_TOKEN).toBeUndefined();
});

test("the page is used from its own address only", async () => {
  const started = await start({});
  server = await startHttp({ port: 0, host: "127.0.0.1", log: silentLogger(), routes: started!.routes });
  const { url } = server;
  const say = async (headers: Record<string, string>) => {
    const body = JSON.stringify({ as: "ana", channel: "#eng", text: "x" });
    const response = await fetch(`${url}/simulator/slack/say`, { method: "POST", body, headers });
    return response.status;
  };
  const json = { "content-type": "application/json" };
  expect(await say(json)).toBe(200);
  expect(await say({ ...json, origin: url })).toBe(200);
  expect(await say({ ...json, origin: "https://elsewhere.example" })).toBe(403);
  expect(await say({ ...json, origin: "null" })).toBe(403);
  expect(await say({ "content-type": "text/plain" })).toBe(415);
  expect((await fetch(`${url}/simulator`)).headers.get("content-security-policy")).toContain("default-src 'self'");
  expect((await fetch(`${url}/simulator/../bot/program.ts`)).status).toBe(404);
  expect((await fetch(`${url}/simulator/%2e%2e/page.ts`)).status).toBe(404);
});

test("what a pane says of nothing is JSON too, and its stream of changes comes through", async () => {
  const started = await start({});
  server = await startHttp({ port: 0, host: "127.0.0.1", log: silentLogger(), routes: started!.routes });
  const home = await fetch(`${server.url}/simulator/slack/home?as=ana`);
  expect(await home.json()).toBeNull();
  const changes = await fetch(`${server.url}/simulator/slack/changes`);
  expect(changes.headers.get("content-type")).toContain("text/event-stream");
  const reader = changes.body!.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toContain("data: hello");
  await reader.cancel();
});

test("a name on the Internet that points to this machine gets nothing", async () => {
  const { request } = await import("node:http");
  const started = await start({});
  server = await startHttp({ port: 0, host: "127.0.0.1", log: silentLogger(), routes: started!.routes });
  const { port } = new URL(server.url);
  const status = await new Promise((done) => {
    const headers = { host: `rebound.example:${port}` };
    request({ host: "127.0.0.1", port, path: "/simulator", headers }, (response) =>
      done(response.resume().statusCode),
    ).end();
  });
  expect(status).toBe(403);
});
