/** The real bot as a child process on the simulated Twilio in this one (and Slack, when asked for): Ana and Bob with their phones. */
import { type Backend, functions } from "../src/bot/backend.ts";
import type { Actor } from "../src/contract/actor.ts";
import { startSimServer } from "../src/simulator/http.ts";
import { createSlackSimulator, type SlackSimulator } from "../src/simulator/slack/index.ts";
import { createTwilioSimulator, type TwilioSimulator } from "../src/simulator/twilio/index.ts";
import { type BotProcess, Place } from "./e2e/harness.ts";
import { shiftClock } from "./shifted_clock.mjs";
import { eventually } from "./slack_bot.ts";

export const OWNER: Actor = { kind: "operator", osUser: "tester", as: null, channel: "cli" };
export const ANA = "+15550100201";
export const BOB = "+15550100202";
/** As Twilio's console has it; nothing of this name exists, a tunnel leads to the bot. */
const PUBLIC_URL = "https://bot.example.com";

export interface SmsBot {
  twilio: TwilioSimulator;
  slack: SlackSimulator | null;
  place: Place;
  backend: Backend;
  bot: BotProcess;
  kill(): Promise<void>;
  again(): Promise<void>;
  /** The clock of this process with the simulators in it, and of the bot from its next start, goes on by this much. */
  move(byMs: number): void;
  /** `move`, with an orderly restart. */
  later(byMs: number): Promise<void>;
  /** Bodies that a phone has got from the bot, oldest first. */
  inboxOf(number: string): string[];
  /** The next text to a phone that `fits`, among those after the first `seen`. */
  next(number: string, fits: RegExp, seen?: number): Promise<string>;
  /** Texts, and gives what came back. */
  ask(number: string, body: string, fits?: RegExp): Promise<string>;
  dispose(): Promise<void>;
}

export async function startSmsBot(
  options: { workflows?: object[]; slack?: boolean; env?: Record<string, string>; phones?: boolean } = {},
): Promise<SmsBot> {
  let botUrl = "";
  let shiftMs = 0;
  const twilio = createTwilioSimulator({ via: (url) => url.replace(PUBLIC_URL, botUrl) });
  const server = await startSimServer({ port: 0, host: "127.0.0.1", handler: twilio.handler });
  twilio.pointTo(PUBLIC_URL);
  const slack = options.slack === true ? await createSlackSimulator({ rateLimits: false }) : null;
  const place = new Place();
  const env = {
    ...twilio.env,
    ...{ TWILIO_API_URL: server.url, TWILIO_SEGMENTS_PER_SECOND: "100", PUBLIC_URL },
    ...(slack === null
      ? {}
      : { SLACK_API_URL: slack.apiUrl, SLACK_BOT_TOKEN: slack.botToken, SLACK_APP_TOKEN: slack.appToken }),
    ...options.env,
  };
  const start = async (): Promise<BotProcess> => {
    const ahead = new URL(`./shifted_clock.mjs?ms=${shiftMs}`, import.meta.url).href;
    const bot = await place.start(shiftMs === 0 ? env : { ...env, NODE_OPTIONS: `--import=${ahead}` });
    botUrl = bot.ready.http;
    return bot;
  };
  const first = await start();
  const inboxOf = (number: string) =>
    twilio.read(number).flatMap((message) => (message.from === number ? [] : [message.body]));
  const next = async (number: string, fits: RegExp, seen = 0): Promise<string> =>
    await eventually(`a text like ${fits} to ${number}; there are ${JSON.stringify(inboxOf(number).slice(-4))}`, () =>
      inboxOf(number)
        .slice(seen)
        .find((body) => fits.test(body)),
    );
  const world: SmsBot = {
    ...{ twilio, slack, place, bot: first, backend: await place.backend(), inboxOf, next },
    async kill() {
      await world.bot.end("SIGKILL");
      botUrl = "http://127.0.0.1:9";
    },
    move(byMs) {
      shiftMs += byMs;
      shiftClock(shiftMs);
    },
    async later(byMs) {
      await world.bot.end("SIGTERM");
      world.move(byMs);
      await world.again();
    },
    async again() {
      world.bot = await start();
      world.backend = await place.backend();
    },
    async ask(number, body, fits = /[\s\S]/) {
      const seen = inboxOf(number).length;
      await twilio.text({ from: number, body });
      return await next(number, fits, seen);
    },
    async dispose() {
      shiftClock(0);
      await place.dispose();
      await server.close();
      await slack?.close();
    },
  };
  const { backend } = world;
  for (const [name, phone, user] of [
    ["Ana", ANA, "UANA"],
    ["Bob", BOB, "UBOB"],
  ] as const) {
    await backend.mutation(functions.people.add, { actor: OWNER, name, roles: ["admin"] });
    if (slack !== null) {
      await backend.mutation(functions.people.link, { actor: OWNER, name, handle: `slack:TSIM/${user}` });
    }
    if (options.phones === false) continue;
    await backend.mutation(functions.people.link, { actor: OWNER, name, handle: `sms:${phone}` });
  }
  for (const graph of options.workflows ?? []) {
    const source = JSON.stringify(graph);
    await backend.mutation(functions.workflows.create, { actor: OWNER, source, file: "test.json" });
  }
  return world;
}
