/** The adapter with discord.js on the simulated Discord, which checks every body against the published specification. */
import { afterEach, describe, expect, test } from "vitest";
import type { OutMessage } from "../../src/contract/message.ts";
import { createManualClock } from "../../src/simulator/clock.ts";
import {
  createDiscordSimulator,
  type DiscordSimulator,
  type DiscordSimulatorOptions,
} from "../../src/simulator/discord/index.ts";
import { cardOf, type Rig, type RigOptions, startAdapter } from "../../test/discord_adapter.ts";
import { ANA, byBot, ENG, eventually, wordsOf } from "../../test/discord_bot.ts";
import { createDiscordSpecCheck } from "../../test/discord_spec.ts";

const check = createDiscordSpecCheck();
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function discord(options: DiscordSimulatorOptions = {}): Promise<DiscordSimulator> {
  const simulator = await createDiscordSimulator({ rateLimits: false, check, ...options });
  closing.push(() => simulator.close());
  return simulator;
}
async function adapter(simulator: DiscordSimulator, options: RigOptions = {}): Promise<Rig> {
  const rig = await startAdapter(simulator, options);
  closing.push(() => rig.stop());
  return rig;
}
const IN_ENG = `discord:${ENG}`;
const DAY_MS = 86_400_000;
const text = (words: string, onlyTo: string | null = null): OutMessage => ({ kind: "text", text: words, onlyTo });
const card = (change: Parameters<typeof cardOf>[0] = {}): OutMessage => ({ kind: "card", card: cardOf(change) });
const SETTLED = card({
  status: "answered",
  outcomeLine: "Approved by Ana via Discord",
  outcome: { option: "yes", by: "Ana", channel: "discord", at: 1, reason: null },
});
const at = (receipt: string) => receipt.split("/")[1]!;

