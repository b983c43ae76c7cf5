/**
 * O10 in Slack: killed once at every moment of `kill_moments.ts`, in Socket Mode and over HTTP. Every time one answer, one card, one
 * verdict, one run that goes on once, the card in its final words, and in the thread the same messages as without a kill.
 */
import { expect, test } from "vitest";
import { alike, GOOD_STORY, runKilled, stories } from "./channel_kills.ts";
import { MOMENTS } from "./kill_moments.ts";
import { type SlackMode, startSlackKills } from "./slack_kills.ts";

test.each<SlackMode>(["socket", "http"])("killed anywhere, it ends the same (%s)", async (mode) => {
  const { world, bot, channel } = await startSlackKills(mode);
  try {
    const calm = alike(await runKilled(bot, channel, null, "calm"), "calm");
    const ids: string[] = [];
    const ended: Record<string, string[]> = {};
    const began = Date.now();
    for (const [index, moment] of MOMENTS.entries()) {
      // None is part of another.
      const id = `kill${String(index + 1).padStart(2, "0")}`;
      ids.push(id);
      const at = Date.now();
      const said = await runKilled(bot, channel, moment, id);
      ended[moment.name] = alike(said, id);
      console.log(`${mode}: ${moment.name}: ${((Date.now() - at) / 1000).toFixed(1)} s`);
    }
    console.log(`${mode}: ${ids.length} kills in ${Math.round((Date.now() - began) / 1000)} s`);
    await world.slack.quiet();
    await world.bot.end("SIGTERM");
    expect(ended).toEqual(Object.fromEntries(MOMENTS.map(({ name }) => [name, calm])));
    expect(stories(world.place.dataDir, ids)).toEqual(Object.fromEntries(ids.map((id) => [id, GOOD_STORY])));
  } finally {
    await world.dispose();
  }
});
