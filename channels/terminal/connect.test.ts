import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { InboundEvent } from "../../src/contract/inbound.ts";
import { connect } from "./connect.ts";
import type { ConsoleEvents } from "./console.ts";
import { createIds } from "./ids.ts";

/** A pipe whose replies come when the test says so. */
function piped() {
  const steps: string[] = [];
  const replies: PromiseWithResolvers<void>[] = [];
  let events: ConsoleEvents | null = null;
  connect({
    open: (given) => {
      events = given;
      return { columns: 80, print: (lines) => void steps.push(...lines), grow() {}, close() {} };
    },
    speaker: { channel: "cli", handle: "terminal:ana", displayName: "ana", place: "cli:ana/1", threadKey: null },
    ids: createIds(),
    inbox: {
      receive: async (event: InboundEvent) => {
        if (event.kind === "message" || event.kind === "command") steps.push(event.text);
        return { stored: true, inboundId: "i" };
      },
      report: async () => {},
    },
    answered: () => {
      const reply = Promise.withResolvers<void>();
      replies.push(reply);
      return reply.promise;
    },
    onEnd: () => void steps.push("end"),
  });
  return { steps, replies, events: events! as ConsoleEvents };
}

async function settle() {
  for (let i = 0; i < 5; i++) await turn();
}

test("a line is sent when the one before has been answered, and it ends after the last answer", async () => {
  const { steps, replies, events } = piped();
  events.line("one");
  events.line("two");
  events.end();
  await settle();
  expect(steps).toEqual(["one"]);
  replies[0]!.resolve();
  await settle();
  expect(steps).toEqual(["one", "two"]);
  replies[1]!.resolve();
  await settle();
  expect(steps).toEqual(["one", "two", "end"]);
});

test("an answer that cannot be waited for does not hold back the next line", async () => {
  const { steps, replies, events } = piped();
  events.line("one");
  events.line("two");
  await settle();
  replies[0]!.reject(new Error("away"));
  await settle();
  expect(steps).toEqual(["one", "two"]);
});
