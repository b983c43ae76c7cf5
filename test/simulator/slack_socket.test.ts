/** Socket Mode with the real Bolt and its SocketModeClient. */
import { EventEmitter } from "node:events";
import type { App } from "@slack/bolt";
import { afterEach, expect, test } from "vitest";
import { createManualClock } from "../../src/simulator/clock.ts";
import { boltSocket, closeAll, slack, soon } from "./slack_clients.ts";

afterEach(closeAll);

/** Bolt's client below Bolt: nothing is acknowledged but by the test. */
function bare(app: App): EventEmitter {
  const { client } = (app as unknown as { receiver: { client: EventEmitter } }).receiver;
  client.removeAllListeners("slack_event");
  return client;
}

test("what Ana says reaches Bolt, and what Bolt answers reaches Ana", async () => {
  const simulator = await slack();
  await boltSocket(simulator, (app) => {
    app.message("status", async ({ message, say }) => {
      await say({ text: "All well", thread_ts: message.ts });
    });
  });
  const ana = simulator.as("ana");
  const ts = ana.say("#eng", "status?");
  await soon(() => ana.messages("#eng", { thread: ts }).map((message) => message.text)).toEqual([
    "status?",
    "All well",
  ]);
  await simulator.quiet();
  expect(simulator.deliveries().map(({ outcome, reason }) => [outcome, reason])).toEqual([
    ["acknowledged", null],
    ["acknowledged", null],
  ]);
});

test("a mention comes as two events with two ids and one ts; the bot's own messages and edits come as events too", async () => {
  const simulator = await slack();
  const seen: [string, string | undefined, string][] = [];
  await boltSocket(simulator, (app) => {
    app.use(async ({ body, next }) => {
      const { event } = body as unknown as { event: { type: string; subtype?: string; ts: string } };
      seen.push([event.type, event.subtype, event.ts]);
      await next();
    });
  });
  const ana = simulator.as("ana");
  const ts = ana.say("#eng", "@factory hi");
  ana.edit("#eng", ts, "@factory hello");
  ana.unfurl("#eng", ts);
  ana.delete("#eng", ts);
  await simulator.quiet();
  await soon(() => seen.length).toBe(5);
  expect(seen.map(([type, subtype]) => subtype ?? type)).toEqual([
    "message",
    "app_mention",
    "message_changed",
    "message_changed",
    "message_deleted",
  ]);
  expect(seen[0]?.[2]).toBe(seen[1]?.[2]);
  expect(new Set(simulator.deliveries().map((entry) => entry.id)).size).toBe(5);
});

test("an event without an acknowledgement is sent again after 3 s, after 1 and after 5 minutes, then given up", async () => {
  const clock = createManualClock();
  const simulator = await slack({ clock });
  const retries: [string, number, string][] = [];
  const client = bare(await boltSocket(simulator, () => {}));
  client.on("slack_event", ({ body, retry_num, retry_reason }) =>
    retries.push([body.event_id, retry_num, retry_reason]),
  );
  simulator.as("ana").say("dm", "hello");
  await soon(() => retries.length).toBe(1);
  await clock.advance(3_000);
  await soon(() => retries.length).toBe(2);
  await clock.advance(3_000 + 60_000);
  await soon(() => retries.length).toBe(3);
  await clock.advance(3_000 + 300_000);
  await soon(() => retries.length).toBe(4);
  await clock.advance(3_600_000);
  await simulator.quiet();
  const id = retries[0]![0];
  expect(retries).toEqual([
    [id, 0, ""],
    [id, 1, "timeout"],
    [id, 2, "timeout"],
    [id, 3, "timeout"],
  ]);
  expect(simulator.deliveries().at(-1)?.outcome).toBe("lost");
});

test("an event whose first delivery never came is taken from its retry; one that is doubled comes twice", async () => {
  const simulator = await slack();
  const seen: string[] = [];
  const ids = new Set<string>();
  const client = bare(await boltSocket(simulator, () => {}));
  client.on("slack_event", async ({ body, ack }) => {
    seen.push(body.event.text);
    ids.add(body.event_id);
    await ack();
  });
  simulator.faults.order({ on: "event:message", fault: { kind: "drop" }, where: { text: "first" } });
  simulator.faults.order({ on: "event:message", fault: { kind: "duplicate" }, where: { text: "second" } });
  simulator.faults.order({ on: "event:message", fault: { kind: "lose" }, where: { text: "third" } });
  simulator.faults.order({ on: "event:message", fault: { kind: "duplicate", newId: true }, where: { text: "fourth" } });
  for (const text of ["first", "second", "third", "fourth"]) simulator.as("ana").say("dm", text);
  await simulator.quiet();
  expect(seen.sort()).toEqual(["first", "fourth", "fourth", "second", "second"]);
  expect(ids.size).toBe(4);
  const outcomes = simulator.deliveries().map(({ retry, outcome }) => `${retry} ${outcome}`);
  expect(outcomes.sort()).toEqual(["0 acknowledged", "0 acknowledged", "0 lost", "0 retried", "1 acknowledged"]);
});

