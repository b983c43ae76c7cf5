/** Socket Mode with the real Bolt and its SocketModeClient. */
import { afterEach, expect, test } from "vitest";
import { createManualClock } from "../../src/simulator/clock.ts";
import { boltSocket, closeAll, slack } from "./slack_clients.ts";

afterEach(closeAll);

test("what Ana says reaches Bolt, and what Bolt answers reaches Ana", async () => {
  const simulator = await slack();
  await boltSocket(simulator, (app) => {
    app.message("status", async ({ message, say }) => {
      await say({ text: "All well", thread_ts: message.ts });
    });
  });
  const ana = simulator.as("ana");
  const ts = ana.say("#eng", "status?");
  await expect
    .poll(() => ana.messages("#eng", { thread: ts }).map((message) => message.text))
    .toEqual(["status?", "All well"]);
  await simulator.quiet();
  expect(simulator.deliveries().every((entry) => entry.outcome === "acknowledged")).toBe(true);
});

test("an event without an acknowledgement is sent again after 3 s at once, after 1 and after 5 minutes, then given up", async () => {
  const clock = createManualClock();
  const simulator = await slack({ clock });
  const retries: unknown[] = [];
  const app = await boltSocket(simulator, () => {});
  const { client } = (app as unknown as { receiver: { client: import("node:events").EventEmitter } }).receiver;
  client.removeAllListeners("slack_event");
  client.on("slack_event", ({ body, retry_num, retry_reason }) =>
    retries.push([body.event_id, retry_num, retry_reason]),
  );
  simulator.as("ana").say("dm", "hello");
  await expect.poll(() => retries.length).toBe(1);
  await clock.advance(3_000);
  await expect.poll(() => retries.length).toBe(2);
  await clock.advance(3_000 + 60_000);
  await expect.poll(() => retries.length).toBe(3);
  await clock.advance(3_000 + 300_000);
  await expect.poll(() => retries.length).toBe(4);
  await clock.advance(3_600_000);
  await simulator.quiet();
  const [first] = retries as [string, number, string][];
  expect(retries).toEqual([
    [first![0], 0, ""],
    [first![0], 1, "timeout"],
    [first![0], 2, "timeout"],
    [first![0], 3, "timeout"],
  ]);
  expect(simulator.deliveries().at(-1)?.outcome).toBe("lost");
});
