/** The real client libraries, pointed at a simulated Slack; everything opened here is closed by `closeAll`. */
import { App, HTTPReceiver, LogLevel, SocketModeReceiver } from "@slack/bolt";
import { WebClient, type WebClientOptions } from "@slack/web-api";
import { expect } from "vitest";
import {
  createSlackSimulator,
  type SlackSimulator,
  type SlackSimulatorOptions,
} from "../../src/simulator/slack/index.ts";

/** What the libraries say of refusals is the tests' own doing. */
const quiet = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => LogLevel.ERROR,
  setName() {},
};

/** Looked at until it is so; the machine may be busy. */
export const soon = <T>(look: () => T) => expect.poll(look, { timeout: 15_000 });

const opened: (() => unknown)[] = [];

export async function closeAll(): Promise<void> {
  for (const close of opened.splice(0).reverse()) await close();
}

export async function slack(options: SlackSimulatorOptions = {}): Promise<SlackSimulator> {
  const simulator = await createSlackSimulator(options);
  opened.push(() => simulator.close());
  return simulator;
}

export function web(simulator: SlackSimulator, options: WebClientOptions & { token?: string } = {}): WebClient {
  const { token = simulator.botToken, ...more } = options;
  return new WebClient(token, {
    slackApiUrl: simulator.apiUrl,
    logger: quiet,
    // One retry at once instead of ten over half an hour.
    retryConfig: { retries: 1, minTimeout: 1, maxTimeout: 1 },
    ...more,
  });
}

/** Bolt over Socket Mode; started. `say` an event by acting as a person of the simulator. */
export async function boltSocket(simulator: SlackSimulator, prepare: (app: App) => void): Promise<App> {
  const receiver = new SocketModeReceiver({
    appToken: simulator.appToken,
    logger: quiet,
    installerOptions: { clientOptions: { slackApiUrl: simulator.apiUrl } },
  });
  const app = new App({
    token: simulator.botToken,
    receiver,
    logger: quiet,
    clientOptions: { slackApiUrl: simulator.apiUrl },
  });
  prepare(app);
  await app.start();
  opened.push(() => app.stop());
  return app;
}

export async function boltHttp(simulator: SlackSimulator, prepare: (app: App) => void): Promise<string> {
  const receiver = new HTTPReceiver({
    signingSecret: simulator.signingSecret,
    logger: quiet,
    processBeforeResponse: true,
    // As the platform's notes advise: a listener's failure is a 500, so that Slack sends the event again.
    processEventErrorHandler: async ({ response }) => {
      response.writeHead(500);
      response.end();
      return true;
    },
  });
  const app = new App({
    token: simulator.botToken,
    receiver,
    logger: quiet,
    clientOptions: { slackApiUrl: simulator.apiUrl },
  });
  app.error(async (error) => {
    throw error;
  });
  prepare(app);
  const server = (await receiver.start(0)) as unknown as { address(): { port: number } };
  opened.push(() => receiver.stop());
  return `http://127.0.0.1:${server.address().port}/slack/events`;
}
