import { createDiscordAdapter } from "../../channels/discord/index.ts";
import { createDiscordSimulator } from "../../src/simulator/discord/index.ts";
import { ANA, ENG, seenIn } from "../discord_bot.ts";
import { createDiscordSpecCheck } from "../discord_spec.ts";
import { type AdapterWorld, adapterSuite } from "./adapter_suite.ts";

async function openDiscord(): Promise<AdapterWorld> {
  const discord = await createDiscordSimulator({ rateLimits: false, check: createDiscordSpecCheck() });
  const [ana, bob] = [discord.as("ana"), discord.as("bob")];
  const channel = (place: string) => (place === ANA ? "dm" : place.slice("discord:".length));
  return {
    create: () => createDiscordAdapter({ token: discord.token, apiUrl: discord.apiUrl, log: () => {} }),
    place: ANA,
    shared: `discord:${ENG}`,
    nowhere: "discord:1999999999999999999",
    handle: ANA,
    say: (text) => void ana.say("dm", text),
    command: (name, text) => ana.command("dm", `${name} ${text}`.trim()),
    read: (place) => ana.messages(channel(place)).map(seenIn),
    readAsOther: (place) => (place === ANA ? [] : bob.messages(channel(place)).map(seenIn)),
    async press(place, option) {
      const card = ana.messages(channel(place)).findLast(({ buttons }) => buttons.length > 0)!;
      return await ana.press(channel(place), card.id, option);
    },
    loseNextAnswer: () => discord.faults.order({ on: "messages.create", fault: { kind: "drop_after_success" } }),
    // Discord sends nothing again; the adapter keeps what it could not hand over, and looks back after a start.
    redeliver: null,
    dispose: () => discord.close(),
  };
}

adapterSuite("Discord", { open: openDiscord });
