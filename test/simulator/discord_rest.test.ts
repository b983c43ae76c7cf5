/** The simulated REST API: what it does, what it refuses, and the time that interactions have, by a clock moved by hand. */
import { DiscordAPIError, Routes } from "discord.js";
import { afterEach, describe, expect, test } from "vitest";
import { createManualClock } from "../../src/simulator/clock.ts";
import { createDiscordSpecCheck } from "../discord_spec.ts";
import { closeAll, connected, discord, rest } from "./discord_clients.ts";

afterEach(closeAll);
const ENG = "1000000000000000201";
const APP = "1000000000000000001";
const check = createDiscordSpecCheck();
const button = (custom_id: string) => ({ type: 2, style: 1, label: "Yes", custom_id });
const row = (...components: object[]) => ({ type: 1, components });
const refused = async (promise: Promise<unknown>): Promise<number | string> =>
  await promise.then(
    () => 0,
    (thrown: unknown) => (thrown instanceof DiscordAPIError ? thrown.code : String(thrown)),
  );

test("a post with an enforced nonce is made once, also when its answer was lost", async () => {
  const simulator = await discord();
  const api = rest(simulator);
  simulator.faults.order({ on: "messages.create", fault: { kind: "drop_after_success" } });
  const body = { content: "once", nonce: "n1", enforce_nonce: true };
  await expect(api.post(Routes.channelMessages(ENG), { body })).rejects.toThrow();
  const first = (await api.post(Routes.channelMessages(ENG), { body })) as { id: string };
  const second = (await api.post(Routes.channelMessages(ENG), { body })) as { id: string };
  expect(second.id).toBe(first.id);
  expect(simulator.as("ana").messages("#eng")).toHaveLength(1);
});

describe("what Discord's specification does not allow is refused", () => {
  test.each([
    ["six buttons in a row", { components: [row(...[1, 2, 3, 4, 5, 6].map((n) => button(`b${n}`)))] }],
    ["a custom id of 101 characters", { components: [row(button("x".repeat(101)))] }],
    ["a text of 2,001 characters", { content: "x".repeat(2_001) }],
    ["an embed of 4,097 characters", { embeds: [{ description: "x".repeat(4_097) }] }],
    ["a component of no known type", { components: [row({ type: 99 })] }],
    ["two buttons with one custom id", { components: [row(button("b"), button("b"))] }],
  ])("%s", async (_, body) => {
    const simulator = await discord({ check });
    expect(await refused(rest(simulator).post(Routes.channelMessages(ENG), { body }))).toBe(50035);
    expect(simulator.as("ana").messages("#eng")).toEqual([]);
  });

  test("26 suggestions", async () => {
    const simulator = await discord({ check });
    const ana = simulator.as("ana");
    const body = [
      { name: "go", description: "goes", options: [{ type: 3, name: "to", description: "where", autocomplete: true }] },
    ];
    await rest(simulator).put(Routes.applicationCommands(APP), { body });
    const typed = ana.complete("#eng", "go", "to", "a");
    const { id, token } = simulator.world.interactions.values()[0]!;
    const choices = Array.from({ length: 26 }, (_, n) => ({ name: `c${n}`, value: `c${n}` }));
    const answer = (some: object[]) =>
      rest(simulator).post(Routes.interactionCallback(id, token), {
        body: { type: 8, data: { choices: some } },
        auth: false,
      });
    expect(await refused(answer(choices))).toBe(50035);
    await answer(choices.slice(0, 25));
    expect(await typed).toHaveLength(25);
  });
});

test("more than five messages in five seconds -> 429, and discord.js waits it out", async () => {
  const simulator = await discord({ rateLimits: { "messages.create": { limit: 2, perMs: 150 } } });
  const api = rest(simulator);
  const numbers = ["1", "2", "3", "4", "5"];
  await Promise.all(numbers.map((content) => api.post(Routes.channelMessages(ENG), { body: { content } })));
  expect(
    simulator
      .as("ana")
      .messages("#eng")
      .map(({ text }) => text)
      .sort(),
  ).toEqual(numbers);
  simulator.faults.order({ on: "messages.create", fault: { kind: "rate_limit", retryAfterS: 0.05 } });
  await api.post(Routes.channelMessages(ENG), { body: { content: "6" } });
  expect(simulator.calls("messages.create").map(({ status }) => status)).toContain(429);
});

