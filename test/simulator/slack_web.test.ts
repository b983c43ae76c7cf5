/** The Web API with the real WebClient. */
import { afterEach, expect, test } from "vitest";
import { closeAll, slack, web } from "./slack_clients.ts";

afterEach(closeAll);

test("who the token is, and where it may talk", async () => {
  const simulator = await slack();
  const client = web(simulator);
  expect(await client.auth.test()).toMatchObject({ ok: true, team_id: "TSIM", user_id: "UBOT", bot_id: "BBOT" });
  const { channels } = await client.conversations.list({ types: "public_channel,im" });
  expect(channels?.map((channel) => channel.name ?? channel.user)).toEqual(["eng", "ops", "support", "UANA", "UBOB"]);
});

test("a message is posted, found by its metadata, edited and deleted", async () => {
  const simulator = await slack();
  const client = web(simulator);
  const metadata = { event_type: "factory", event_payload: { key: "k1" } };
  const posted = await client.chat.postMessage({ channel: "#eng", text: "one", metadata });
  expect(posted).toMatchObject({ ok: true, channel: "CENG", message: { text: "one", user: "UBOT", metadata } });
  const found = await client.conversations.history({ channel: "CENG", include_all_metadata: true });
  expect(found.messages).toMatchObject([{ ts: posted.ts, metadata }]);
  await client.chat.update({ channel: "CENG", ts: posted.ts!, text: "two" });
  const [drawn] = simulator.as("bob").messages("#eng");
  expect([drawn?.text, drawn?.edited]).toEqual(["two", true]);
  await client.chat.delete({ channel: "CENG", ts: posted.ts! });
  expect(simulator.as("bob").messages("#eng")).toEqual([]);
});
