/** Every tool is called by the built-in model for a person who writes plain words in Slack; the record names the agent and the tool. */
import { expect, test } from "vitest";
import { functions } from "../../src/bot/backend.ts";
import { byBot, eventually, startSlackBot } from "../slack_bot.ts";
import { ASKED, unasked } from "../slack_tools.ts";
import { WITNESSED } from "./harness.ts";

test("no tool is left out", () => {
  expect(unasked()).toEqual([]);
});

test("each tool is reached from a direct message in Slack", async () => {
  const world = await startSlackBot({ workflows: [WITNESSED] });
  try {
    const ana = world.slack.as("ana");
    const calls = async () =>
      (await world.backend.query(functions.audit.list, { limit: 500 }))
        .filter(({ kind }) => kind.startsWith("tool."))
        .map(({ kind, detail }) => ({
          kind,
          ...(JSON.parse(detail) as { agent: string; tool: string; error: string | null }),
        }));
    const missed: Record<string, string> = {};
    for (const { tool, say, agent, refused } of ASKED) {
      const called = async () => (await calls()).filter((one) => one.tool === tool && one.agent === agent);
      const before = (await called()).length;
      const replies = byBot(ana.messages("dm")).length;
      ana.say("dm", say);
      try {
        await eventually(`${tool}: its record`, async () => (await called()).length > before, 20_000);
        const [call] = await called();
        if (refused !== true && call!.kind === "tool.refused") missed[tool] = `refused: ${call!.error}`;
        await eventually(`${tool}: a reply`, () => byBot(ana.messages("dm")).length > replies, 20_000);
      } catch (thrown) {
        missed[tool] = `${String(thrown)}; said: ${byBot(ana.messages("dm")).at(-1)?.text}`;
      }
      await eventually("rest", async () => {
        const { openTurns, readyDeliveries } = await world.backend.query(functions.conversations.busy, {
          place: "slack:TSIM/UANA",
        });
        return openTurns + readyDeliveries === 0;
      });
    }
    expect(missed).toEqual({});
  } finally {
    await world.dispose();
  }
}, 900_000);
