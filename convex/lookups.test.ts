// @vitest-environment edge-runtime
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { InboundEvent } from "../src/contract/inbound.ts";
import { zOutMessage } from "../src/contract/message.ts";
import { approve, at, end, type Graph, OWNER, startBackend } from "../test/runs.ts";
import { api } from "./_generated/api.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ANA = "slack:T1/UANA";
const ASKS: Graph = {
  name: "asks",
  title: "Asks",
  inputs: { type: "object", properties: { version: { type: "string" } } },
  startNodeId: "ask",
  nodes: { ask: approve("Go on?", "done", "done"), done: end() },
};

async function setup() {
  const backend = await startBackend();
  const { t } = backend;
  await t.mutation(api.people.add, { actor: OWNER, name: "ana", roles: [] });
  await t.mutation(api.people.link, { actor: OWNER, name: "ana", handle: ANA });
  await t.mutation(api.workflows.create, { actor: OWNER, source: JSON.stringify(ASKS), file: "asks.json" });
  const start = () =>
    t.mutation(api.runs.start, {
      ...{ actor: at(ANA), workflow: "asks", definition: null, input: "{}" },
      origin: { place: "slack:C1", threadKey: "slack:C1", private: false },
    });
  let count = 0;
  const receive = async (more: Partial<InboundEvent>) => {
    count += 1;
    const event = {
      ...{
        kind: "message",
        channel: "slack",
        eventId: `e${count}`,
        place: "slack:C1/1.000100",
        threadKey: "slack:C1/1.000100",
      },
      ...{
        private: false,
        sender: { handle: ANA, displayName: null },
        sentAt: count,
        messageId: `m${count}`,
        text: "hello",
      },
      ...more,
    };
    return await t.mutation(api.inbound.receive, { event: JSON.stringify(event) });
  };
  const stored = () => t.run((ctx) => ctx.db.query("inbound").collect());
  const said = () =>
    t.run(async (ctx) =>
      (await ctx.db.query("deliveries").collect()).map((row) => ({
        ...row,
        message: zOutMessage.parse(JSON.parse(row.message)),
      })),
    );
  return { ...backend, start, receive, stored, said };
}

describe("what adapters look up", () => {
  test("a question, a workflow and a home are one person's; a stranger sees nothing", async () => {
    const { t, start } = await setup();
    const run = await start();
    const [wait] = run.waitingFor;
    if (wait?.kind !== "approval") throw new Error("no question");
    const card = await t.query(api.lookups.card, { handle: ANA, approvalId: wait.approvalId });
    expect(card).toMatchObject({ question: "Go on?", options: ["yes", "no"], code: expect.any(String) });
    expect(await t.query(api.lookups.card, { handle: ANA, approvalId: "nothing" })).toBeNull();
    expect(await t.query(api.lookups.workflow, { handle: ANA, name: "asks" })).toMatchObject({
      title: "Asks",
      inputs: expect.stringContaining("version"),
    });
    expect(await t.query(api.lookups.workflow, { handle: ANA, name: "others" })).toBeNull();
    const home = await t.query(api.lookups.home, { handle: ANA });
    expect(home).toMatchObject({ person: "ana", questions: [{ question: "Go on?" }], runs: [{ title: "Asks" }] });

    const stranger = "slack:T1/UNOBODY";
    expect(await t.query(api.lookups.card, { handle: stranger, approvalId: wait.approvalId })).toBeNull();
    expect(await t.query(api.lookups.workflow, { handle: stranger, name: "asks" })).toBeNull();
    expect(await t.query(api.lookups.home, { handle: stranger })).toEqual({ person: null, questions: [], runs: [] });
  });

  test("C10: the cursor is each channel's own and never moves backwards", async () => {
    const { t } = await setup();
    const cursor = () => t.query(api.lookups.caughtUpTo, { channel: "slack" });
    expect(await cursor()).toBeNull();
    await t.mutation(api.lookups.markCaughtUp, { channel: "slack", at: 2000 });
    await t.mutation(api.lookups.markCaughtUp, { channel: "slack", at: 1000 });
    await t.mutation(api.lookups.markCaughtUp, { channel: "discord", at: 9000 });
    expect(await cursor()).toBe(2000);
  });

  test("C10: threads of conversations and cards of open questions are known", async () => {
    const { t, start, receive } = await setup();
    await start();
    await receive({});
    await t.run(async (ctx) => {
      const row = (await ctx.db.query("deliveries").collect()).find(({ approvalId }) => approvalId !== null)!;
      await ctx.db.patch("deliveries", row._id, { receipt: "C1/9.000100" });
      // An agent that works for this conversation: no platform knows of its thread.
      const { _id, _creationTime, ...conversation } = (await ctx.db.query("conversations").first())!;
      const origin = { place: conversation.key, threadKey: conversation.key, private: false };
      await ctx.db.insert("conversations", { ...conversation, key: "crew:prReview:x", agent: "prReview", origin });
    });
    expect(await t.query(api.lookups.knownPlaces, { channel: "slack" })).toMatchObject({
      threads: ["slack:C1/1.000100"],
      receipts: ["C1/9.000100"],
    });
  });
});

