/**
 * O10 in Discord: killed once at every moment of `kill_moments.ts`, and once at every moment of a slash command and of a window. Every
 * time one answer, one card, one verdict, one run that goes on once, the card in its final words, and the same messages as without a
 * kill. `KILL_ONLY` picks moments by a part of their names, `KILL_LOG` names a file for how long each took.
 */
import { appendFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startDiscordBot } from "../discord_bot.ts";
import { alike, GOOD_STORY, holdCommits, runKilled, stories } from "./channel_kills.ts";
import { COMMAND_MOMENTS, EXPLAINED, runCommandKilled } from "./discord_command_kills.ts";
import { startDiscordKills } from "./discord_kills.ts";
import { MOMENTS } from "./kill_moments.ts";

const wanted = ({ name }: { name: string }) => name.includes(process.env.KILL_ONLY ?? "");

async function timed<T>(name: string, body: () => Promise<T>): Promise<T> {
  const began = Date.now();
  const result = await body();
  if (process.env.KILL_LOG)
    appendFileSync(process.env.KILL_LOG, `${((Date.now() - began) / 1000).toFixed(1)} s  ${name}\n`);
  return result;
}

test("a mention: killed anywhere, it ends the same", async () => {
  const { world, bot, channel } = await startDiscordKills();
  try {
    const calm = alike(await runKilled(bot, channel, null, "calm"), "calm");
    const ids: string[] = ["calm"];
    for (const moment of MOMENTS.filter(wanted)) {
      const id = `kill${String(ids.length).padStart(2, "0")}`;
      const said = await timed(moment.name, () => runKilled(bot, channel, moment, id));
      expect(alike(said, id), moment.name).toEqual(calm);
      ids.push(id);
    }
    await world.bot.end("SIGTERM");
    expect(stories(world.place.dataDir, ids)).toEqual(Object.fromEntries(ids.map((id) => [id, GOOD_STORY])));
  } finally {
    await world.dispose();
  }
});

test("a command and a window: killed anywhere, it ends the same", async () => {
  const world = await startDiscordBot({ workflows: [EXPLAINED], prepare: holdCommits });
  try {
    const calm = alike(await runCommandKilled(world, null, "calm"), "calm");
    const ids: string[] = ["calm"];
    for (const moment of COMMAND_MOMENTS.filter(wanted)) {
      const id = `kill${String(ids.length).padStart(2, "0")}`;
      const said = await timed(moment.name, () => runCommandKilled(world, moment, id));
      expect(alike(said, id), moment.name).toEqual(calm);
      ids.push(id);
    }
    await world.bot.end("SIGTERM");
    expect(stories(world.place.dataDir, ids)).toEqual(Object.fromEntries(ids.map((id) => [id, GOOD_STORY])));
  } finally {
    await world.dispose();
  }
});