test("permissions, unknown things, messages of others, archived threads", async () => {
  const simulator = await discord();
  const api = rest(simulator);
  const ana = simulator.as("ana");
  const theirs = ana.say("#eng", "mine");
  expect(await refused(api.patch(Routes.channelMessage(ENG, theirs), { body: { content: "x" } }))).toBe(50005);
  expect(await refused(api.post(Routes.channelMessages("1"), { body: { content: "x" } }))).toBe(10003);
  expect(await refused(api.get(Routes.channelMessage(ENG, "1")))).toBe(10008);
  const eng = simulator.world.channel(ENG);
  simulator.world.channels.put(ENG, { ...eng, deniedToBot: String(1n << 11n) });
  expect(await refused(api.post(Routes.channelMessages(ENG), { body: { content: "x" } }))).toBe(50013);
  simulator.world.channels.put(ENG, { ...eng, deniedToBot: String(1n << 10n) });
  expect(await refused(api.post(Routes.channelMessages(ENG), { body: { content: "x" } }))).toBe(50001);
  simulator.world.blocked.add(ana.id);
  const dm = ana.channel("dm").id;
  expect(await refused(api.post(Routes.channelMessages(dm), { body: { content: "x" } }))).toBe(50007);
});

describe("an interaction", () => {
  const pressed = async () => {
    const clock = createManualClock();
    const simulator = await discord({ clock, check });
    await connected(simulator);
    const api = rest(simulator);
    const message = (await api.post(Routes.channelMessages(ENG), {
      body: { content: "?", components: [row(button("b"))] },
    })) as { id: string };
    const ana = simulator.as("ana");
    const outcome = ana.press("#eng", message.id, "Yes");
    const interaction = simulator.world.interactions.values().at(-1)!;
    const call = (body: object) =>
      refused(api.post(Routes.interactionCallback(interaction.id, interaction.token), { body, auth: false }));
    const follow = (body: object) => refused(api.post(Routes.webhook(APP, interaction.token), { body, auth: false }));
    return { clock, simulator, ana, outcome, call, follow, message, api, interaction };
  };

  test("answered after 3 s -> 10062, and the person sees that it failed", async () => {
    const { clock, outcome, call } = await pressed();
    await clock.advance(3_001);
    expect(await call({ type: 6 })).toBe(10062);
    expect(await outcome).toMatchObject({ ok: false, error: "This interaction failed" });
  });

  test("answered twice -> 40060; its token adds messages for 15 minutes, one of them for one person only", async () => {
    const { clock, simulator, ana, outcome, call, follow } = await pressed();
    expect(await follow({ content: "too early" })).toBe(10015);
    expect(await call({ type: 6 })).toBe(0);
    expect(await outcome).toMatchObject({ ok: true });
    expect(await call({ type: 6 })).toBe(40060);
    expect(await follow({ content: "for you", flags: 64 })).toBe(0);
    expect(ana.messages("#eng").at(-1)).toMatchObject({ text: "for you", ephemeral: true });
    expect(simulator.as("bob").messages("#eng")).toHaveLength(1);
    await clock.advance(15 * 60_000);
    expect(await follow({ content: "too late" })).toBe(50027);
  });

  test("answered with a modal -> it stands open, and what is submitted comes with the values", async () => {
    const { simulator, ana, outcome, call, api } = await pressed();
    const field = { type: 18, label: "Why?", component: { type: 4, custom_id: "why", style: 2, required: true } };
    expect(await call({ type: 9, data: { custom_id: "m", title: "Reason", components: [field] } })).toBe(0);
    expect((await outcome).modal).toMatchObject({ title: "Reason", fields: [{ customId: "why", required: true }] });
    await expect(ana.submit({})).rejects.toThrow("required");
    const submitted = ana.submit({ why: "because" });
    const { id, token, data } = simulator.world.interactions.values().at(-1)!;
    expect(data).toMatchObject({ custom_id: "m", components: [{ component: { custom_id: "why", value: "because" } }] });
    await api.post(Routes.interactionCallback(id, token), { body: { type: 6 }, auth: false });
    expect(await submitted).toMatchObject({ ok: true });
    expect(ana.modal()).toBeNull();
  });

  test("deferred -> thinking until its reply is edited in; a bot's own token edits it later", async () => {
    const { ana, outcome, call, api, interaction, simulator } = await pressed();
    expect(await call({ type: 5 })).toBe(0);
    await outcome;
    expect(ana.messages("#eng").at(-1)).toMatchObject({ thinking: true, text: "" });
    const body = { content: "done" };
    const reply = (await api.patch(Routes.webhookMessage(APP, interaction.token), { body, auth: false })) as {
      id: string;
    };
    expect(ana.messages("#eng").at(-1)).toMatchObject({ thinking: false, text: "done" });
    await api.patch(Routes.channelMessage(ENG, reply.id), { body: { content: "later" } });
    expect(ana.messages("#eng").at(-1)).toMatchObject({ text: "later", edited: true });
    expect(simulator.calls("webhooks.edit")).toHaveLength(1);
  });
});

test("nobody is connected -> Discord itself says that the application did not respond", async () => {
  const clock = createManualClock();
  const simulator = await discord({ clock });
  await rest(simulator).put(Routes.applicationCommands(APP), { body: [{ name: "pending", description: "p" }] });
  const outcome = simulator.as("ana").command("#eng", "pending");
  await clock.advance(3_000);
  expect(await outcome).toMatchObject({ ok: false, error: "The application did not respond" });
});
