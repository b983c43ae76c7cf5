/**
 * The whole promise as one test: a question goes to Slack and to phones, three days pass and the bot is started anew twice, YES is texted
 * while it is dead, the run goes on once, and every copy tells who answered and where (A5, A9, B3, B6, B7, C10, O10).
 */
import { afterAll, expect, test } from "vitest";
import { functions } from "../../src/bot/backend.ts";
import type { InboundEvent } from "../../src/contract/inbound.ts";
import { witnesses } from "../bench/workload.ts";
import { eventually } from "../slack_bot.ts";
import { ANA, BOB, OWNER, type SmsBot, startSmsBot } from "../sms_bot.ts";

const DAY_MS = 24 * 3_600_000;

const RELEASE = {
  name: "release",
  startNodeId: "before",
  nodes: {
    before: { type: "task", functionId: "tool::record", config: { key: "before" }, next: "ask" },
    ask: {
      type: "approval",
      question: "Release 1.2 to everybody?",
      options: ["yes", "no"],
      approvers: ["person:ana", "person:bob"],
      channels: ["slack:CENG", "sms"],
      next: { yes: "after", no: "kept" },
    },
    after: { type: "task", functionId: "tool::record", config: { key: "after" }, next: "done" },
    done: { type: "end" },
    kept: { type: "end" },
  },
};

let world: SmsBot | null = null;
afterAll(async () => await world?.dispose());

test("asked in Slack and by text, answered by text three days and two restarts later, while the bot is dead", async () => {
  world = await startSmsBot({ workflows: [RELEASE], slack: true });
  const { twilio, slack, next } = world;
  const ana = slack!.as("ana");
  const run = await world.backend.mutation(functions.runs.start, {
    ...{ actor: OWNER, workflow: "release", definition: null, input: "{}", origin: null },
  });
  const card = () => ana.messages("#eng").find(({ text }) => text.includes("Release 1.2"));
  await eventually("the card", () => (card()?.buttons.length ?? 0) > 0);
  const asked = await next(ANA, /^Release 1.2 to everybody\?/);
  await next(BOB, /^Release 1.2 to everybody\?/);
  const approval = async () =>
    (await world!.backend.query(functions.approvals.list, { actor: OWNER, all: true })).find(
      ({ runId }) => runId === run.runId,
    )!;
  await eventually("three receipts", async () => {
    const { deliveries } = await approval();
    return deliveries.length === 3 && deliveries.every(({ status, receipt }) => status === "confirmed" && receipt);
  });

  await world.later(DAY_MS);
  expect(card()!.buttons).not.toEqual([]);
  await world.kill();
  const [, code] = /Reply YES (\w+)/.exec(asked)!;
  world.move(2 * DAY_MS);
  await twilio.text({ from: ANA, body: "Yes" });
  expect(twilio.webhookCalls.at(-1)?.status).toBeNull();
  const seen = world.inboxOf(BOB).length;
  await world.again();

  const settled = await eventually("the card's end", () => {
    const found = card();
    return found !== undefined && found.buttons.length === 0 ? found : null;
  });
  expect(settled.text).toContain("Approved by Ana via SMS");
  expect(await next(ANA, /Approved by Ana via SMS/)).toBeTruthy();
  expect(await next(BOB, /Approved by Ana via SMS\. Nothing more to do/, seen)).toContain("Release 1.2");
  const ended = await eventually("the run's end", async () => {
    const found = await world!.backend.query(functions.runs.get, { runId: run.runId });
    return found?.status === "completed" ? found : null;
  });
  expect(ended.nodes.map(({ id, attempt }) => [id, attempt])).toEqual([
    ["before", 1],
    ["ask", 1],
    ["after", 1],
    ["done", 1],
  ]);
  const { outcome, createdAt } = await approval();
  expect(outcome).toMatchObject({ option: "yes", by: "Ana", channel: "sms" });
  expect(outcome!.at - createdAt).toBeGreaterThanOrEqual(3 * DAY_MS);

  // Whoever comes later is told, and changes nothing.
  const tooLate = world.inboxOf(BOB).length;
  await twilio.text({ from: BOB, body: `NO ${/Reply YES (\w+)/.exec(world.inboxOf(BOB)[0]!)![1]} wait` });
  expect(await next(BOB, /Already answered/, tooLate)).toContain("Approved by Ana via SMS");
  // A click that was on its way when the card lost its buttons.
  const click: InboundEvent = {
    ...{
      kind: "action",
      channel: "slack",
      eventId: "late-click",
      place: "slack:CENG",
      threadKey: null,
      private: false,
    },
    ...{ sender: { handle: "slack:TSIM/UBOB", displayName: null }, sentAt: Date.now() },
    ...{ approvalId: (await approval()).approvalId, option: "no", reason: null, fields: null },
  };
  await world.backend.mutation(functions.inbound.receive, { event: JSON.stringify(click) });
  await eventually("what Bob is told", () =>
    slack!
      .as("bob")
      .messages("#eng")
      .find(({ text, ephemeral }) => ephemeral && text.includes("Approved by Ana via SMS")),
  );
  await twilio.text({ from: ANA, body: `yes ${code}` });
  expect(await next(ANA, /already answered/i)).toContain("via SMS");
  await world.bot.end("SIGTERM");
  expect(Object.fromEntries(witnesses(world.place.dataDir))).toEqual({ before: 1, after: 1 });
}, 90_000);
