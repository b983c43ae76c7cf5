/**
 * Questions, commands and progress in Slack, end to end: the real bot as a process, Slack's own client libraries, the simulated
 * workspace. Conversation is in slack_chat.test.ts.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { functions } from "../../src/bot/backend.ts";
import type { SlackPerson } from "../../src/simulator/slack/index.ts";
import { as, byBot, eventually, type SlackBot, startSlackBot } from "../slack_bot.ts";
import { GOOD_STORY, holdCommits, runKilled, stories } from "./channel_kills.ts";
import { WITNESSED } from "./harness.ts";
import { MOMENTS } from "./kill_moments.ts";
import { slackChannel } from "./slack_kills.ts";
import { ask, YES_NO } from "./slack_workflows.ts";

const WORKFLOWS = [
  ask("plain", YES_NO),
  ask("bobs", { ...YES_NO, approvers: ["person:bob"] }),
  ask("both", { ...YES_NO, approvers: ["person:ana", "person:bob"], quorum: 2 }),
  ask("three", {
    options: ["staging", "production", "neither"],
    next: { staging: "yes", production: "yes", neither: "no" },
  }),
  ask("reasoned", { ...YES_NO, reasonRequired: ["no"], saveAs: "verdict" }),
  ask("worded", { freeText: true, saveAs: "said", expiresInMs: 600_000, next: { answered: "yes", expired: "no" } }),
  ask("reminded", { ...YES_NO, remindAfterMs: 300 }),
  ask("soon", { ...YES_NO, expiresInMs: 1500, next: { ...YES_NO.next, expired: "no" } }),
  ask("large", {
    ...YES_NO,
    payload: { log: Array.from({ length: 400 }, (_, line) => `line ${line} of the log`).join("\n") },
  }),
  ask("edited", {
    ...YES_NO,
    payload: { amount: 100, to: "ops" },
    form: {
      type: "object",
      properties: { amount: { type: "number", maximum: 500 }, to: { type: "string" } },
      required: ["amount"],
    },
  }),
  ask("elsewhere", { ...YES_NO, approvers: ["person:bob"], channels: ["slack:#ops"] }),
  ask("told", YES_NO, { notify: ["slack:#support"] }),
  WITNESSED,
];

let world: SlackBot;
let ana: SlackPerson;
let bob: SlackPerson;
beforeAll(async () => {
  world = await startSlackBot({
    ...{ workflows: WORKFLOWS, env: { FACTORY_OPERATORS: "slack:#support" }, prepare: holdCommits },
  });
  ana = world.slack.as("ana");
  bob = world.slack.as("bob");
}, 60_000);
afterAll(async () => await world?.dispose());
beforeEach(() => world.slack.faults.clear());

/** Starts a run as Ana in #eng; resolves with its id. */
async function start(workflow: string, input: object = {}): Promise<string> {
  const run = await world.backend.mutation(functions.runs.start, {
    actor: as.ana,
    workflow,
    definition: null,
    input: JSON.stringify(input),
    origin: { place: "slack:CENG", threadKey: "slack:CENG", private: false },
  });
  return run.runId;
}
const runOf = async (runId: string) => (await world.backend.query(functions.runs.get, { runId }))!;
const card = async (person: SlackPerson, channel: string, runId: string) =>
  await eventually(`a card of ${runId}`, () => person.messages(channel).find(({ text }) => text.includes(runId)));
const redrawn = async (person: SlackPerson, channel: string, ts: string, words: string) =>
  await eventually(`"${words}" on the card`, () =>
    person
      .messages(channel)
      .find(
        (one) => one.ts === ts && one.text.includes(words) && one.buttons.every(({ label }) => label === "View all"),
      ),
  );
const approvalOf = async (runId: string) => {
  const rows = await world.backend.query(functions.approvals.list, {
    actor: as.ana,
    all: true,
  });
  return rows.find((row) => row.runId === runId)!;
};
const ended = async (runId: string) =>
  await eventually(`the end of ${runId}`, async () => {
    const run = await runOf(runId);
    return run.endedAt === null ? null : { status: run.status, last: run.nodes.at(-1)?.id };
  });

