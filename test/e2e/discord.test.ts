/**
 * Discord end to end: the real bot as a process of its own, discord.js, the simulated Discord which checks every body against the
 * published specification. Each test is named by the feature it shows (docs: the feature list).
 */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { functions } from "../../src/bot/backend.ts";
import type { DiscordPerson, Drawn } from "../../src/simulator/discord/index.ts";
import { ANA, byBot, type DiscordBot, ENG, eventually, startDiscordBot, wordsOf } from "../discord_bot.ts";

const ask = (name: string, approval: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  name,
  startNodeId: "ask",
  nodes: { ask: { type: "approval", question: `${name}?`, ...approval }, yes: { type: "end" }, no: { type: "end" } },
  ...more,
});
const YES_NO = { options: ["yes", "no"], next: { yes: "yes", no: "no" } };

const WORKFLOWS = [
  ask("plain", YES_NO),
  ask("bobs", { ...YES_NO, approvers: ["person:bob"] }),
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
  world = await startDiscordBot({ workflows: WORKFLOWS });
  ana = world.discord.as("ana");
  bob = world.discord.as("bob");
}, 60_000);
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
