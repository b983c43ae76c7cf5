/** What is heard and what is said, with discord.js on the simulated Discord. */
import { afterEach, describe, expect, test } from "vitest";
import { createManualClock } from "../../src/simulator/clock.ts";
import { createDiscordSimulator } from "../../src/simulator/discord/index.ts";
import { startAdapter } from "../../test/discord_adapter.ts";
import { ANA, byBot, ENG, eventually, wordsOf } from "../../test/discord_bot.ts";
import { adapter, at, card, closeAll, DAY_MS, discord, IN_ENG, SETTLED, text } from "./harness.test-support.ts";

afterEach(closeAll);

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

  test("below a post of the bot's own it is said that it hangs there, live and when it is fetched later", async () => {
    const simulator = await discord();
    const rig = await adapter(simulator);
    const ana = simulator.as("ana");
    const { receipt } = await rig.send(IN_ENG, card());
    const below = ana.openThread("#eng", "about it", at(receipt));
    ana.say(below, "what does this touch?");
    expect(await rig.next("message")).toMatchObject({
      place: `${IN_ENG}/${at(receipt)}`,
      addressed: false,
      belowOwn: true,
    });
    ana.say(ana.openThread("#eng", "plans"), "lunch?");
    expect(await rig.next("message")).not.toHaveProperty("belowOwn");
    await rig.stop();
    ana.say(below, "and this?");
    // As if the process had died between the post and its receipt.
    const again = await adapter(simulator, { before: rig });
    expect(await again.next("message")).toMatchObject({ text: "and this?", belowOwn: true });
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

  test("O9: killed before a thread was opened -> it is opened then; said below the message where it could not be -> found there", async () => {
    const simulator = await discord();
    const rig = await adapter(simulator);
    const ana = simulator.as("ana");
    const root = ana.say("#eng", "@factory go");
    const { place } = await rig.next("message");
    // Claimed by a process that is gone; nothing was posted.
    const { receipt } = await rig.send(place, card(), { tries: 1 });
    expect(receipt.split("/")[0]).toBe(root);

    const other = ana.say("#eng", "@factory go too");
    const { place: below } = await rig.next("message");
    simulator.faults.order({ on: "threads.create", fault: { kind: "error", error: "50013" }, times: 0 });
    const first = await rig.send(below, text("said below"), { key: "below" });
    expect(first.receipt.split("/")[0]).toBe(ENG);
    await rig.stop();
    const again = await adapter(simulator, { before: rig });
    const second = await again.send(below, text("said below"), { key: "another nonce", tries: 1 });
    expect(second.receipt).toBe(first.receipt);
    expect(ana.messages("#eng").filter(({ replyTo }) => replyTo === other)).toHaveLength(1);
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
