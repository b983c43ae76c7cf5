/**
 * Discord end to end: the real bot as a process of its own, discord.js, the simulated Discord which checks every body against the
 * published specification. Each test is named by the feature it shows (docs: the feature list).
 */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { functions } from "../../src/bot/backend.ts";
import type { DiscordPerson, Drawn } from "../../src/simulator/discord/index.ts";
import { ANA, byBot, type DiscordBot, ENG, eventually, seenIn, startDiscordBot, wordsOf } from "../discord_bot.ts";
import { holdCommits, runKilled } from "./channel_kills.ts";
import { killsOf } from "./discord_kills.ts";
import { WITNESSED } from "./harness.ts";
import { MOMENTS } from "./kill_moments.ts";

const ask = (name: string, approval: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  name,
  startNodeId: "ask",
  nodes: { ask: { type: "approval", question: `${name}?`, ...approval }, yes: { type: "end" }, no: { type: "end" } },
  ...more,
});
const YES_NO = { options: ["yes", "no"], next: { yes: "yes", no: "no" } };

const WORKFLOWS = [
  ask("plain", YES_NO),
  ask("told", YES_NO, { notify: ["discord:#support"] }),
  ask("three", {
    options: ["staging", "production", "neither"],
    next: { staging: "yes", production: "yes", neither: "no" },
  }),
  ask("reasoned", { ...YES_NO, reasonRequired: ["no"], saveAs: "verdict" }),
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
  ask("inputs", YES_NO, {
    inputs: {
      type: "object",
      properties: { version: { type: "string" }, count: { type: "integer" } },
      required: ["version", "count"],
    },
  }),
];

let world: DiscordBot;
let ana: DiscordPerson;
let bob: DiscordPerson;
beforeAll(async () => {
  world = await startDiscordBot({ workflows: [...WORKFLOWS, WITNESSED], prepare: holdCommits });
  ana = world.discord.as("ana");
  bob = world.discord.as("bob");
}, 90_000);
afterAll(async () => await world?.dispose());
beforeEach(() => world.discord.faults.clear());

/** Starts a run as Ana in #eng; resolves with its id. */
async function start(workflow: string, input: object = {}): Promise<string> {
  const run = await world.backend.mutation(functions.runs.start, {
    actor: { kind: "handle", handle: ANA, channel: "discord" },
    workflow,
    definition: null,
    input: JSON.stringify(input),
    origin: { place: `discord:${ENG}`, threadKey: `discord:${ENG}`, private: false },
  });
  return run.runId;
}
const runOf = async (runId: string) => (await world.backend.query(functions.runs.get, { runId }))!;
const find = async (what: string, person: DiscordPerson, channel: string, so: (one: Drawn) => boolean) =>
  await eventually(what, () => byBot(person.messages(channel)).find(so));
const card = (runId: string) =>
  find(`a card of ${runId}`, ana, "#eng", (one) => one.buttons.length > 0 && wordsOf(one).includes(runId));
const redrawn = (id: string, words: string) =>
  find(
    `"${words}" on the card`,
    ana,
    "#eng",
    (one) => one.id === id && wordsOf(one).includes(words) && one.buttons.length === 0,
  );
const history = (threadKey: string) => world.backend.query(functions.conversations.history, { threadKey, limit: 50 });
const ended = async (runId: string) =>
  await eventually(`the end of ${runId}`, async () => {
    const run = await runOf(runId);
    return run.endedAt === null ? null : { status: run.status, last: run.nodes.at(-1)?.id };
  });

/** One of the moments of discord_kills.long.test.ts; first, because its replies say what else is open. */
test.each(["settled, the presser not told"])(
  "O10: killed: %s -> it ends as unkilled",
  async (name) => {
    const { bot, channel } = killsOf(world);
    const id = name.slice(0, 3);
    const moment = MOMENTS.find((one) => one.name === name)!;
    const said = await runKilled(bot, channel, moment, id);
    expect(said.filter((text) => text.includes(`Go on with ${id}?`) && text.includes("Approved by ana"))).toHaveLength(
      1,
    );
    expect(said.filter((text) => text.includes("Started witnessed"))).toHaveLength(1);
    expect(said.filter((text) => text.includes(`${id} went on`))).toHaveLength(1);
  },
  60_000,
);