describe("presses", () => {
  test("B2: a button pressed three days and two starts later is stored, acknowledged, and its card is edited by the bot's own token", async () => {
    const clock = createManualClock();
    const simulator = await discord({ clock });
    const first = await adapter(simulator);
    const { receipt } = await first.send(IN_ENG, card());
    await first.stop();
    await clock.advance(3 * DAY_MS);
    const second = await adapter(simulator, { before: first });
    await second.stop();
    const third = await adapter(simulator, { before: second });
    const ana = simulator.as("ana");
    expect(await ana.press("#eng", at(receipt), "yes")).toMatchObject({ ok: true, error: null });
    expect(await third.next("action")).toMatchObject({ option: "yes", place: IN_ENG, sender: { handle: ANA } });
    await clock.advance(20 * 60_000);
    expect(await third.edit(IN_ENG, SETTLED, receipt)).toMatchObject({ ok: true, receipt });
    const shown = byBot(ana.messages("#eng"))[0]!;
    expect(wordsOf(shown)).toContain("Approved by Ana via Discord");
    expect(shown.buttons).toEqual([]);
  });

  test("C5: stored first, acknowledged second", async () => {
    const simulator = await discord();
    const rig = await adapter(simulator);
    const { receipt } = await rig.send(IN_ENG, card());
    const held = Promise.withResolvers<void>();
    rig.hold.promise = held.promise;
    const outcome = simulator.as("ana").press("#eng", at(receipt), "yes");
    await new Promise((done) => setTimeout(done, 50));
    expect(simulator.calls("interactions.callback")).toEqual([]);
    held.resolve();
    expect(await outcome).toMatchObject({ ok: true });
    expect(simulator.calls("interactions.callback").map(({ body }) => body)).toEqual([{ type: 6 }]);
    expect(rig.events).toHaveLength(1);
  });

  test("when storing takes too long the person is told within 3 s that it is not stored yet, and later what became of it", async () => {
    const simulator = await discord();
    const rig = await adapter(simulator);
    const { receipt } = await rig.send(IN_ENG, card());
    const held = Promise.withResolvers<void>();
    rig.hold.promise = held.promise;
    const ana = simulator.as("ana");
    expect(await ana.press("#eng", at(receipt), "yes")).toMatchObject({ ok: true });
    expect(byBot(ana.messages("#eng")).at(-1)).toMatchObject({
      ephemeral: true,
      text: expect.stringContaining("not stored yet"),
    });
    held.resolve();
    const event = await rig.next("action");
    await rig.send(IN_ENG, text("Your yes has been taken.", ANA), { key: rig.keyOf(event) });
    expect(byBot(ana.messages("#eng")).at(-1)).toMatchObject({ ephemeral: true, text: "Your yes has been taken." });
  });

  test("C10: a press while the bot is dead shows Discord's error, and works when pressed again", async () => {
    const clock = createManualClock();
    const simulator = await discord({ clock });
    const first = await adapter(simulator);
    const { receipt } = await first.send(IN_ENG, card());
    await first.stop();
    const ana = simulator.as("ana");
    const outcome = ana.press("#eng", at(receipt), "yes");
    await clock.advance(3_000);
    expect(await outcome).toMatchObject({ ok: false, error: "This interaction failed" });
    const second = await adapter(simulator, { before: first });
    expect(await ana.press("#eng", at(receipt), "yes")).toMatchObject({ ok: true });
    expect(second.events).toHaveLength(1);
  });

  test("I1: a private notice after a press is read by that person only", async () => {
    const simulator = await discord();
    const rig = await adapter(simulator);
    const { receipt } = await rig.send(IN_ENG, card());
    const [ana, bob] = [simulator.as("ana"), simulator.as("bob")];
    await bob.press("#eng", at(receipt), "yes");
    const event = await rig.next("action");
    expect(
      await rig.send(IN_ENG, text("You may not answer.", event.sender.handle), { key: rig.keyOf(event) }),
    ).toMatchObject({ ok: true, receipt: expect.stringContaining("/ephemeral") });
    expect(bob.messages("#eng").at(-1)).toMatchObject({ ephemeral: true, text: "You may not answer." });
    expect(ana.messages("#eng")).toHaveLength(1);
  });

  test("B8, B9, A3, A4: windows for a reason, for words, for a form; all of a payload as a file", async () => {
    const simulator = await discord();
    const large = JSON.stringify({ log: Array.from({ length: 500 }, (_, line) => `line ${line}`).join("\n") });
    const form =
      '{"type":"object","properties":{"amount":{"type":"number"},"to":{"enum":["ops","eng"]}},"required":["amount"]}';
    const asked = cardOf({ payload: '{"amount":100,"to":"ops"}', form, reasonRequired: ["no"] });
    const cards: Record<string, ReturnType<typeof cardOf>> = {
      [asked.approvalId]: asked,
      large: cardOf({ approvalId: "large", payload: large }),
    };
    const rig = await adapter(simulator, { lookups: { card: async (_, id) => cards[id] ?? null } });
    const ana = simulator.as("ana");
    const { receipt } = await rig.send(IN_ENG, { kind: "card", card: asked });
    const outcome = await ana.press("#eng", at(receipt), "no");
    expect(outcome.modal).toMatchObject({
      title: "no: why?",
      fields: [{ label: "Reason", required: true, description: "Deploy 1.2?" }],
    });
    await ana.submit({ reason: "too risky" });
    expect(await rig.next("action")).toMatchObject({ option: "no", reason: "too risky", fields: null });

    expect(
      (await ana.press("#eng", at(receipt), "Edit…")).modal?.fields.map(({ label, value }) => [label, value]),
    ).toEqual([
      ["amount", "100"],
      ["to", '"ops"'],
      ["Answer", "yes"],
    ]);
    await ana.submit({ "field.number.amount": "120", "field.choice.to": '"eng"', option: "yes" });
    expect(await rig.next("action")).toMatchObject({ option: "yes", fields: { amount: 120, to: "eng" } });

    const words = await rig.send(IN_ENG, card({ options: [] }));
    await ana.press("#eng", at(words.receipt), "Answer…");
    await ana.submit({ text: "after the weekend" });
    expect(await rig.next("action")).toMatchObject({ option: "after the weekend" });

    const big = await rig.send(IN_ENG, { kind: "card", card: cards.large! });
    expect(wordsOf(byBot(ana.messages("#eng")).at(-1)!)).not.toContain("line 499");
    await ana.press("#eng", at(big.receipt), "View all");
    const seen = ana.messages("#eng").at(-1)!;
    expect(seen).toMatchObject({ ephemeral: true, files: [{ name: "payload.txt" }] });
    expect(seen.files[0]!.text).toContain("line 499");
    expect(
      simulator
        .as("bob")
        .messages("#eng")
        .some(({ files }) => files.length > 0),
    ).toBe(false);
  });
});

