/** discord.js on a simulated Discord, closed after each test. */
import { Client, Events, GatewayIntentBits, REST } from "discord.js";
import type { DiscordSimulatorOptions } from "../../src/simulator/discord/index.ts";
import { createDiscordSimulator, type DiscordSimulator } from "../../src/simulator/discord/index.ts";

const closing: (() => Promise<unknown>)[] = [];

export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}

export async function discord(options: DiscordSimulatorOptions = {}): Promise<DiscordSimulator> {
  const simulator = await createDiscordSimulator({ rateLimits: false, ...options });
  closing.push(() => simulator.close());
  return simulator;
}

export const rest = (simulator: DiscordSimulator): REST =>
  new REST({ api: simulator.apiUrl }).setToken(simulator.token);

export interface Heard {
  client: Client;
  messages: string[];
  /** Resolves with what was heard once this was. */
  until(words: string): Promise<string[]>;
}

const LEAST = [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.DirectMessages];

export async function connected(simulator: DiscordSimulator, intents: number[] = LEAST): Promise<Heard> {
  const client = new Client({ intents, shards: "auto", rest: { api: simulator.apiUrl as `https://${string}` } });
  closing.push(() => client.destroy());
  const messages: string[] = [];
  const waiting = new Set<() => void>();
  client.on(Events.Error, () => {});
  client.ws.on("MESSAGE_CREATE" as never, (message: { content: string }) => {
    messages.push(message.content);
    for (const wake of waiting) wake();
  });
  const ready = new Promise((done) => client.once(Events.ClientReady, done));
  await client.login(simulator.token);
  await ready;
  return {
    client,
    messages,
    async until(words) {
      while (!messages.includes(words)) {
        await new Promise<void>((done) => waiting.add(done));
      }
      return messages;
    },
  };
}