test("C2: a mention opens a thread that is one conversation; a direct message is another", async () => {
  const root = ana.say("#eng", "@factory what is the status?");
  await find("a reply in the thread", ana, root, () => true).catch(() => null);
  await eventually("the thread", () => ana.threads("#eng").find(({ id }) => id === root));
  await find("a reply", ana, root, () => true);
  ana.say(root, "and since when?");
  await eventually("two replies", () => byBot(ana.messages(root))[1]);
  const said = (await history(`discord:${ENG}/${root}`)).filter(({ role }) => role === "user").map(({ text }) => text);
  expect(said).toEqual(["[ana] what is the status?", "[ana] and since when?"]);
  ana.say("dm", "hello");
  await find("a reply", ana, "dm", () => true);
  expect((await history(ANA)).filter(({ role }) => role === "user").map(({ text }) => text)).toEqual(["hello"]);
  // The answers stand in the thread, not in the channel.
  expect(byBot(ana.messages("#eng"))).toEqual([]);
});

test("B1, I1: a press settles and the card is drawn from the settled row; whoever may not answer is told so alone", async () => {
  const runId = await start("plain");
  const { id, buttons } = await card(runId);
  expect(buttons.map(({ label }) => label)).toEqual(["yes", "no"]);
  expect(await bob.press("#eng", id, "yes")).toMatchObject({ ok: true });
  const notice = await find("a notice", bob, "#eng", (one) => one.ephemeral);
  expect(notice.text).toContain("may not answer");
  expect(ana.messages("#eng").filter(({ ephemeral }) => ephemeral)).toEqual([]);
  expect(await ana.press("#eng", id, "yes")).toMatchObject({ ok: true });
  await redrawn(id, "Approved by ana via Discord");
  expect(await ended(runId)).toMatchObject({ status: "completed", last: "yes" });
});

test("A2, B8: three options are three buttons; a refusal asks why, and the reason is in the record", async () => {
  const three = await start("three");
  const { id, buttons } = await card(three);
  expect(buttons.map(({ label }) => label)).toEqual(["staging", "production", "neither"]);
  await ana.press("#eng", id, "production");
  expect(await ended(three)).toMatchObject({ last: "yes" });

  const reasoned = await start("reasoned");
  const asked = await card(reasoned);
  expect((await ana.press("#eng", asked.id, "no")).modal).toMatchObject({ fields: [{ required: true }] });
  expect(await ana.submit({ reason: "too *risky*" })).toMatchObject({ ok: true });
  expect(wordsOf(await redrawn(asked.id, "Denied by ana via Discord"))).toContain("too *risky*");
  expect((await runOf(reasoned)).variables).toContain("too *risky*");
});

test("A4, B9: all of a large payload is a file for whoever asks; edited values are checked again", async () => {
  const large = await card(await start("large"));
  await ana.press("#eng", large.id, "View all");
  const seen = await find("the file", ana, "#eng", ({ ephemeral, files }) => ephemeral && files.length > 0);
  expect(seen.files[0]!.text).toContain("line 399 of the log");

  const runId = await start("edited");
  const asked = await card(runId);
  expect((await ana.press("#eng", asked.id, "Edit…")).modal?.fields[0]).toMatchObject({
    label: "amount",
    value: "100",
  });
  await ana.submit({ "field.number.amount": "900", option: "yes" });
  await find("why not", ana, "#eng", ({ ephemeral, text }) => ephemeral && text.includes("amount"));
  expect((await runOf(runId)).status).toBe("waiting");
  await ana.press("#eng", asked.id, "Edit…");
  await ana.submit({ "field.number.amount": "250", option: "yes" });
  await redrawn(asked.id, "Approved by ana");
});

test("C8: a run by slash command asks for its inputs in a window and starts once, however often that is submitted", async () => {
  const outcome = await ana.command("#eng", "workflow run", { name: "inputs" });
  expect(outcome.modal?.fields.map(({ label }) => label).sort()).toEqual(["count", "version"]);
  // Discord heard nothing of the first answer, and the person submits again.
  world.discord.faults.order({ on: "interactions.callback", fault: { kind: "status", status: 404 }, times: 1 });
  const first = ana.submit({ "field.text.version": "1.2", "field.integer.count": "3" });
  const runs = async () =>
    (await world.backend.query(functions.runs.list, { limit: 50 })).filter(({ workflow }) => workflow === "inputs");
  await eventually("the run", async () => (await runs()).length > 0);
  expect(await first).toMatchObject({ ok: false });
  await ana.submit({ "field.text.version": "1.2", "field.integer.count": "3" });
  expect((await runs()).map(({ input }) => JSON.parse(input))).toEqual([{ version: "1.2", count: 3 }]);
  expect(await ana.complete("#eng", "workflow run", "name", "inp")).toMatchObject([{ value: "inputs" }]);
});

