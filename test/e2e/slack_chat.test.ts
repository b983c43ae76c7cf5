/** Conversation and connections in Slack, end to end: the real bot as a process, Slack's own client libraries, the simulated workspace. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { functions } from "../../src/bot/backend.ts";
import type { SlackPerson } from "../../src/simulator/slack/index.ts";
import { as, byBot, eventually, type SlackBot, startSlackBot } from "../slack_bot.ts";
import { ask, YES_NO } from "./slack_workflows.ts";

const WORKFLOWS = [
  ask("plain", YES_NO),
  ask("inputs", YES_NO, {
    inputs: {
      type: "object",
      properties: { version: { type: "string" }, count: { type: "integer" } },
      required: ["version", "count"],
    },
  }),
];

let world: SlackBot;
let ana: SlackPerson;
let bob: SlackPerson;
beforeAll(async () => {
  world = await startSlackBot({ workflows: WORKFLOWS });
  ana = world.slack.as("ana");
  bob = world.slack.as("bob");
}, 60_000);
afterAll(async () => await world?.dispose());
beforeEach(() => world.slack.faults.clear());

/** All that was said under a key, oldest first. */
const history = (threadKey: string) => world.backend.query(functions.conversations.history, { threadKey, limit: 50 });
const heard = async (threadKey: string) =>
  (await history(threadKey)).filter(({ role }) => role === "user").map(({ text }) => text.replace("[ana] ", ""));
/** Nothing under way: a turn that is killed is taken up again only when its lease runs out. */
const idle = async (place: string) =>
  await eventually(`rest at ${place}`, async () => {
    const busy = await world.backend.query(functions.conversations.busy, { place });
    return busy.openTurns + busy.readyDeliveries === 0;
  });
