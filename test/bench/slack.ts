/** Slack against its simulator on this machine, with Slack's own client libraries: what the platform's own delays come on top of. */
import { functions } from "../../src/bot/backend.ts";
import { ask, YES_NO } from "../e2e/slack_workflows.ts";
import { as, eventually, startSlackBot } from "../slack_bot.ts";
import { report, reportTimes } from "./report.ts";

const BURST = 200;
const ROUNDS = 100;

export async function slackBench(): Promise<void> {
  const world = await startSlackBot({ workflows: [ask("plain", YES_NO)] });
  const { slack, backend } = world;
  const [ana, bob] = [slack.as("ana"), slack.as("bob")];
  try {
    const acknowledged: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const began = performance.now();
      // Heard and stored, and answered with one line: no model has a part in it.
      ana.say("#eng", `@factory /workflow status ${round}`);
      await slack.quiet();
      acknowledged.push(performance.now() - began);
    }
    reportTimes("slack", "event_to_acknowledged", acknowledged);

    const before = slack.deliveries().length;
    const began = performance.now();
    for (let index = 0; index < BURST; index++) (index % 2 === 0 ? ana : bob).say("dm", `message ${index}`);
    await slack.quiet();
    report("slack", "burst_200_acknowledged", performance.now() - began, "ms");
    const tries = slack.deliveries().slice(before);
    reportTimes(
      "slack",
      "burst_200_event_to_acknowledged",
      tries.map(({ tookMs }) => tookMs),
    );
    report(
      "slack",
      "burst_200_not_acknowledged_at_once",
      tries.filter(({ outcome, retry }) => outcome !== "acknowledged" || retry > 0).length,
      "events",
    );

    const updated: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const run = await backend.mutation(functions.runs.start, {
        ...{ actor: as.ana, workflow: "plain", definition: null, input: "{}" },
        origin: { place: "slack:COPS", threadKey: "slack:COPS", private: false },
      });
      const card = await eventually("the card", () =>
        ana.messages("#ops").find(({ text }) => text.includes(run.runId)),
      );
      const calls = () => slack.calls("chat.update").filter(({ args }) => args.ts === card.ts);
      const pressedAt = Date.now();
      await ana.click("#ops", card.ts, "yes");
      await eventually("the update", () => calls().length > 0);
      updated.push(calls()[0]!.at - pressedAt);
    }
    reportTimes("slack", "click_to_card_update_sent", updated);
  } finally {
    await world.dispose();
  }
}
