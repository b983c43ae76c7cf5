/** Discord's part of the kill matrix: what its moments are called. */
import { byBot, type DiscordBot, startDiscordBot, wordsOf } from "../discord_bot.ts";
import { holdCommits, type KilledBot, type KilledChannel } from "./channel_kills.ts";
import { WITNESSED } from "./harness.ts";
import type { PlatformMoment } from "./kill_moments.ts";

export interface DiscordKills {
  world: DiscordBot;
  bot: KilledBot;
  channel: KilledChannel;
}

export async function startDiscordKills(): Promise<DiscordKills> {
  return killsOf(await startDiscordBot({ workflows: [WITNESSED], prepare: holdCommits }));
}

/** Of a bot that was started with `holdCommits` and has the workflow. */
export function killsOf(world: DiscordBot): DiscordKills {
  const bot: KilledBot = { place: world.place, kill: () => world.kill(), again: () => world.again() };
  return { world, bot, channel: channelOf(world) };
}

function channelOf({ discord }: DiscordBot): KilledChannel {
  const ana = discord.as("ana");
  return {
    ask: (words) => ana.say("#eng", `@Factory ${words}`),
    said: (root) =>
      ana.threads("#eng").some(({ id }) => id === root)
        ? byBot(ana.messages(root)).map((message) => ({
            id: message.id,
            text: plain(wordsOf(message)),
            buttons: message.buttons.map(({ label }) => label),
          }))
        : [],
    press: (root, message, button) => ana.press(root, message, button),
    hold(moment, id) {
      const [on, stage, fits] = HOLDS[moment](id);
      return discord.holds.order({ on, stage, fits: (fields) => fits(plain(JSON.stringify(fields))) });
    },
    clear: () => discord.holds.clear(),
  };
}

/** Names stand in bold. */
const plain = (text: string): string => text.replaceAll("**", "");
type Fits = (fields: string) => boolean;
const isCard =
  (id: string): Fits =>
  (fields) =>
    fields.includes(`Go on with ${id}?`) && fields.includes("custom_id");
const isSettled =
  (id: string): Fits =>
  (fields) =>
    fields.includes(`Go on with ${id}?`) && fields.includes("Approved");
/** It grows by edits: the first post has only the beginning of it. */
const isReplyPost: Fits = (fields) => /"content":"[^"]/.test(fields) && !fields.includes("went on");
const isResult =
  (id: string): Fits =>
  (fields) =>
    fields.includes(`${id} went on`);
const isMessage =
  (id: string): Fits =>
  (fields) =>
    fields.includes(`id=${id}`);
const isPress: Fits = (fields) => fields.includes('"type":6');

const HOLDS: Record<PlatformMoment, (id: string) => [on: string, stage: "before" | "after", fits: Fits]> = {
  message: (id) => ["event:MESSAGE_CREATE", "before", isMessage(id)],
  replyPost: () => ["messages.create", "before", isReplyPost],
  replyPostDone: () => ["messages.create", "after", isReplyPost],
  cardPost: (id) => ["messages.create", "before", isCard(id)],
  cardPostDone: (id) => ["messages.create", "after", isCard(id)],
  click: (id) => ["event:INTERACTION_CREATE", "before", isCard(id)],
  clickDone: () => ["interactions.callback", "after", isPress],
  cardUpdate: (id) => ["messages.edit", "before", isSettled(id)],
  cardUpdateDone: (id) => ["messages.edit", "after", isSettled(id)],
  resultPost: (id) => ["messages.create", "before", isResult(id)],
  resultPostDone: (id) => ["messages.create", "after", isResult(id)],
};