test("B1, I1: whoever may not answer is told so alone; a click settles, and the card is drawn from the settled row", async () => {
  const runId = await start("plain");
  const { ts } = await card(ana, "#eng", runId);
  await bob.click("#eng", ts, "yes");
  const notice = await eventually("a notice", () =>
    byBot(bob.messages("#eng")).find((one) => one.ephemeral && one.ts > ts),
  );
  expect(notice.text).toContain("may not answer");
  expect(ana.messages("#eng").filter((one) => one.ephemeral && one.ts > ts)).toEqual([]);
  expect((await approvalOf(runId)).status).toBe("pending");
  const audit = await world.backend.query(functions.audit.list, { runId });
  expect(audit.map(({ kind }) => kind)).toContain("approval.refused");

  await ana.click("#eng", ts, "yes");
  await redrawn(ana, "#eng", ts, "Approved by ana via Slack");
  expect(await ended(runId)).toMatchObject({ status: "completed", last: "yes" });
  // Once more, too late: told who it was.
  expect((await approvalOf(runId)).outcome).toMatchObject({ option: "yes", by: "ana", channel: "slack" });
});

test("A2: three options are three buttons and three branches; quorum shows its count (I5)", async () => {
  const three = await start("three");
  const { ts, buttons } = await card(ana, "#eng", three);
  expect(buttons.map(({ label }) => label)).toEqual(["staging", "production", "neither"]);
  await ana.click("#eng", ts, "production");
  expect(await ended(three)).toMatchObject({ last: "yes" });

  const both = await start("both");
  const asked = await card(ana, "#eng", both);
  await ana.click("#eng", asked.ts, "yes");
  await eventually("the count", () =>
    ana.messages("#eng").find((one) => one.ts === asked.ts && one.text.includes("1/2")),
  );
  expect((await approvalOf(both)).status).toBe("pending");
  await bob.click("#eng", asked.ts, "yes");
  await redrawn(bob, "#eng", asked.ts, "Approved by ana via Slack and bob via Slack");
});

test("A3: words are stored as they were written, and approve nothing", async () => {
  const runId = await start("worded");
  const { ts } = await card(ana, "#eng", runId);
  await ana.click("#eng", ts, "Answer…");
  await eventually("a window", () => (ana.modal()?.callbackId === "approval.text" ? ana.modal() : null));
  await ana.submit({ text: "yes, but\n<tomorrow> & not before" });
  await ended(runId);
  expect(JSON.stringify(JSON.parse((await runOf(runId)).variables))).toContain("yes, but\\n<tomorrow> & not before");
});

test("A6: one reminder in the card's thread, and B6: who presses too late is told who it was", async () => {
  const runId = await start("reminded");
  const { ts } = await card(ana, "#eng", runId);
  const below = () => byBot(ana.messages("#eng", { thread: ts })).filter((one) => one.ts !== ts);
  expect((await eventually("a reminder", () => below()[0])).text).toContain("reminded?");
  const pending = [...world.slack.state.message("CENG", ts)!.blocks];
  await ana.click("#eng", ts, "yes");
  await redrawn(ana, "#eng", ts, "Approved by ana");
  expect(below()).toHaveLength(1);
  // A screen that has not changed yet still has its buttons.
  const message = world.slack.state.message("CENG", ts)!;
  world.slack.state.touch(Object.assign(message, { blocks: pending }));
  await ana.click("#eng", ts, "yes");
  const told = await eventually("word of it", () =>
    byBot(ana.messages("#eng")).find((one) => one.ephemeral && one.ts > ts && /already answered/i.test(one.text)),
  );
  expect(told.text).toContain("Slack");
});

test("A4: a large payload shows its head and all of it in a window", async () => {
  const runId = await start("large");
  const asked = await card(ana, "#eng", runId);
  expect(asked.text).toContain("line 0 of the log");
  expect(asked.text).not.toContain("line 399");
  await ana.click("#eng", asked.ts, "View all");
  const window = await eventually("the window", () =>
    ana.modal()?.text.includes("line 399 of the log") ? ana.modal() : null,
  );
  expect(window.text).toContain("line 0 of the log");
  await ana.closeModal();
  await ana.click("#eng", asked.ts, "yes");
  await redrawn(ana, "#eng", asked.ts, "Approved by ana");
});

test("B8: a refusal asks why; the reason is in the branch's variables, on the card and in the record", async () => {
  const runId = await start("reasoned");
  const { ts } = await card(ana, "#eng", runId);
  await ana.click("#eng", ts, "no");
  const window = await eventually("a window", () => ana.modal());
  expect(window.text).toContain("reasoned?");
  expect((await approvalOf(runId)).status).toBe("pending");
  await ana.submit({ reason: "too risky <!channel>" });
  const told = await redrawn(ana, "#eng", ts, "Denied by ana via Slack");
  expect(told.text).toContain("too risky <!channel>");
  expect(await ended(runId)).toMatchObject({ last: "no" });
  expect((await approvalOf(runId)).outcome).toMatchObject({ option: "no", reason: "too risky <!channel>" });
  expect(JSON.stringify(JSON.parse((await runOf(runId)).variables))).toContain("too risky");
});

