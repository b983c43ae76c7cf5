/** One scripted run in Slack, killed once: for the crash tests, short and long. */
import { expect } from "vitest";
import { byBot, eventually, type SlackBot } from "../slack_bot.ts";

export type Moment = "asked" | "posted" | "clicked" | "settled";
export const MOMENTS: readonly Moment[] = ["asked", "posted", "clicked", "settled"];

/** message -> run -> card -> click -> settled card -> result; killed at `moment`. The end is the same every time. */
export async function runScript(world: SlackBot, id: string, moment: Moment): Promise<void> {
  const ana = world.slack.as("ana");
  const inThread = (root: string) => byBot(ana.messages("#eng", { thread: root }));
  const crash = async () => {
    await world.kill();
    await world.again();
  };
  const calls = (method: string) => world.slack.calls(method).length;
  if (moment === "posted") {
    // The card stands, and nobody hears of it.
    world.slack.faults.order({
      on: "chat.postMessage",
      fault: { kind: "drop_after_success" },
      where: { channel: "CENG" },
    });
  }
  const posts = calls("chat.postMessage");
  const root = ana.say("#eng", `@factory workflow run witnessed id=${id}`);
  if (moment === "asked") await crash();
  if (moment === "posted") {
    await eventually("the post", () => calls("chat.postMessage") > posts);
    await crash();
  }
  const card = () => inThread(root).find(({ buttons }) => buttons.length > 0);
  const { ts } = await eventually("the card", card);
  if (moment === "clicked") {
    const pressed = ana.click("#eng", ts, "yes").catch(() => null);
    await world.kill();
    await pressed;
    await world.again();
  }
  // Whoever got an error presses again; whoever did not finds no button any more.
  if (card() !== undefined) await ana.click("#eng", ts, "yes").catch(() => null);
  if (moment === "settled") await crash();
  await eventually("the settled card", () =>
    inThread(root).find((one) => one.ts === ts && one.text.includes("Approved by ana")),
  );
  await eventually("the result", () => inThread(root).find(({ text }) => text.includes(`${id} went on`)));
  const own = inThread(root).filter((one) => one.text.includes(`Go on with ${id}?`) && one.text.includes("Approved"));
  expect(own).toHaveLength(1);
  expect(inThread(root).filter(({ text }) => text.includes("Started"))).toHaveLength(1);
  expect(inThread(root).filter(({ text }) => text.includes(`${id} went on`))).toHaveLength(1);
}
