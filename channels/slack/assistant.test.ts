import { afterEach, beforeEach, expect, test } from "vitest";
import type { InboundEvent } from "../../src/contract/inbound.ts";
import { createSlackSimulator, type SlackSimulator } from "../../src/simulator/slack/index.ts";
import { createAssistant } from "./assistant.ts";
import { PROMPTS } from "./manifest.ts";
import { createWeb } from "./web.ts";

let slack: SlackSimulator;
let now = 0;
beforeEach(async () => {
  now = 1_000;
  slack = await createSlackSimulator({ rateLimits: false });
});
afterEach(async () => await slack.close());

const start = () => {
  const web = createWeb(slack.botToken, slack.apiUrl, () => {});
  return { web, assistant: createAssistant({ web, now: () => now, log: () => {} }) };
};
const said = (place: string, more: Partial<InboundEvent> = {}): InboundEvent =>
  ({
    ...{ kind: "message", channel: "slack", eventId: "e1", place, threadKey: place, private: true },
    ...{ sender: { handle: "slack:TSIM/UANA", displayName: null }, sentAt: 0, messageId: "1", text: "hello" },
    ...more,
  }) as InboundEvent;
const calls = () => slack.calls("assistant.threads.setStatus").length;

test("a new conversation shows what one may ask, and what is asked there is being thought about until something is said", async () => {
  const { web, assistant } = start();
  const ana = slack.as("ana");
  const threadTs = ana.startAssistantThread();
  await assistant.opened({ channel: "DANA", threadTs });
  expect(ana.prompts("dm", threadTs)).toEqual(PROMPTS);
  const place = `slack:DANA/${threadTs}`;
  assistant.thinking(said(place));
  await assistant.settled(place);
  expect(ana.status("dm", threadTs)).toBe("is thinking…");
  await web.chat.postMessage({ channel: "DANA", thread_ts: threadTs, text: "here it is" });
  expect(ana.status("dm", threadTs)).toBeNull();
});

test("what is said in a channel, outside of a thread, as a command or by a button is not thought about", async () => {
  const { assistant } = start();
  const threadTs = slack.as("ana").startAssistantThread();
  const place = `slack:DANA/${threadTs}`;
  for (const event of [
    said("slack:TSIM/UANA"),
    said(`slack:CENG/${threadTs}`, { private: false }),
    said(place, { text: "/pending" } as Partial<InboundEvent>),
    said(place, { kind: "action" } as Partial<InboundEvent>),
  ]) {
    assistant.thinking(event);
    await assistant.settled(event.place);
  }
  expect(calls()).toBe(0);
});

test("where the workspace refuses it, it is asked once, and again after ten minutes", async () => {
  const { assistant } = start();
  const threadTs = slack.as("ana").startAssistantThread();
  const place = `slack:DANA/${threadTs}`;
  slack.state.installation.botScopes = slack.state.installation.botScopes.filter(
    (scope) => scope !== "assistant:write",
  );
  await assistant.opened({ channel: "DANA", threadTs });
  expect(slack.calls("assistant.threads.setSuggestedPrompts").map(({ outcome }) => outcome)).toEqual(["missing_scope"]);
  assistant.thinking(said(place));
  await assistant.settled(place);
  expect(calls()).toBe(0);
  now += 10 * 60_000;
  assistant.thinking(said(place));
  await assistant.settled(place);
  expect(calls()).toBe(1);
});

test("a thread that is not the assistant's, and Slack's own trouble, say nothing about other threads", async () => {
  const { assistant } = start();
  const place = `slack:DANA/${slack.as("ana").startAssistantThread()}`;
  slack.faults.order({ on: "assistant.threads.setStatus", fault: { kind: "status", status: 500 } });
  slack.faults.order({ on: "assistant.threads.setStatus", fault: { kind: "error", error: "thread_not_found" } });
  for (let round = 0; round < 3; round++) {
    assistant.thinking(said(place));
    await assistant.settled(place);
  }
  expect(slack.calls("assistant.threads.setStatus").map(({ outcome }) => outcome)).toEqual([
    "500",
    "thread_not_found",
    "ok",
  ]);
});
