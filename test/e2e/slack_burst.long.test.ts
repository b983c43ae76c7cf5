/** Two hundred events at once: all stored and acknowledged within the 3 s that Slack waits, none a second time. */
import { expect, test } from "vitest";
import { functions } from "../../src/bot/backend.ts";
import { eventually, startSlackBot } from "../slack_bot.ts";

const EVENTS = 200;

test.each(["socket", "http"])(
  "200 events in a burst are acknowledged at the first try and stored once (%s)",
  async (mode) => {
    const world = await startSlackBot({
      env: mode === "http" ? { SLACK_APP_TOKEN: "" } : { SLACK_SIGNING_SECRET: "" },
    });
    try {
      const { slack, backend } = world;
      if (mode === "http") await slack.setRequestUrl(`${world.bot.ready.http}/slack/events`);
      else await slack.socket.connected(2);
      const [ana, bob] = [slack.as("ana"), slack.as("bob")];
      const before = slack.deliveries().length;
      for (let index = 0; index < EVENTS; index++) (index % 2 === 0 ? ana : bob).say("dm", `message ${index}`);
      await slack.quiet();
      // The platform's own 3 s: what is late is sent again, and counted so.
      const tries = slack
        .deliveries()
        .slice(before)
        .filter(({ target }) => target === "event:message");
      expect(tries.filter(({ outcome, retry }) => outcome !== "acknowledged" || retry > 0)).toEqual([]);
      expect(tries.length).toBeGreaterThanOrEqual(EVENTS);
      const heard = async (threadKey: string) =>
        (await backend.query(functions.conversations.history, { threadKey, limit: 500 }))
          .filter(({ role, text }) => role === "user" && /message \d+$/.test(text))
          .map(({ text }) => Number(/\d+$/.exec(text)![0]));
      const all = async () => [...(await heard("slack:DANA")), ...(await heard("slack:DBOB"))];
      await eventually("all of them", async () => (await all()).length >= EVENTS);
      expect((await all()).sort((a, b) => a - b)).toEqual(Array.from({ length: EVENTS }, (_, index) => index));
    } finally {
      await world.dispose();
    }
  },
  120_000,
);