describe("commands", () => {
  test("registered once for all servers and direct messages, and not again at the next start", async () => {
    const simulator = await discord();
    const first = await adapter(simulator);
    await first.stop();
    await adapter(simulator, { before: first });
    expect(simulator.calls("commands.put")).toHaveLength(1);
    expect(simulator.world.commands.values().map(({ body }) => body.name)).toEqual([
      "workflow",
      "pending",
      "approve",
      "deny",
      "answer",
      "help",
    ]);
  });

  test("C8: in a channel the answer is shown to the person alone, in a direct message openly; a run belongs to the channel", async () => {
    const simulator = await discord();
    const rig = await adapter(simulator);
    const [ana, bob] = [simulator.as("ana"), simulator.as("bob")];
    await ana.command("#eng", "workflow run", { name: "deploy", inputs: "version=1.2" });
    const run = await rig.next("command");
    expect(run).toMatchObject({ command: "workflow", text: "run deploy version=1.2", place: IN_ENG, private: false });
    expect(ana.messages("#eng").at(-1)).toMatchObject({
      thinking: true,
      ephemeral: true,
      command: { name: "workflow", user: "Ana" },
    });
    await rig.send(run.place, text("Started **deploy**", ANA), { key: rig.keyOf(run) });
    expect(ana.messages("#eng").at(-1)).toMatchObject({ thinking: false, text: "Started **deploy**" });

    await ana.command("#eng", "pending");
    const pending = await rig.next("command");
    expect(pending).toMatchObject({ place: ANA, private: true });
    await rig.send(
      pending.place,
      { kind: "list", title: "Open", items: [{ key: "4K", text: "Ship?", detail: null }], empty: "" },
      { key: rig.keyOf(pending) },
    );
    expect(ana.messages("#eng").at(-1)).toMatchObject({ ephemeral: true, embeds: [{ title: "Open" }] });
    expect(bob.messages("#eng")).toEqual([]);
    expect(ana.messages("dm")).toEqual([]);

    await ana.command("dm", "help");
    const help = await rig.next("command");
    await rig.send(help.place, text("What you can write"), { key: rig.keyOf(help) });
    expect(ana.messages("dm").at(-1)).toMatchObject({ text: "What you can write", ephemeral: false });
  });

  test("a refusal is not read by others; a reply after 15 minutes or a new start is an ordinary message", async () => {
    const clock = createManualClock();
    const simulator = await discord({ clock });
    const rig = await adapter(simulator);
    const [ana, bob] = [simulator.as("ana"), simulator.as("bob")];
    await ana.command("#eng", "workflow cancel", { run: "r9" });
    const refused = await rig.next("command");
    await rig.send(refused.place, text("There is no such run.", ANA), { key: rig.keyOf(refused) });
    expect(ana.messages("#eng").map(({ text: words, ephemeral }) => [words, ephemeral])).toEqual([
      ["There is no such run.", true],
    ]);
    expect(bob.messages("#eng")).toEqual([]);

    await ana.command("#eng", "pending");
    const late = await rig.next("command");
    await clock.advance(16 * 60_000);
    await rig.send(late.place, text("Nothing waits."), { key: rig.keyOf(late) });
    expect(ana.messages("dm").map(({ text: words }) => words)).toEqual(["Nothing waits."]);
  });

  test("a run without its inputs asks for them; workflows, runs and codes are suggested", async () => {
    const simulator = await discord();
    const inputs = '{"type":"object","properties":{"version":{"type":"string"}},"required":["version"]}';
    const workflow = async () => ({ name: "deploy", title: "Deploy", description: null, inputs });
    const rig = await adapter(simulator, { lookups: { workflow } });
    const ana = simulator.as("ana");
    expect(await ana.complete("#eng", "workflow run", "name", "dep")).toEqual([
      { name: "deploy – Deploy", value: "deploy" },
    ]);
    expect(await ana.complete("#eng", "approve", "code", "")).toEqual([{ name: "4K – Deploy 1.2?", value: "4K" }]);
    expect(await ana.complete("dm", "workflow cancel", "run", "r")).toEqual([
      { name: "deploy: waiting (r1)", value: "r1" },
    ]);
    expect((await ana.command("#eng", "workflow run", { name: "deploy" })).modal?.title).toBe("Deploy");
    await ana.submit({ "field.text.version": '1.2 "beta"' });
    expect(await rig.next("command")).toMatchObject({ text: 'run deploy version="1.2 \\"beta\\""', place: IN_ENG });
  });
});

