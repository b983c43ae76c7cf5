/** The real bot as a child process, on Slack's simulator in this one: Ana and Bob are linked, the workflows given are installed. */

import { type Backend, functions } from "../src/bot/backend.ts";
import type { Actor } from "../src/contract/actor.ts";
import { createSlackSimulator, type Drawn, type SlackSimulator } from "../src/simulator/slack/index.ts";
import { type BotProcess, Place } from "./e2e/harness.ts";

export const OWNER: Actor = { kind: "operator", osUser: "tester", as: null, channel: "cli" };
export const ANA = "slack:TSIM/UANA";
export const BOB = "slack:TSIM/UBOB";
const at = (handle: string): Actor => ({ kind: "handle", handle, channel: "slack" });
export const as = { ana: at(ANA), bob: at(BOB) };

export interface SlackBot {
  slack: SlackSimulator;
  place: Place;
  backend: Backend;
  bot: BotProcess;
  env: Record<string, string>;
  /** Ends it at once, as a crash would, and starts it again when `again` is called. */
  kill(): Promise<void>;
  again(): Promise<void>;
  install(graph: object): Promise<void>;
  dispose(): Promise<void>;
}

export async function startSlackBot(
  options: {
    workflows?: object[];
    rateLimits?: boolean;
    /** When Slack sends again what was not acknowledged; absent: as Slack does. */
    retryAfterMs?: readonly number[];
    env?: Record<string, string>;
    /** Before the first start. */
    prepare?: (place: Place) => void;
  } = {},
): Promise<SlackBot> {
  const { rateLimits = false, retryAfterMs } = options;
  const slack = await createSlackSimulator({ rateLimits, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
  const place = new Place();
  options.prepare?.(place);
  const env = {
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    // Both ways are open: a test chooses with setRequestUrl.
    SLACK_SIGNING_SECRET: slack.signingSecret,
    ...options.env,
  };
  const start = async (): Promise<BotProcess> => await place.start(env);
  const first = await start();
  const world: SlackBot = {
    ...{ slack, place, env, bot: first, backend: await place.backend() },
    async kill() {
      await world.bot.end("SIGKILL");
    },
    async again() {
      world.bot = await start();
      world.backend = await place.backend();
    },
    async install(graph) {
      const source = JSON.stringify(graph);
      await world.backend.mutation(functions.workflows.create, { actor: OWNER, source, file: "test.json" });
    },
    async dispose() {
      await place.dispose();
      await slack.close();
    },
  };
  for (const [name, handle] of [
    ["ana", ANA],
    ["bob", BOB],
  ] as const) {
    await world.backend.mutation(functions.people.add, { actor: OWNER, name, roles: ["admin"] });
    await world.backend.mutation(functions.people.link, { actor: OWNER, name, handle });
  }
  for (const graph of options.workflows ?? []) await world.install(graph);
  return world;
}

/** Asks until it gives something; fails by naming what it waited for. */
export async function eventually<T>(
  what: string,
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  limitMs = 30_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`still not: ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

export const byBot = (messages: Drawn[]): Drawn[] => messages.filter((message) => message.author.isBot);