const plain = (text: string) => text.replaceAll(/[*_`•\-\s\u200b]/g, "");

test("C1: messages of one thread are one conversation in their order; another thread is another", async () => {
  const root = ana.say("#eng", "@factory what is the status?");
  await eventually("a reply in the thread", () => byBot(ana.messages("#eng", { thread: root }))[0]);
  ana.say("#eng", "and since when?", { thread: root });
  await eventually("two replies", () => byBot(ana.messages("#eng", { thread: root }))[1]);
  const other = ana.say("#eng", "@factory hello");
  await eventually("a reply there", () => byBot(ana.messages("#eng", { thread: other }))[0]);
  const said = (await history(`slack:CENG/${root}`)).filter(({ role }) => role === "user").map(({ text }) => text);
  expect(said).toEqual(["[ana] what is the status?", "[ana] and since when?"]);
  expect((await history(`slack:CENG/${other}`)).filter(({ role }) => role === "user")).toHaveLength(1);
  // The answers stand in the threads, not in the channel.
  expect(byBot(ana.messages("#eng")).filter(({ ts }) => ts !== root && ts !== other)).toEqual([]);
});

test("C1: what people say to one another in other threads is not heard", async () => {
  const root = bob.say("#eng", "lunch?");
  ana.say("#eng", "yes", { thread: root });
  const marker = ana.say("dm", "hello");
  await eventually("the reply to what came after it", () => byBot(ana.messages("dm")).find(({ ts }) => ts > marker));
  expect(byBot(ana.messages("#eng", { thread: root }))).toEqual([]);
  expect(await history(`slack:CENG/${root}`)).toEqual([]);
});

test("C5: the same event three times, one lost at first -> one message, one run", async () => {
  world.slack.faults.order({ on: "event:message", fault: { kind: "duplicate" }, times: 3 });
  world.slack.faults.order({ on: "event:app_mention", fault: { kind: "drop" } });
  const root = ana.say("#eng", "@factory workflow run plain");
  const replies = () => byBot(ana.messages("#eng", { thread: root }));
  await eventually("its start", () => replies().find(({ text }) => text.includes("Started")));
  await eventually("its question", () => replies().find(({ buttons }) => buttons.length > 0));
  await world.slack.quiet();
  expect(byBot(ana.messages("#eng", { thread: root })).filter(({ text }) => text.includes("Started"))).toHaveLength(1);
});

test("C6: edits, deletions, unfurls and the bot's own messages trigger nothing", async () => {
  const before = (await world.backend.query(functions.runs.list, { limit: 200 })).length;
  const ts = ana.say("#eng", "nothing for anybody");
  ana.edit("#eng", ts, "@factory workflow run plain");
  ana.unfurl("#eng", ts);
  ana.delete("#eng", ts);
  const marker = ana.say("dm", "hello again");
  await eventually("the reply to what came after it", () => byBot(ana.messages("dm")).find((one) => one.ts > marker));
  await world.slack.quiet();
  expect((await world.backend.query(functions.runs.list, { limit: 200 })).length).toBe(before);
});

test("C7: five quick messages are all heard, in their order", async () => {
  const texts = ["one", "two", "three", "four", "five"];
  const first = texts.map((text) => bob.say("dm", `count ${text}`))[0]!;
  await eventually("a reply", () => byBot(bob.messages("dm")).find(({ ts }) => ts > first));
  const heard = await eventually("all five", async () => {
    const lines = (await history("slack:DBOB")).filter(({ role, text }) => role === "user" && text.startsWith("count"));
    return lines.length === 5 ? lines.map(({ text }) => text) : null;
  });
  expect([...heard].sort()).toEqual(texts.map((text) => `count ${text}`).sort());
  await world.slack.quiet();
});

test("C8: a slash command is answered to one person only, its run's question is the channel's; delivered twice it starts one run", async () => {
  world.slack.faults.order({ on: "command:/workflow", fault: { kind: "duplicate" } });
  expect(await ana.command("#eng", "/workflow run plain")).toMatchObject({ ok: true });
  const reply = await eventually("a reply", () =>
    byBot(ana.messages("#eng")).find(({ ephemeral, text }) => ephemeral && text.includes("Started")),
  );
  const runId = /run ([a-z0-9]+)/.exec(reply.text)![1]!;
  await eventually("its question", () =>
    ana.messages("#eng").find(({ buttons, text }) => buttons.length > 0 && text.includes(runId)),
  );
  await world.slack.quiet();
  expect(ana.messages("#eng").filter(({ ephemeral, text }) => ephemeral && text.includes("Started"))).toHaveLength(1);
  expect(bob.messages("#eng").filter(({ ephemeral }) => ephemeral)).toEqual([]);
  await world.backend.mutation(functions.runs.cancel, {
    actor: as.ana,
    runId,
  });
});

test("C8: run without its inputs asks for them in a window, and what was typed starts the run", async () => {
  await ana.command("#eng", "/workflow run inputs");
  const window = await eventually("a window", () => ana.modal());
  expect(window.callbackId).toBe("workflow.run");
  await ana.submit({ "field.version": 'a "quoted" one', "field.count": "3" });
  const [run] = await eventually("the run", async () => {
    const runs = await world.backend.query(functions.runs.list, { limit: 20 });
    const found = runs.filter(({ workflow }) => workflow === "inputs");
    return found.length > 0 ? found : null;
  });
  expect(JSON.parse(run!.input)).toEqual({ version: 'a "quoted" one', count: 3 });
});

test("C9: a reply grows, and its final text is whole", async () => {
  const calls = world.slack.calls("chat.update").length;
  const marker = ana.say("dm", "help me: what can you do for me, in detail?");
  const key = await eventually("a complete reply", async () => {
    const lines = (await history("slack:DANA")).filter(({ role }) => role === "assistant");
    const reply = byBot(ana.messages("dm")).find(({ ts }) => ts > marker);
    const last = lines.at(-1)?.text ?? "";
    return reply?.text !== undefined && last !== "" && plain(reply.text).includes(plain(last)) ? reply.text : null;
  });
  expect(key.length).toBeGreaterThan(10);
  expect(world.slack.calls("chat.update").length - calls).toBeLessThan(40);
});

test("the Manager says something in a channel, and opens a topic where whoever replies talks with it", async () => {
  bob.say("dm", 'please post "the build is <!channel> green" in #support');
  const posted = await eventually("the post", () =>
    byBot(ana.messages("#support")).find(({ text }) => text.includes("green")),
  );
  expect(posted.text).toContain("the build is <!channel> green");
  expect(posted.text).toContain("for bob");
  bob.say("dm", "open a session in #support about the release");
  const { ts } = await eventually("the topic", () =>
    byBot(ana.messages("#support")).find(({ text }) => text.includes("the release")),
  );
  await eventually("its receipt", async () => {
    const busy = await world.backend.query(functions.conversations.busy, { place: "slack:#support" });
    return busy.readyDeliveries === 0;
  });
  ana.say("#support", "when is it due?", { thread: ts });
  await eventually("an answer", () => byBot(ana.messages("#support", { thread: ts })).find((one) => one.ts !== ts));
  const [first, second] = await history(`slack:CSUPPORT/${ts}`);
  expect(first).toMatchObject({ role: "assistant", text: expect.stringContaining("the release") });
  expect(second).toMatchObject({ role: "user", text: "[ana] when is it due?" });
});

test("connections that Slack renews or breaks lose nothing", async () => {
  const { socket } = world.slack;
  await socket.connected(2);
  socket.disconnect("refresh_requested");
  const first = ana.say("dm", "said while one is renewed");
  await eventually("a reply", () => byBot(ana.messages("dm")).find(({ ts }) => ts > first));
  socket.breakAll();
  const second = ana.say("dm", "said while none stands");
  await eventually("a reply", () => byBot(ana.messages("dm")).find(({ ts }) => ts > second));
  await socket.connected(2);
});

test("an envelope without an event does not end the bot", async () => {
  world.slack.socket.sendFrame({
    envelope_id: "e-1",
    type: "events_api",
    payload: { type: "app_rate_limited" },
    accepts_response_payload: false,
  });
  const marker = ana.say("dm", "still there?");
  await eventually("a reply", () => byBot(ana.messages("dm")).find(({ ts }) => ts > marker));
});

test("where Slack has a place for assistants: suggestions, thinking, and each conversation there is one of its own", async () => {
  const thread = ana.startAssistantThread();
  await eventually("suggestions", () => ana.prompts("dm", thread).length > 0);
  const [suggested] = ana.prompts("dm", thread);
  ana.say("dm", suggested!.message, { thread });
  await eventually("a reply there", () => byBot(ana.messages("dm", { thread }))[1]);
  expect(world.slack.calls("assistant.threads.setStatus").map(({ args }) => args)).toMatchObject([
    { channel_id: "DANA", thread_ts: thread, status: "is thinking…" },
  ]);
  expect(ana.status("dm", thread)).toBeNull();
  expect(await heard(`slack:DANA/${thread}`)).toEqual([suggested!.message]);
  expect(await heard("slack:DANA")).not.toContain(suggested!.message);
});

test("where it has none, an answer comes all the same and nobody is told", async () => {
  world.slack.faults.order({ on: "assistant.*", fault: { kind: "error", error: "missing_scope" }, times: 0 });
  const thread = ana.startAssistantThread();
  ana.say("dm", "hello", { thread });
  await eventually("a reply there", () => byBot(ana.messages("dm", { thread }))[1]);
  expect(ana.prompts("dm", thread)).toEqual([]);
  expect(ana.messages("dm", { thread }).filter(({ text }) => /scope|assistant\./.test(text))).toEqual([]);
});

test("/enrol gives its code to the one who asks alone", async () => {
  await ana.command("#eng", "/enrol sms");
  const told = await eventually("the code", () =>
    ana.messages("#eng").find(({ ephemeral, text }) => ephemeral && text.includes("to me by sms")),
  );
  expect(told.text).toMatch(/Send \S+ to me by sms within \d+ minutes: that account is ana's then/);
  expect(bob.messages("#eng").map(({ ts }) => ts)).not.toContain(told.ts);
});

test('S4: "why did run X fail?" names the step and its error, by the workflow and by the id', async () => {
  const move = {
    type: "task",
    functionId: "tool::transitionTask",
    config: { task: "T99", status: "COMPLETE" },
    next: "done",
  };
  await world.install({ name: "broken", startNodeId: "move", nodes: { move, done: { type: "end" } } });
  const root = ana.say("#eng", "@factory workflow run broken");
  const replies = () => byBot(ana.messages("#eng", { thread: root })).map(({ text }) => plain(text));
  await eventually("the failure", () => replies().find((text) => text.includes("failed")));
  const [run] = await world.backend.query(functions.runs.list, { status: "failed", limit: 1 });
  for (const name of ["broken", run!.runId]) {
    const before = replies().length;
    ana.say("#eng", `@factory why did run ${name} fail?`, { thread: root });
    const said = await eventually("the answer", () =>
      replies()
        .slice(before)
        .find((text) => text.includes("failedatstep")),
    );
    expect(said).toContain("FromRunAnalysis");
    expect(said).toContain("failedatstepmove");
    expect(said).toContain('"thereisnotask"T99""(notfound)');
  }
});

test("C10: what was said while the bot was away is taken once after its start, in channels, threads and direct messages", async () => {
  const root = ana.say("#eng", "@factory hello");
  await eventually("a reply", () => byBot(ana.messages("#eng", { thread: root }))[0]);
  await idle(`slack:CENG/${root}`);
  const chat = ana.startAssistantThread();
  ana.say("dm", "hello", { thread: chat });
  await eventually("a reply there", () => byBot(ana.messages("dm", { thread: chat }))[1]);
  await idle(`slack:DANA/${chat}`);
  await world.kill();
  ana.say("dm", "said to nobody");
  ana.say("dm", "said in an older chat", { thread: chat });
  ana.say("#eng", "said in the thread", { thread: root });
  const mention = ana.say("#ops", "@factory said elsewhere");
  ana.edit("#ops", mention, "@factory said elsewhere, later");
  ana.say("#ops", "said to others");
  await world.again();
  await eventually("all replies", async () => {
    const lines = [await heard("slack:DANA"), await heard(`slack:CENG/${root}`), await heard(`slack:COPS/${mention}`)];
    return lines.every((one) => one.length > 0) && lines[1]!.length > 1;
  });
  await eventually("a reply there", () => byBot(ana.messages("#ops", { thread: mention }))[0]);
  await eventually("the older chat", async () => (await heard(`slack:DANA/${chat}`)).length > 1);
  expect(await heard(`slack:DANA/${chat}`)).toEqual(["hello", "said in an older chat"]);
  expect((await heard("slack:DANA")).filter((text) => text === "said to nobody")).toHaveLength(1);
  expect(await heard(`slack:CENG/${root}`)).toEqual(["hello", "said in the thread"]);
  expect(await heard(`slack:COPS/${mention}`)).toEqual(["said elsewhere, later"]);
}, 120_000);