describe("open home pages", () => {
  test("are remembered by channel, the one opened last first, at most fifty", async () => {
    const { t } = await setup();
    const open = (handle: string, channel = "slack") => {
      vi.advanceTimersByTime(1_000);
      return t.mutation(api.lookups.homeOpened, { channel, handle });
    };
    await open("other:U1", "other");
    for (let count = 0; count < 52; count++) await open(`slack:T1/U${count}`);
    await open("slack:T1/U7");
    const listed = await t.query(api.lookups.openHomes, { channel: "slack" });
    expect(listed).toHaveLength(50);
    expect(listed.slice(0, 2)).toEqual(["slack:T1/U7", "slack:T1/U51"]);
    expect(listed).not.toContain("slack:T1/U1");
    expect(await t.run((ctx) => ctx.db.query("homes").collect())).toHaveLength(51);
    expect(await t.query(api.lookups.openHomes, { channel: "other" })).toEqual(["other:U1"]);
  });
});

describe("what is said in a shared place", () => {
  test("without naming the bot it counts only where the bot takes part, and is not kept elsewhere", async () => {
    const { t, receive, stored, said } = await setup();
    await receive({ addressed: false });
    expect(await stored()).toEqual([]);
    expect(await said()).toEqual([]);
    await receive({ text: "named" });
    await receive({ addressed: false, text: "and after that" });
    expect((await stored()).map(({ route }) => route)).toEqual(["conversation", "conversation"]);
    // Somebody unknown who talks to others there is not spoken to.
    await receive({ addressed: false, sender: { handle: "slack:T1/UNOBODY", displayName: null } });
    expect(await stored()).toHaveLength(2);
    expect((await said()).filter(({ key }) => key.startsWith("enrol:"))).toEqual([]);
    expect(await t.run((ctx) => ctx.db.query("conversations").collect())).toHaveLength(1);
  });

  test("B10: below a card it is a conversation that begins with the card's words", async () => {
    const { t, start, receive } = await setup();
    const run = await start();
    await t.run(async (ctx) => {
      const row = (await ctx.db.query("deliveries").collect()).find(({ approvalId }) => approvalId !== null)!;
      await ctx.db.patch("deliveries", row._id, { receipt: "C1/1.000100" });
    });
    await receive({ addressed: false, text: "what does this touch?" });
    const lines = await t.query(api.conversations.history, { threadKey: "slack:C1/1.000100", limit: 10 });
    expect(lines.map(({ role, text }) => [role, text])).toEqual([
      ["assistant", expect.stringContaining(`Go on?\nAsks · run ${run.runId}`)],
      ["user", "[ana] what does this touch?"],
    ]);
  });

  test("below a post of the bot's own it is heard before the post's receipt is stored", async () => {
    const { t, start, receive, stored } = await setup();
    await start();
    await receive({ addressed: false, belowOwn: true, text: "what does this touch?" });
    expect((await stored()).map(({ route }) => route)).toEqual(["conversation"]);
    expect(await t.run((ctx) => ctx.db.query("turns").collect())).toHaveLength(1);
    // Somebody unknown who talks to others there is not spoken to.
    await receive({ addressed: false, belowOwn: true, sender: { handle: "slack:T1/UNOBODY", displayName: null } });
    expect(await stored()).toHaveLength(1);
  });

  test("in a thread where only a command was answered it is heard, and the conversation begins with that answer", async () => {
    const { t, receive, stored } = await setup();
    await receive({ text: "/workflow list" });
    await receive({ addressed: false, text: "run the first" });
    expect((await stored()).map(({ route }) => route)).toEqual(["command", "conversation"]);
    const lines = await t.query(api.conversations.history, { threadKey: "slack:C1/1.000100", limit: 10 });
    expect(lines.map(({ role, text }) => [role, text])).toEqual([
      ["assistant", expect.stringContaining("asks")],
      ["user", "[ana] run the first"],
    ]);
  });

  test("what people said to one another before the bot was named there stays among them when it is read again", async () => {
    const { receive, stored } = await setup();
    const lunch = { addressed: false, text: "lunch?", sentAt: 1_000, messageId: "m1000" };
    await receive(lunch);
    await receive({ text: "named", sentAt: 2_000 });
    await receive({ ...lunch, eventId: "history:C1/m1000" });
    expect((await stored()).map(({ sentAt, route }) => [sentAt, route])).toEqual([[2_000, "conversation"]]);
    // What came late, but was said after that, is heard.
    await receive({ addressed: false, text: "and deploy?", sentAt: 3_000, eventId: "history:C1/m3000" });
    expect(await stored()).toHaveLength(2);
  });

  test("in a thread where one person alone was told something the others are not heard", async () => {
    const { receive, stored, said } = await setup();
    await receive({ kind: "command", command: "pending", text: "" } as Partial<InboundEvent>);
    expect((await said()).at(-1)?.message).toMatchObject({ onlyTo: ANA });
    await receive({ addressed: false, text: "lunch?" });
    expect((await stored()).map(({ route }) => route)).toEqual(["command"]);
  });

  test("C8: a platform's command is answered to one person, with that person's codes", async () => {
    const { start, receive, said } = await setup();
    await start();
    await receive({
      kind: "command",
      place: "slack:C1",
      threadKey: null,
      command: "pending",
      text: "",
    } as Partial<InboundEvent>);
    const list = (await said()).find(({ message }) => message.kind === "list");
    expect(list).toMatchObject({
      place: "slack:C1",
      message: { onlyTo: ANA, items: [{ key: expect.any(String), text: "Go on?" }] },
    });
    await receive({ text: "/pending" });
    const open = (await said()).findLast(({ message }) => message.kind === "list");
    expect(open?.message).toMatchObject({ items: [{ key: null, text: "Go on?" }] });
    expect(open?.message).not.toHaveProperty("onlyTo", ANA);
  });
});