test("B9: edited values are checked again, and the original is kept", async () => {
  const runId = await start("edited");
  const { ts } = await card(ana, "#eng", runId);
  await ana.click("#eng", ts, "Edit…");
  await eventually("the form", () => (ana.modal()?.callbackId === "approval.form" ? ana.modal() : null));
  await ana.submit({ "field.amount": "900" });
  const refused = await eventually("why not", () =>
    byBot(ana.messages("#eng")).find((one) => one.ephemeral && one.ts > ts),
  );
  expect(refused.text).toContain("at most 500");
  await ana.click("#eng", ts, "Edit…");
  await eventually("the form", () => (ana.modal()?.callbackId === "approval.form" ? ana.modal() : null));
  await ana.submit({ "field.amount": "250" });
  await redrawn(ana, "#eng", ts, "Approved by ana");
  expect(JSON.parse((await approvalOf(runId)).payload ?? "")).toEqual({ amount: 100, to: "ops" });
});

test("B10: asked back in the card's thread it answers, and the question stays open", async () => {
  const runId = await start("plain");
  const { ts } = await card(ana, "#eng", runId);
  // A thread is listened to from when the bot has heard that its card stands: some ms after people can see it.
  await eventually("the receipt", async () =>
    (await approvalOf(runId)).deliveries.find(({ receipt }) => receipt !== null),
  );
  ana.say("#eng", "what does this touch?", { thread: ts });
  await eventually("an answer", () => byBot(ana.messages("#eng", { thread: ts })).find((one) => one.ts !== ts));
  expect((await approvalOf(runId)).status).toBe("pending");
  await ana.click("#eng", ts, "yes");
  await ended(runId);
});

test("B11: /pending lists with codes, to one person; two are settled by one command", async () => {
  const runs = [await start("bobs"), await start("bobs")];
  for (const runId of runs) await card(bob, "#eng", runId);
  await bob.command("#ops", "/pending");
  const list = await eventually("the list", () => byBot(bob.messages("#ops")).find(({ ephemeral }) => ephemeral));
  const codes = [...list.text.matchAll(/^([0-9A-Z]{2,6})\s+bobs\?/gm)].map((match) => match[1]!);
  expect(codes).toHaveLength(2);
  await bob.command("#ops", `/approve ${codes.join(" ")}`);
  for (const runId of runs) expect(await ended(runId)).toMatchObject({ last: "yes" });
});

test("A8: an expired question says so on its card, and a cancelled one too (W12)", async () => {
  const soon = await start("soon");
  const asked = await card(ana, "#eng", soon);
  await redrawn(ana, "#eng", asked.ts, "Expired");
  const plainRun = await start("plain");
  const other = await card(ana, "#eng", plainRun);
  await ana.command("#eng", `/workflow cancel ${plainRun}`);
  await redrawn(ana, "#eng", other.ts, "Cancelled");
});

test("A10: a channel that refuses shows on the approval, and the question goes to the person", async () => {
  const ops = world.slack.state.channels.get("COPS")!;
  world.slack.state.channels.put("COPS", { ...ops, members: ops.members.filter((member) => member !== "UBOT") });
  try {
    const runId = await start("elsewhere");
    const own = await card(bob, "dm", runId);
    const told = await eventually("word to the operators", () =>
      byBot(ana.messages("#support")).find(({ text }) => text.includes("did not reach")),
    );
    expect(told.text).toContain("not_in_channel");
    const { deliveries } = await approvalOf(runId);
    expect(deliveries.find(({ place }) => place === "slack:#ops")).toMatchObject({ status: "failed" });
    expect(deliveries.find(({ place }) => place === "slack:#ops")?.error).toContain("not_in_channel");
    await bob.click("dm", own.ts, "yes");
    expect(await ended(runId)).toMatchObject({ last: "yes" });
  } finally {
    world.slack.state.channels.put("COPS", ops);
  }
});

test("O1: a run tells its progress in one message that is edited to its end", async () => {
  const runId = await start("told");
  const shown = await eventually("the progress", () =>
    byBot(ana.messages("#support")).find(({ text }) => text.includes(runId)),
  );
  const { ts } = await card(ana, "#eng", runId);
  await ana.click("#eng", ts, "yes");
  await eventually("its end", () =>
    ana.messages("#support").find((one) => one.ts === shown.ts && one.text.includes("completed")),
  );
  expect(
    ana
      .messages("#support")
      .filter(({ text, threadTs }) => text.includes(runId) && (threadTs === null || threadTs === shown.ts)),
  ).toHaveLength(1);
});