describe("messages", () => {
  test("C10: what was said while the bot was away is taken once, in channels, threads and direct messages; edits and chatter are not", async () => {
    const simulator = await discord();
    const first = await adapter(simulator);
    const ana = simulator.as("ana");
    ana.say("dm", "heard");
    await first.next("message");
    const thread = ana.openThread("#eng", "plans");
    ana.say(thread, "@factory heard too");
    await first.next("message");
    await first.stop();
    first.state.handles = [ANA];
    ana.say("dm", "said to nobody");
    ana.say("#ops", "@factory said elsewhere");
    ana.edit("#ops", ana.say("#ops", "nothing"), "@factory later");
    ana.say(thread, "said in the thread");
    const second = await adapter(simulator, { before: first });
    await eventually("all of it", () => second.events.length >= 6);
    ana.say("dm", "and now");
    await eventually("what is live", () =>
      second.events.some((event) => event.kind === "message" && event.text === "and now"),
    );
    expect(second.events.map((event) => event.kind === "message" && event.text)).toEqual([
      "heard",
      "heard too",
      "said to nobody",
      "said elsewhere",
      "later",
      "said in the thread",
      "and now",
    ]);
    expect(new Set(second.events.map(({ eventId }) => eventId)).size).toBe(7);
  });

  test.concurrent("a session that could not be resumed: what was said meanwhile is fetched", async ({
    expect: expects,
  }) => {
    const simulator = await createDiscordSimulator({ rateLimits: false });
    const rig = await startAdapter(simulator);
    const ana = simulator.as("ana");
    ana.say("dm", "before");
    await rig.next("message");
    rig.state.handles = [ANA];
    simulator.gateway.invalidate(false);
    ana.say("dm", "meanwhile");
    ana.say("#eng", "@factory meanwhile");
    await eventually("both", () => rig.events.length >= 3);
    expects(rig.events.map((event) => event.kind === "message" && event.text)).toEqual([
      "before",
      "meanwhile",
      "meanwhile",
    ]);
    await rig.stop();
    await simulator.close();
  });

  test("C6, C7: a burst keeps its order; edits, the bot's own words and other bots' start nothing", async () => {
    const simulator = await discord();
    const rig = await adapter(simulator);
    const ana = simulator.as("ana");
    const words = Array.from({ length: 20 }, (_, n) => `number ${n}`);
    for (const one of words) ana.say("dm", one);
    const said = ana.say("#eng", "to others");
    ana.edit("#eng", said, "@factory workflow run deploy");
    simulator.as("otherbot").say("#eng", "@factory hello");
    const { receipt } = await rig.send(ANA, text("a reply"));
    for (let grown = 0; grown < 20; grown++) await rig.edit(ANA, text(`a reply ${grown}`), receipt);
    ana.say("dm", "the last");
    await eventually("the last", () => rig.events.at(-1)?.kind === "message" && rig.events.length > 20);
    expect(rig.events.map((event) => event.kind === "message" && event.text)).toEqual([...words, "the last"]);
  });

  test("a mention's reply opens a thread named by it; where none can be opened it stands below the mention", async () => {
    const simulator = await discord();
    const rig = await adapter(simulator);
    const ana = simulator.as("ana");
    ana.say("#eng", "@factory what about the release?");
    const { place } = await rig.next("message");
    await rig.send(place, text("It is near."));
    await rig.send(place, text("Very near."));
    const [thread] = ana.threads("#eng");
    expect(thread).toMatchObject({ name: "what about the release?" });
    expect(byBot(ana.messages(thread!.id)).map((one) => one.text)).toEqual(["It is near.", "Very near."]);
    expect(simulator.calls("threads.create")).toHaveLength(1);

    const ops = simulator.world.channels.values().find(({ name }) => name === "ops")!;
    simulator.world.channels.put(ops.id, { ...ops, deniedToBot: String(1n << 35n) });
    const asked = ana.say("#ops", "@factory and here?");
    const elsewhere = await rig.next("message");
    await rig.send(elsewhere.place, text("Here, too."));
    expect(byBot(ana.messages("#ops"))).toMatchObject([{ text: "Here, too.", replyTo: asked }]);
  });

  test("A6: what hangs on a card stands in the card's thread, in a direct message below it; a channel is found by its name", async () => {
    const simulator = await discord();
    const rig = await adapter(simulator);
    const ana = simulator.as("ana");
    const { receipt } = await rig.send("discord:#eng", card({ question: "Ship _1.2_?" }));
    await rig.send(`discord:${receipt}`, text("Still waiting for an answer."));
    expect(ana.threads("#eng")).toMatchObject([{ id: at(receipt), name: "Ship _1.2_?" }]);
    expect(byBot(ana.messages(at(receipt)))).toMatchObject([{ text: "Still waiting for an answer." }]);
    const direct = await rig.send(ANA, card());
    await rig.send(`discord:${direct.receipt}`, text("Still waiting for you."));
    expect(ana.messages("dm").at(-1)).toMatchObject({ text: "Still waiting for you.", replyTo: at(direct.receipt) });
    expect(await rig.send("discord:#nowhere", text("hi"))).toMatchObject({
      ok: false,
      error: { code: "platform_refused", retryable: false, message: expect.stringContaining("#nowhere") },
    });
  });

  test("while an answer is being made the bot is shown as typing, and no longer when it came", async () => {
    const simulator = await discord();
    const rig = await adapter(simulator);
    const ana = simulator.as("ana");
    ana.say("dm", "hello");
    await eventually("typing", () => ana.typing("dm"));
    await rig.send(ANA, text("hi"));
    expect(ana.typing("dm")).toBe(false);
  });
});

