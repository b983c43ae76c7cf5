/** The adapter with discord.js on the simulated Discord, which checks every body against the published specification. */

import type { OutMessage } from "../../src/contract/message.ts";
import {
  createDiscordSimulator,
  type DiscordSimulator,
  type DiscordSimulatorOptions,
} from "../../src/simulator/discord/index.ts";
import { cardOf, type Rig, type RigOptions, startAdapter } from "../../test/discord_adapter.ts";
import { ENG } from "../../test/discord_bot.ts";
import { createDiscordSpecCheck } from "../../test/discord_spec.ts";

const check = createDiscordSpecCheck();
const closing: (() => Promise<unknown>)[] = [];

/** After each test. */
export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}

export async function discord(options: DiscordSimulatorOptions = {}): Promise<DiscordSimulator> {
  const simulator = await createDiscordSimulator({ rateLimits: false, check, ...options });
  closing.push(() => simulator.close());
  return simulator;
}

export async function adapter(simulator: DiscordSimulator, options: RigOptions = {}): Promise<Rig> {
  const rig = await startAdapter(simulator, options);
  closing.push(() => rig.stop());
  return rig;
}

export const IN_ENG = `discord:${ENG}`;
export const DAY_MS = 86_400_000;
export const text = (words: string, onlyTo: string | null = null): OutMessage => ({
  kind: "text",
  text: words,
  onlyTo,
});
export const card = (change: Parameters<typeof cardOf>[0] = {}): OutMessage => ({ kind: "card", card: cardOf(change) });
export const SETTLED = card({
  status: "answered",
  outcomeLine: "Approved by Ana via Discord",
  outcome: { option: "yes", by: "Ana", channel: "discord", at: 1, reason: null },
});
/** The message of a receipt. */
export const at = (receipt: string): string => receipt.split("/")[1]!;
