/**
 * O10 in Discord: killed once at every moment of `channel_kills.ts`. Every time one answer, one card, one verdict, one run that goes on
 * once, the card in its final words, and in the thread the same messages as without a kill.
 */
import { expect, test } from "vitest";
import { alike, GOOD_STORY, MOMENTS, runKilled, stories } from "./channel_kills.ts";
import { startDiscordKills } from "./discord_kills.ts";

test("killed anywhere, it ends the same", async () => {
  const { world, bot, channel } = await startDiscordKills();
  try {
    const calm = alike(await runKilled(bot, channel, null, "calm"), "calm");
    const only = process.env.KILL_ONLY;
    const ids: string[] = [];
    for (const [index, moment] of MOMENTS.entries()) {
      if (only !== undefined && !moment.name.includes(only)) continue;
      const id = `kill${index + 1}`;
      const began = Date.now();
      const said = await runKilled(bot, channel, moment, id);
      console.log(moment.name, (Date.now() - began) / 1000);
      expect(alike(said, id), moment.name).toEqual(calm);
      ids.push(id);
    }
    await world.bot.end("SIGTERM");
    expect(stories(world.place.dataDir, ids)).toEqual(Object.fromEntries(ids.map((id) => [id, GOOD_STORY])));
  } finally {
    await world.dispose();
  }
});
