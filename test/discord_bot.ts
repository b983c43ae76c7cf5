/** The real bot as a child process, on Discord's simulator in this one: Ana and Bob are linked, the workflows given are installed. */
import { type Backend, functions } from "../src/bot/backend.ts";
import type { Actor } from "../src/contract/actor.ts";
import { createDiscordSimulator, type DiscordSimulator, type Drawn } from "../src/simulator/discord/index.ts";
import { createDiscordSpecCheck } from "./discord_spec.ts";
import { type BotProcess, Place } from "./e2e/harness.ts";
import { shiftClock } from "./shifted_clock.mjs";

export const OWNER: Actor = { kind: "operator", osUser: "tester", as: null, channel: "cli" };
export const ANA = "discord:1000000000000000101";
export const BOB = "discord:1000000000000000102";
export const ENG = "1000000000000000201";
export const OPS = "1000000000000000202";

export interface DiscordBot {
  discord: DiscordSimulator;
  place: Place;
  backend: Backend;
  bot: BotProcess;
  /** Ends it at once, as a crash would; `again` starts it anew. */
  kill(): Promise<void>;
  again(): Promise<void>;
  /** From here on it is so much later, for Discord and for the bot once it is started anew. */
  later(ms: number): void;
  install(graph: object): Promise<void>;
  dispose(): Promise<void>;
}

export async function startDiscordBot(
  options: {
    workflows?: object[];
    env?: Record<string, string>;
    /** Before the first start. */
    prepare?: (place: Place) => void;
  } = {},
): Promise<DiscordBot> {
  const discord = await createDiscordSimulator({ rateLimits: false, check: createDiscordSpecCheck() });
  const place = new Place();
  options.prepare?.(place);
  let shiftMs = 0;
  const env: Record<string, string> = { DISCORD_API_URL: discord.apiUrl, DISCORD_TOKEN: discord.token, ...options.env };
  const world: DiscordBot = {
    ...{ discord, place, bot: await place.start(env), backend: await place.backend() },
    async kill() {
      await world.bot.end("SIGKILL");
    },
    async again() {
      const ahead = new URL(`./shifted_clock.mjs?ms=${shiftMs}`, import.meta.url).href;
      const options = [...(env.NODE_OPTIONS === undefined ? [] : [env.NODE_OPTIONS]), `--import=${ahead}`].join(" ");
      world.bot = await place.start(shiftMs === 0 ? env : { ...env, NODE_OPTIONS: options });
      world.backend = await place.backend();
    },
    async install(graph) {
      const source = JSON.stringify(graph);
      await world.backend.mutation(functions.workflows.create, { actor: OWNER, source, file: "test.json" });
    },
    later(ms) {
      shiftMs += ms;
      shiftClock(shiftMs);
    },
    async dispose() {
      shiftClock(0);
      await place.dispose();
      await discord.close();
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

export { eventually } from "./slack_bot.ts";

export const byBot = (messages: Drawn[]): Drawn[] => messages.filter(({ author }) => author === "Factory");
/** Everything that can be read in a message. */
export const wordsOf = ({ text, embeds }: Drawn): string =>
  [text, ...embeds.flatMap((embed) => [embed.title, embed.description, (embed.footer as { text?: string })?.text])]
    .filter((part) => typeof part === "string")
    .join("\n");

/** As Discord shows it: escapes are not seen. */
export const seenIn = (message: Drawn): string => wordsOf(message).replaceAll(/\\([^A-Za-z0-9\s])/g, "$1");