test("O2, B11: pending questions with their codes for one person only; an answer by code", async () => {
  const runId = await start("plain");
  await card(runId);
  const codes = await ana.complete("#eng", "approve", "code", "");
  const mine = codes.find(({ name }) => name.includes("plain?"))!;
  await ana.command("#eng", "pending");
  const list = await find("the list", ana, "#eng", (one) => one.ephemeral && wordsOf(one).includes(mine.value));
  expect(bob.messages("#eng").some(({ id }) => id === list.id)).toBe(false);
  await ana.command("dm", "approve", { code: mine.value, reason: "fine" });
  expect(await ended(runId)).toMatchObject({ status: "completed", last: "yes" });
});

test("O1: one message tells a run's progress, and its thread the details", async () => {
  const runId = await start("told");
  const { id } = await card(runId);
  await ana.press("#eng", id, "yes");
  const told = await find(
    "its end",
    ana,
    "#support",
    (one) => wordsOf(one).includes(runId) && wordsOf(one).includes("completed"),
  );
  expect(byBot(ana.messages("#support")).filter((one) => wordsOf(one).includes(runId))).toHaveLength(1);
  await eventually("the details", () => ana.threads("#support").find((thread) => thread.id === told.id));
  await find("the details", ana, told.id, (one) => seenIn(one).includes("ask (approval)"));
  expect(ana.threads("#support").at(-1)!.name).toBe("told");
});

test("B10: asked back below the card, the question stays open", async () => {
  const runId = await start("plain");
  const { id } = await card(runId);
  bob.say("#eng", "what does this touch?", { replyTo: id });
  await eventually("an answer in the card's thread", () =>
    ana.threads("#eng").some((thread) => thread.id === id) ? byBot(ana.messages(id))[0] : null,
  );
  expect((await runOf(runId)).status).toBe("waiting");
  await ana.press("#eng", id, "yes");
  await redrawn(id, "Approved by ana");
});

test("C10, B2: killed; what was said meanwhile is taken once, a press fails and works when pressed again; three days and another start later, too", async () => {
  const [runId, later] = [await start("plain"), await start("plain")];
  const [{ id }, old] = [await card(runId), await card(later)];
  await world.kill();
  const said = ana.say("dm", "said to nobody");
  expect(await ana.press("#eng", id, "yes")).toMatchObject({ ok: false, error: "This interaction failed" });
  await world.again();
  expect(await ana.press("#eng", id, "yes")).toMatchObject({ ok: true });
  await redrawn(id, "Approved by ana via Discord");
  await find("a reply", ana, "dm", (one) => BigInt(one.id) > BigInt(said));
  const heard = (await history(ANA)).filter(({ role, text }) => role === "user" && text === "said to nobody");
  expect(heard).toHaveLength(1);
  expect((await runOf(runId)).status).toBe("completed");

  await world.kill();
  world.later(3 * 86_400_000);
  await world.again();
  // Answered in time: the simulated Discord gives 3 s.
  expect(await ana.press("#eng", old.id, "yes")).toMatchObject({ ok: true, error: null });
  await redrawn(old.id, "Approved by ana via Discord");
  expect(await ended(later)).toMatchObject({ status: "completed", last: "yes" });
}, 90_000);

/** The last: this token serves no more. */
test("O7: the token is reset while the bot runs -> healthz says why and what to do, and the bot does not knock again", async () => {
  const { world: discord, gateway } = world.discord;
  discord.settings.tokenReset = true;
  gateway.disconnect(4004);
  const health = await eventually("503", async () => {
    const response = await fetch(`${world.bot.ready.http}/healthz`);
    return response.status === 503 ? ((await response.json()) as { channels: object; why: string[] }) : null;
  });
  expect(health.channels).toMatchObject({ discord: "failed" });
  expect(health.why.join()).toMatch(
    /discord is not connected: Discord does not accept the bot's token; reset the token/,
  );
  const knocks = world.discord.calls("gateway.bot").length;
  await new Promise((done) => setTimeout(done, 1_000));
  expect(world.discord.calls("gateway.bot")).toHaveLength(knocks);
  const { stderr } = await world.bot.end("SIGTERM");
  const errors = stderr.split("\n").filter((line) => line.includes('"level":"error"') && line.includes("for good"));
  expect(errors).toHaveLength(1);
});