test("O2: the home page has my open questions and my runs, and its buttons answer", async () => {
  const runId = await start("plain");
  await card(ana, "#eng", runId);
  ana.openHome();
  const home = await eventually("the home page", () => (ana.home()?.text.includes(runId) ? ana.home() : null));
  expect(home.text).toContain("Questions for ana");
  expect(home.text).toContain("plain?");
  await ana.clickInHome("yes");
  expect(await ended(runId)).toMatchObject({ last: "yes" });
  // Nobody opens it again: what is answered leaves the page, and the run shows its end.
  const asks = (id: string) => ana.home()?.text.includes(`run ${id} · asked by`) === true;
  await eventually(
    "the page without the question",
    () => !asks(runId) && ana.home()?.text.includes("plain: completed"),
  );
  const next = await start("plain");
  await eventually("the next question", () => asks(next));
  const { ts } = await card(ana, "#eng", next);
  await ana.click("#eng", ts, "yes");
  await eventually("the page without it", () => !asks(next));
});

test("O9: the answer to a post is lost, or is a 500 -> one card", async () => {
  for (const fault of [{ kind: "drop_after_success" }, { kind: "status_after_success", status: 500 }] as const) {
    world.slack.faults.order({ on: "chat.postMessage", fault, where: { channel: "CENG" } });
    const runId = await start("plain");
    const { ts } = await card(ana, "#eng", runId);
    await ana.click("#eng", ts, "yes");
    await redrawn(ana, "#eng", ts, "Approved by ana");
    expect(
      ana.messages("#eng").filter(({ text, ephemeral }) => !ephemeral && text.includes(`run ${runId} `)),
    ).toHaveLength(1);
  }
});

test("a 429 is waited for, and nothing is lost or doubled", async () => {
  world.slack.faults.order({
    on: "chat.postMessage",
    fault: { kind: "rate_limit", retryAfterS: 1 },
    where: { channel: "CENG" },
    times: 1,
  });
  const runId = await start("plain");
  const { ts } = await card(ana, "#eng", runId);
  await ana.click("#eng", ts, "yes");
  await redrawn(ana, "#eng", ts, "Approved by ana");
});

test("HTTP: events, commands, buttons and windows over one signed address, retries included", async () => {
  await world.slack.setRequestUrl(`${world.bot.ready.http}/slack/events`);
  try {
    world.slack.faults.order({ on: "event:app_mention", fault: { kind: "drop" } });
    world.slack.faults.order({ on: "event:message", fault: { kind: "drop" }, where: { retry: 0 } });
    const root = ana.say("#eng", "@factory workflow run reasoned");
    const inThread = () => ana.messages("#eng", { thread: root });
    const { ts } = await eventually("the card", () => inThread().find(({ buttons }) => buttons.length > 0));
    await ana.click("#eng", ts, "no");
    await eventually("a window", () => ana.modal());
    expect(await ana.submit({ reason: "over HTTP" })).toMatchObject({ ok: true });
    await eventually("the settled card", () =>
      inThread().find((one) => one.ts === ts && one.text.includes("Denied by ana")),
    );
    const before = byBot(ana.messages("#ops")).length;
    await ana.command("#ops", "/pending");
    await eventually("an answer", () => byBot(ana.messages("#ops"))[before]);
    const forged = await fetch(`${world.bot.ready.http}/slack/events`, { method: "POST", body: "{}" });
    expect(forged.status).toBe(401);
    expect(world.slack.deliveries().some(({ retry }) => retry > 0)).toBe(true);
  } finally {
    await world.slack.setRequestUrl(null);
    await world.slack.socket.connected(1);
  }
});

/** One of the moments of slack_kills.long.test.ts. */
test("O10: killed when the card was posted and unheard -> one of each", async () => {
  const id = "killed";
  const moment = MOMENTS.find(({ name }) => name === "the card posted, its receipt unheard")!;
  const said = await runKilled(world, slackChannel(world), moment, id);
  expect(said.filter((text) => text.includes(`Go on with ${id}?`))).toHaveLength(1);
  expect(said).toHaveLength(3);
  await world.bot.end("SIGTERM");
  expect(stories(world.place.dataDir, [id])).toEqual({ [id]: GOOD_STORY });
}, 120_000);
