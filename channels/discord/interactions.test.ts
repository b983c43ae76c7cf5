/** Presses, windows and commands, with discord.js on the simulated Discord. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { createManualClock } from "../../src/simulator/clock.ts";
import { cardOf } from "../../test/discord_adapter.ts";
import { ANA, byBot, wordsOf } from "../../test/discord_bot.ts";
import { adapter, at, card, closeAll, DAY_MS, discord, IN_ENG, SETTLED, text } from "./harness.test-support.ts";

afterEach(closeAll);

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

  test("an answer to one person alone whose receipt was lost with the process is said once, and one that never came is filled in", async () => {
    const clock = createManualClock();
    const simulator = await discord({ clock });
    const folder = mkdtempSync(join(tmpdir(), "discord-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const repliesFile = join(folder, "replies");
    const first = await adapter(simulator, { repliesFile });
    const ana = simulator.as("ana");
    const answer = text("Started **deploy**", ANA);
    await ana.command("#eng", "workflow run", { name: "deploy", inputs: "version=1.2" });
    const run = await first.next("command");
    const { receipt } = await first.send(run.place, answer, { key: first.keyOf(run) });
    await ana.command("#eng", "pending");
    const pending = await first.next("command");
    await first.stop();
    expect(statSync(repliesFile).mode & 0o777).toBe(0o600);
    // The line at which a process ended is no reason to lose the others.
    appendFileSync(repliesFile, '{"inboundId":"half');

    const second = await adapter(simulator, { before: first, repliesFile });
    expect(await second.send(run.place, answer, { key: second.keyOf(run), tries: 1 })).toMatchObject({ receipt });
    // Another word to her finds no reply that may have its text already.
    await second.send(IN_ENG, text("You are on call.", ANA), { key: "other" });
    await second.send(pending.place, text("Nothing waits."), { key: second.keyOf(pending), tries: 1 });
    expect(ana.messages("#eng").map(({ text: words, ephemeral }) => [words, ephemeral])).toEqual([
      ["Started **deploy**", true],
      ["Nothing waits.", true],
    ]);
    expect(ana.messages("dm").map(({ text: words }) => words)).toEqual(["You are on call."]);

    await ana.command("#eng", "pending");
    const late = await second.next("command");
    await second.stop();
    await clock.advance(16 * 60_000);
    const third = await adapter(simulator, { before: second, repliesFile });
    expect(readFileSync(repliesFile, "utf8")).toBe("");
    await third.send(late.place, text("Too late."), { key: third.keyOf(late), tries: 1 });
    expect(ana.messages("dm").at(-1)).toMatchObject({ text: "Too late." });
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
