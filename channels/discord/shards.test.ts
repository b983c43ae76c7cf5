/** Several servers over as many shards as Discord asks for, with discord.js on the simulated gateway. */
import { afterEach, expect, test } from "vitest";
import type { DiscordSimulator } from "../../src/simulator/discord/index.ts";
import { ANA, ENG, eventually, seenIn } from "../../test/discord_bot.ts";
import { adapter, at, card, closeAll, discord } from "./harness.test-support.ts";

afterEach(closeAll);

/** Of the first shard of two, which has the direct messages too; the other server is of the second. */
const OTHER = "1000000000004194314";
const FAR = "1000000000000000301";
const OTHER_ENG = "1000000000000000302";

async function twoServers(): Promise<DiscordSimulator> {
  const simulator = await discord({ shards: 2 });
  const { guilds, channels } = simulator.world;
  const [guild] = guilds.values();
  guilds.put(OTHER, { ...guild!, id: OTHER, name: "Another" });
  for (const [id, name] of [
    [FAR, "far"],
    [OTHER_ENG, "eng"],
  ] as const)
    channels.put(id, { ...simulator.world.channel(ENG), id, name, guildId: OTHER });
  return simulator;
}

test("each server and the direct messages are heard once, and presses and commands are answered in both", async () => {
  const simulator = await twoServers();
  const rig = await adapter(simulator);
  expect(simulator.gateway.connected().map(({ shard }) => shard)).toEqual([
    [0, 2],
    [1, 2],
  ]);
  const ana = simulator.as("ana");
  ana.say("dm", "in private");
  ana.say(ENG, "@factory near");
  ana.say(FAR, "@factory far");
  await eventually("all three", () => rig.events.length >= 3);
  expect(rig.events.map((event) => event.kind === "message" && event.text).sort()).toEqual([
    "far",
    "in private",
    "near",
  ]);
  for (const channel of [ENG, FAR]) {
    const { receipt } = await rig.send(`discord:${channel}`, card());
    expect(await ana.press(channel, at(receipt), "yes")).toMatchObject({ ok: true });
    expect(await rig.next("action")).toMatchObject({ place: `discord:${channel}`, option: "yes" });
    expect(await ana.command(channel, "pending")).toMatchObject({ ok: true });
    const asked = await rig.next("command");
    await rig.send(ANA, { kind: "text", text: `for ${channel}`, onlyTo: ANA }, { key: rig.keyOf(asked) });
    expect(ana.messages(channel).map(seenIn).join()).toContain(`for ${channel}`);
    expect(await ana.complete(channel, "workflow run", "name", "dep")).toMatchObject([{ value: "deploy" }]);
  }
});

test("one shard loses its line -> the other goes on hearing, and nothing is lost; the channel is connected when both are", async () => {
  const simulator = await twoServers();
  const rig = await adapter(simulator);
  const ana = simulator.as("ana");
  expect(rig.adapter.connected?.()).toBe(true);
  simulator.gateway.disconnect(1001, 1);
  ana.say(FAR, "@factory far");
  ana.say(ENG, "@factory near");
  await eventually("the loss", () => rig.adapter.connected?.() === false);
  await eventually("both", () => rig.events.length >= 2);
  await eventually("both shards", () => rig.adapter.connected?.());
  expect(rig.events.map((event) => event.kind === "message" && event.text).sort()).toEqual(["far", "near"]);
});

test("one shard is closed for good -> failed with the reason, while the other still hears and all can be told", async () => {
  const simulator = await twoServers();
  const rig = await adapter(simulator);
  simulator.gateway.disconnect(4011, 0);
  expect(await eventually("the reason", () => rig.adapter.failure?.())).toMatchObject({
    message: expect.stringContaining("4011"),
    remedy: expect.stringContaining("start the bot anew"),
  });
  expect(rig.adapter.connected?.()).toBe(false);
  simulator.as("ana").say(ENG, "@factory near");
  expect(await rig.next("message")).toMatchObject({ text: "near" });
  expect(await rig.send(`discord:${FAR}`, card())).toMatchObject({ ok: true });
});

test("what was said while the bot was away is fetched from every server", async () => {
  const simulator = await twoServers();
  const first = await adapter(simulator);
  const ana = simulator.as("ana");
  ana.say(ENG, "@factory heard");
  await first.next("message");
  await first.stop();
  ana.say(FAR, "@factory far");
  ana.say(ENG, "@factory near");
  const second = await adapter(simulator, { before: first });
  await eventually("both", () => second.events.length >= 3);
  expect(second.events.map((event) => event.kind === "message" && event.text)).toEqual(["heard", "far", "near"]);
});

test("two servers have a channel of that name -> refused with what to write instead; one has -> it is said there", async () => {
  const simulator = await twoServers();
  const rig = await adapter(simulator);
  expect(await rig.send("discord:#eng", card())).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining("several servers"), remedy: expect.stringContaining("channel's id") },
  });
  expect((await rig.send("discord:#far", card())).receipt.split("/")[0]).toBe(FAR);
});
