/** O10 at every turn of a scripted run in Discord: the same end, each effect once. */
import { expect, test } from "vitest";
import { witnesses } from "../bench/workload.ts";
import { startDiscordBot } from "../discord_bot.ts";
import { MOMENTS, runScript } from "./discord_script.ts";
import { WITNESSED } from "./harness.ts";

test("killed after the mention came, the card was posted, the button was pressed, the answer was settled", async () => {
  const world = await startDiscordBot({ workflows: [WITNESSED] });
  try {
    const ids: string[] = [];
    for (let round = 0; round < 3; round++) {
      for (const moment of MOMENTS) {
        ids.push(`${moment}-${round}`);
        await runScript(world, `${moment}-${round}`, moment);
      }
    }
    await world.bot.end("SIGTERM");
    const expected = ids.flatMap((id) => [
      [`${id}/before`, 1],
      [`${id}/after`, 1],
    ]);
    expect(Object.fromEntries(witnesses(world.place.dataDir))).toMatchObject(Object.fromEntries(expected));
  } finally {
    await world.dispose();
  }
}, 600_000);