describe("what is said", () => {
  test("C9: a long reply grows over several messages, each part in its place, and ends whole", async () => {
    const simulator = await discord();
    const rig = await adapter(simulator);
    const ana = simulator.as("ana");
    const words = Array.from({ length: 400 }, (_, n) => `Sentence ${n}.`).join(" ");
    const { receipt } = await rig.send(ANA, text(words.slice(0, 500)), { key: "grows", final: false });
    await rig.edit(ANA, text(words.slice(0, 3_000)), receipt, { key: "grows", final: false });
    await rig.edit(ANA, text(words), receipt, { key: "grows" });
    const parts = byBot(ana.messages("dm")).map((one) => one.text);
    expect(parts.length).toBe(3);
    for (const part of parts) expect(part.length).toBeLessThanOrEqual(2_000);
    expect(parts.join(" ")).toBe(words);
    // Another process, which does not know the later parts.
    const other = await adapter(simulator, { before: rig });
    await other.edit(ANA, text(`${words} The end.`), receipt, { key: "grows", createdAt: Date.now() - 1_000 });
    expect(
      byBot(ana.messages("dm"))
        .map((one) => one.text)
        .join(" "),
    ).toBe(`${words} The end.`);
  });

  test("O9: a post whose answer was lost is not made twice: at once by its nonce, days later by looking", async () => {
    const clock = createManualClock();
    const simulator = await discord({ clock });
    const rig = await adapter(simulator);
    const ana = simulator.as("ana");
    for (const message of [card({ approvalId: "lost" }), text("lost")]) {
      simulator.faults.order({ on: "messages.create", fault: { kind: "drop_after_success" } });
      const key = `lost:${message.kind}`;
      const createdAt = clock.now();
      expect(await rig.send(ANA, message, { key, createdAt })).toMatchObject({ ok: false, error: { retryable: true } });
      const soon = await rig.send(ANA, message, { key, createdAt, tries: 1 });
      await clock.advance(DAY_MS);
      const late = await rig.send(ANA, message, { key, createdAt, tries: 2 });
      expect(late).toEqual(soon);
    }
    expect(byBot(ana.messages("dm"))).toHaveLength(2);
    // A 500 after success is repeated by the library itself.
    simulator.faults.order({ on: "messages.create", fault: { kind: "status_after_success", status: 500 } });
    expect(await rig.send(ANA, text("again"))).toMatchObject({ ok: true });
    expect(byBot(ana.messages("dm"))).toHaveLength(3);
    // Two that look alike are two.
    const [one, two] = [await rig.send(ANA, text("same")), await rig.send(ANA, text("same"))];
    const third = await rig.send(ANA, text("same"), { tries: 1, taken: [one.receipt, two.receipt] });
    expect(new Set([one.receipt, two.receipt, third.receipt]).size).toBe(3);
  });

  test("G6: nothing pings, whatever the text says", async () => {
    const simulator = await discord();
    const rig = await adapter(simulator);
    const bob = simulator.as("bob");
    await rig.send(IN_ENG, text(`@everyone <@${bob.id}> \`<@${bob.id}>\``));
    await rig.send(IN_ENG, card({ question: `<@${bob.id}> @here` }));
    expect(bob.messages("#eng").map(({ mentionsMe }) => mentionsMe)).toEqual([false, false]);
    for (const { body } of simulator.calls("messages.create"))
      expect(body.allowed_mentions).toMatchObject({ parse: [] });
  });

  test("A10: what Discord refuses is a result with its reason and remedy", async () => {
    const simulator = await discord();
    const rig = await adapter(simulator);
    simulator.world.blocked.add(simulator.as("ana").id);
    expect(await rig.send(ANA, text("hi"))).toMatchObject({
      ok: false,
      error: { code: "platform_refused", retryable: false, message: expect.stringContaining("no direct messages") },
    });
    const eng = simulator.world.channel(ENG);
    simulator.world.channels.put(ENG, { ...eng, deniedToBot: String(1n << 10n) });
    expect(await rig.send(IN_ENG, text("hi"))).toMatchObject({
      ok: false,
      error: { remedy: expect.stringContaining("factory discord invite") },
    });
    expect(await rig.send("discord:nowhere", text("hi"))).toMatchObject({
      ok: false,
      error: { code: "platform_refused" },
    });
    simulator.faults.order({ on: "messages.create", fault: { kind: "rate_limit", retryAfterS: 60 } });
    expect(await rig.send("discord:1000000000000000202", text("hi"))).toMatchObject({
      ok: false,
      error: { code: "rate_limited" },
      retryAfterMs: expect.any(Number),
    });
  });

  test("a card in a thread that was archived meanwhile is still rewritten; one that was deleted is left", async () => {
    const simulator = await discord();
    const rig = await adapter(simulator);
    const ana = simulator.as("ana");
    ana.say("#eng", "@factory ask");
    const { place } = await rig.next("message");
    const { receipt } = await rig.send(place, card());
    const thread = simulator.world.channel(receipt.split("/")[0]!);
    simulator.world.channels.put(thread.id, { ...thread, archived: true });
    expect(await rig.edit(place, SETTLED, receipt)).toMatchObject({ ok: true });
    expect(wordsOf(byBot(ana.messages(thread.id))[0]!)).toContain("Approved by Ana");
    simulator.world.deleteMessage(simulator.world.message(thread.id, at(receipt)));
    expect(await rig.edit(place, SETTLED, receipt)).toMatchObject({ ok: true });
  });
});