test("each envelope goes to one of the connections; what a broken one held goes to another at once", async () => {
  const simulator = await slack();
  const counts = [0, 0];
  const held = Promise.withResolvers<void>();
  for (const which of [0, 1]) {
    const client = bare(await boltSocket(simulator, () => {}));
    client.on("slack_event", async ({ ack }) => {
      counts[which]!++;
      if (counts[0]! + counts[1]! <= 20) await ack();
      else held.resolve();
    });
  }
  expect(simulator.socket.connections()).toBe(2);
  for (let count = 0; count < 20; count++) simulator.as("ana").say("dm", `${count}`);
  await simulator.quiet();
  expect(counts[0]! + counts[1]!).toBe(20);
  expect(Math.min(...counts)).toBeGreaterThan(0);

  simulator.faults.order({ on: "event:message", fault: { kind: "disconnect" } });
  simulator.as("ana").say("dm", "held");
  await held.promise;
  await soon(() => simulator.deliveries().map(({ reason }) => reason)).toContain("connection_failed");
});

test("told to renew its connection the client comes back, and what is said then arrives", async () => {
  const simulator = await slack();
  const seen: string[] = [];
  const app = await boltSocket(simulator, (prepared) => {
    prepared.message(async ({ message }) => void seen.push((message as { text: string }).text));
  });
  const { client } = (app as unknown as { receiver: { client: EventEmitter & { clientPingTimeoutMS: number } } })
    .receiver;
  // Its wait before it connects again; afterwards its patience with the server, so only for that moment.
  const patienceMs = client.clientPingTimeoutMS;
  client.clientPingTimeoutMS = 10;
  client.once("reconnecting", () => {
    client.clientPingTimeoutMS = patienceMs;
  });
  simulator.socket.disconnect("refresh_requested");
  await soon(() => simulator.calls("apps.connections.open").length).toBe(2);
  await simulator.socket.connected();
  simulator.as("ana").say("dm", "still there?");
  await soon(() => seen).toEqual(["still there?"]);
});

test("an address of apps.connections.open is good for one connection, an eleventh connection is sent away", async () => {
  const simulator = await slack();
  const address = async () => {
    const headers = { authorization: `Bearer ${simulator.appToken}` };
    const response = await fetch(`${simulator.apiUrl}apps.connections.open`, { method: "POST", headers });
    return ((await response.json()) as { url: string }).url;
  };
  const hear = async (url: string) => {
    const socket = new WebSocket(url);
    const { promise, resolve } = Promise.withResolvers<{ type: string; reason?: string }>();
    socket.onmessage = ({ data }) => resolve(JSON.parse(String(data)));
    socket.onerror = () => resolve({ type: "refused" });
    return await promise;
  };
  const first = await address();
  expect(await hear(first)).toMatchObject({ type: "hello" });
  expect(await hear(first)).toEqual({ type: "refused" });
  for (let count = 1; count < 10; count++) await hear(await address());
  expect(await hear(await address())).toMatchObject({ type: "disconnect", reason: "too_many_websockets" });
});

test("what was not acknowledged when the simulator ended is sent after its restart; what was said is still there", async () => {
  const { mkdtempSync, rmSync } = await import("node:fs");
  const folder = mkdtempSync("/tmp/simulated-slack-");
  const file = `${folder}/simulator.db`;
  const first = await slack({ file });
  const ts = first.as("ana").say("#eng", "before");
  const { url, botToken, signingSecret } = first;
  await first.quiet();
  await first.close();
  const clock = createManualClock(Date.now() + 61_000);
  const second = await slack({ file, clock });
  expect([second.url, second.botToken, second.signingSecret]).toEqual([url, botToken, signingSecret]);
  const client = new EventEmitter();
  await boltSocket(second, (app) => {
    app.message(async ({ message }) => void client.emit("said", message.ts));
  });
  const heard = new Promise((done) => client.once("said", done));
  await clock.advance(0);
  expect(await heard).toBe(ts);
  expect(second.as("bob").messages("#eng")).toMatchObject([{ text: "before" }]);
  rmSync(folder, { recursive: true });
});
