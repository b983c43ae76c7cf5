/** One scripted run in Discord, killed once: for the crash tests, short and long. */
import { expect } from "vitest";
import { byBot, type DiscordBot, eventually, wordsOf } from "../discord_bot.ts";

export type Moment = "asked" | "posted" | "pressed" | "settled";
export const MOMENTS: readonly Moment[] = ["asked", "posted", "pressed", "settled"];

/** mention -> run -> card in its thread -> press -> settled card -> result; killed at `moment`. The end is the same every time. */
export async function runScript(world: DiscordBot, id: string, moment: Moment): Promise<void> {
  const ana = world.discord.as("ana");
  const { faults } = world.discord;
  const crash = async () => {
    await world.kill();
    await world.again();
  };
  const posts = world.discord.calls("messages.create").length;
  // Every post is made, and nobody hears of it: what is said before the crash stands, unknown to the bot.
  if (moment === "posted") faults.order({ on: "messages.create", fault: { kind: "drop_after_success" }, times: 0 });
  const root = ana.say("#eng", `@factory workflow run witnessed id=${id}`);
  const inThread = () => (ana.threads("#eng").some((thread) => thread.id === root) ? byBot(ana.messages(root)) : []);
  if (moment === "asked") await crash();
  if (moment === "posted") {
    await eventually("a post", () => world.discord.calls("messages.create").length > posts && inThread().length > 0);
    await world.kill();
    faults.clear();
    await world.again();
  }
  const card = () => inThread().find(({ buttons }) => buttons.length > 0);
  const { id: asked } = await eventually("the card", card);
  if (moment === "pressed") {
    const outcome = ana.press(root, asked, "yes");
    await world.kill();
    await outcome;
    await world.again();
  }
  // Whoever got an error presses again; whoever did not finds no button any more.
  if (card() !== undefined) await ana.press(root, asked, "yes").catch(() => null);
  if (moment === "settled") await crash();
  await eventually("the settled card", () =>
    inThread().find((one) => one.id === asked && one.buttons.length === 0 && wordsOf(one).includes("Approved by ana")),
  );
  await eventually("the result", () => inThread().find((one) => wordsOf(one).includes(`${id} went on`)));
  const having = (words: string) => inThread().filter((one) => wordsOf(one).includes(words));
  expect(having(`Go on with ${id}?`).filter(({ embeds }) => embeds.length > 0)).toHaveLength(1);
  expect(having("Started")).toHaveLength(1);
  expect(having(`${id} went on`)).toHaveLength(1);
}