test("several servers over several shards: each is heard, and the channel is connected while all of them are", async () => {
  const simulator = await discord({ shards: 2 });
  const [guild] = simulator.world.guilds.values();
  const [other, far] = ["1000000000004194314", "1000000000000000301"];
  simulator.world.guilds.put(other, { ...guild!, id: other, name: "Another" });
  simulator.world.channels.put(far, { ...simulator.world.channel(ENG), id: far, name: "far", guildId: other });
  const rig = await adapter(simulator);
  expect(simulator.gateway.connected().map(({ shard }) => shard)).toEqual([
    [0, 2],
    [1, 2],
  ]);
  expect(rig.adapter.connected?.()).toBe(true);
  const ana = simulator.as("ana");
  ana.say("#far", "@factory far");
  expect(await rig.next("message")).toMatchObject({ text: "far", place: expect.stringContaining(far) });
  const { receipt } = await rig.send("discord:#far", card());
  await ana.press("#far", at(receipt), "yes");
  expect(await rig.next("action")).toMatchObject({ place: `discord:${far}` });
  simulator.gateway.cut();
  await eventually("the loss", () => rig.adapter.connected?.() === false);
  await eventually("all of them again", () => rig.adapter.connected?.() === true);
});

test("I8: a token that Discord does not accept, or an intent it no longer allows, is named at the start", async () => {
  const simulator = await discord();
  await expect(startAdapter({ ...simulator, token: "a.b.c" })).rejects.toMatchObject({
    info: { code: "unauthenticated", field: "DISCORD_TOKEN" },
  });
  simulator.world.settings.messageContent = false;
  const rig = await adapter(simulator);
  // The least that the portal allows: members, presences and content are not asked for.
  expect(simulator.gateway.connected()[0]!.intents).toBe((1 << 0) | (1 << 9) | (1 << 12));
  expect(rig.logs.map(({ message }) => message).join()).toContain("Message Content Intent is off");
});
