/** The simulated gateway as discord.js speaks it: sessions begin, break, go on and end as with the real one. */
import { Client, Events, GatewayIntentBits } from "discord.js";
import { afterEach, expect, test } from "vitest";
import { closeAll, connected, discord } from "./discord_clients.ts";

afterEach(closeAll);
const ENG = "1000000000000000201";

test("identified -> ready with its servers and channels", async () => {
  const simulator = await discord();
  const { client } = await connected(simulator);
  expect(client.user?.username).toBe("factory");
  expect(client.guilds.cache.map(({ name }) => name)).toEqual(["Simulated"]);
  expect(client.channels.cache.map((channel) => "name" in channel && channel.name)).toEqual(["eng", "ops", "support"]);
});

test("the line breaks -> resumed, nothing is lost and nothing comes twice", async () => {
  const simulator = await discord();
  const { until } = await connected(simulator);
  const ana = simulator.as("ana");
  ana.say("dm", "one");
  await until("one");
  simulator.gateway.cut();
  ana.say("dm", "two");
  ana.say("dm", "three");
  expect(await until("three")).toEqual(["one", "two", "three"]);
  // Sent into a line that was dead already.
  simulator.faults.order({ on: "event:MESSAGE_CREATE", fault: { kind: "drop" } });
  ana.say("dm", "four");
  ana.say("dm", "five");
  expect(await until("five")).toEqual(["one", "two", "three", "four", "five"]);
});

test("asked to reconnect -> resumed", async () => {
  const simulator = await discord();
  const { client, until } = await connected(simulator);
  const resumed = new Promise((done) => client.once(Events.ShardResume, (_, events) => done(events)));
  simulator.gateway.askReconnect();
  simulator.as("ana").say("dm", "meanwhile");
  await until("meanwhile");
  expect(await resumed).toBeGreaterThan(0);
});

test("a bad token and an intent that the portal has not allowed are refused", async () => {
  const simulator = await discord();
  simulator.world.settings.messageContent = false;
  const { MessageContent, Guilds } = GatewayIntentBits;
  await expect(connected(simulator, [Guilds, MessageContent])).rejects.toThrow("disallowed intents");
  const stranger = new Client({ intents: [], rest: { api: simulator.apiUrl as `https://${string}` } });
  await expect(stranger.login("a.b.c")).rejects.toThrow("invalid token");
  await stranger.destroy();
});

test("without the message content intent only mentions, direct messages and its own words can be read", async () => {
  const simulator = await discord();
  const { until } = await connected(simulator);
  const ana = simulator.as("ana");
  ana.say("#eng", "to the others");
  ana.say("#eng", "@factory to the bot");
  ana.say("dm", "in private");
  expect((await until("in private")).slice(0, 3)).toEqual(["", "<@1000000000000000001> to the bot", "in private"]);
});

test("several shards hear the servers that are theirs, and one of them the direct messages", async () => {
  const simulator = await discord({ shards: 2 });
  const other = "1000000000004194314";
  const guild = simulator.world.guilds.values()[0]!;
  simulator.world.guilds.put(other, { ...guild, id: other, name: "Another" });
  simulator.world.channels.put("1000000000000000301", {
    ...simulator.world.channel(ENG),
    id: "1000000000000000301",
    name: "far",
    guildId: other,
  });
  const { client, until, messages } = await connected(simulator);
  expect(client.ws.shards.size).toBe(2);
  expect(new Set(client.guilds.cache.map(({ shardId }) => shardId))).toEqual(new Set([0, 1]));
  const ana = simulator.as("ana");
  ana.say("#far", "@factory far away");
  ana.say("#eng", "@factory near");
  ana.say("dm", "in private");
  await until("in private");
  await until("<@1000000000000000001> far away");
  expect(messages).toHaveLength(3);
});
