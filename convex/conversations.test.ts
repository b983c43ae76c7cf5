// @vitest-environment edge-runtime
import { describe, expect, test } from "vitest";
import { createBackend, until } from "../test/backend.ts";
import { createChat } from "../test/chat.ts";
import { OWNER } from "../test/runs.ts";
import { api, internal } from "./_generated/api.js";

async function setup() {
  const backend = createBackend();
  const t = backend.gateway;
  await t.mutation(api.system.ensureOwner, { osUser: "ana" });
  const person = async (name: string, ...roles: string[]) => {
    await t.mutation(api.people.add, { actor: OWNER, name, roles });
    await t.mutation(api.people.link, { actor: OWNER, name, handle: `terminal:${name}` });
    return createChat(backend, `terminal:${name}`);
  };
  const history = async (threadKey: string) =>
    (await t.query(api.conversations.history, { threadKey, limit: 100 })).map(({ role, text }) => `${role}: ${text}`);
  return { backend, t, ana: createChat(backend, "terminal:ana"), person, history };
}

describe("conversation", () => {
  test("a plain request does its work and is answered by one delivery, complete and final", async () => {
    const { t, ana } = await setup();
    const said = await ana.ask('create a task "fix the login page"');
    expect(said).toEqual([expect.stringContaining('Created **T1** "fix the login page"')]);
    expect(await ana.ask("list tasks")).toEqual([expect.stringContaining("**T1** fix the login page (backlog)")]);
    const deliveries = await t.run((ctx) => ctx.db.query("deliveries").collect());
    expect(deliveries.map((row) => row.final)).toEqual([true, true]);
  });

  test("C1: messages of one thread land in one agent thread in order, another thread is another", async () => {
    const { t, ana, history } = await setup();
    await ana.ask("create a task: one", { threadKey: "a" });
    await ana.ask("create a task: two", { threadKey: "a" });
    await ana.ask("create a task: elsewhere", { threadKey: "b" });
    await ana.ask("create a task: three", { threadKey: "a" });
    const users = (await history("a")).filter((line) => line.startsWith("user"));
    expect(users).toEqual(["user: create a task: one", "user: create a task: two", "user: create a task: three"]);
    expect((await history("a")).filter((line) => line.startsWith("assistant"))).toHaveLength(3);
    expect((await history("b")).filter((line) => line.startsWith("user"))).toEqual(["user: create a task: elsewhere"]);
    expect(await t.run((ctx) => ctx.db.query("conversations").collect())).toHaveLength(2);
  });

  test("C7: five quick texts while the model answers -> all five in the thread, one combined reply", async () => {
    const { t, ana, history } = await setup();
    await ana.type("hello");
    await until("the first turn is being answered", async () => {
      const [turn] = await t.run((ctx) => ctx.db.query("turns").collect());
      return turn?.leaseId != null;
    });
    for (const title of ["one", "two", "three", "four", "five"]) await ana.type(`create a task: ${title}`);
    const said = await ana.read();
    expect(said).toHaveLength(2);
    for (const title of ["one", "two", "three", "four", "five"]) expect(said[1]).toContain(`"${title}"`);
    const users = (await history("terminal:ana")).filter((line) => line.startsWith("user"));
    expect(users).toEqual(
      ["hello", "one", "two", "three", "four", "five"].map(
        (word, at) => `user: ${at === 0 ? word : `create a task: ${word}`}`,
      ),
    );
    expect((await t.query(api.tasks.list, {})).map((task) => task.title)).toEqual([
      "one",
      "two",
      "three",
      "four",
      "five",
    ]);
  });

  test("two people in one shared place: each is served with their own rights, in order", async () => {
    const { t, backend, person } = await setup();
    await person("viv", "viewer");
    const shared = { place: "slack:C1", channel: "terminal", threadKey: "slack:C1", private: false };
    const ana = createChat(backend, "terminal:ana", shared);
    const viv = createChat(backend, "terminal:viv", shared);
    await ana.type("create a task: mine");
    await viv.type("create a task: not allowed");
    const said = await viv.read();
    expect(said[0]).toContain('Created **T1** "mine"');
    expect(said[1]).toContain("That did not work");
    expect(await t.query(api.tasks.list, {})).toHaveLength(1);
  });

  test("a private place is one person's; a shared place has a thread of its own", async () => {
    const { t, backend, ana, person } = await setup();
    const bo = await person("bo");
    await ana.ask("hello");
    await bo.ask("hello");
    await createChat(backend, "terminal:ana", { place: "slack:C1", channel: "terminal", private: false }).ask("hello");
    const rows = await t.run((ctx) => ctx.db.query("conversations").collect());
    expect(new Set(rows.map((row) => row.threadId)).size).toBe(3);
    expect(rows.map((row) => row.userId.split(":")[0])).toEqual(["person", "person", "place"]);
  });

  test("what was asked in private is not said aloud where others read along, nor told to the model there", async () => {
    const { t, backend, ana } = await setup();
    const source = JSON.stringify({
      name: "raise",
      startNodeId: "ask",
      nodes: {
        ask: {
          type: "approval",
          question: "Raise Bo's pay?",
          options: ["yes", "no"],
          approvers: ["person:ana"],
          next: { yes: "end", no: "end" },
        },
        end: { type: "end" },
      },
    });
    await t.mutation(api.workflows.create, { actor: OWNER, source, file: "raise.json" });
    await ana.ask("/workflow run raise");
    expect((await ana.ask("what is waiting for me?")).join()).toContain("Raise Bo's pay?");
    const shared = { place: "slack:C1", channel: "terminal", threadKey: "slack:C1", private: false };
    const said = (await createChat(backend, "terminal:ana", shared).ask("what is waiting for me?")).join();
    expect(said).toContain("asked in private");
    expect(said).not.toContain("Bo's pay");
    const turn = (await t.run((ctx) => ctx.db.query("turns").collect())).at(-1)!;
    const facts = await t.query(internal.agents.looks.facts, { turnId: turn._id });
    expect(turn.private).toBe(false);
    expect(facts).not.toContain("Bo's pay");
    expect(JSON.parse(facts)).toMatchObject({ questionsAskedInPrivate: 1, openQuestions: [] });
  });

  test("busy counts turns, deliveries and events of its place only", async () => {
    const { t, ana, person } = await setup();
    const bo = await person("bo");
    await bo.type("hello");
    expect(await t.query(api.conversations.busy, { place: ana.place })).toEqual({
      openTurns: 0,
      readyDeliveries: 0,
      inboundPending: 0,
    });
    expect(await t.query(api.conversations.busy, { place: bo.place })).toMatchObject({ openTurns: 1 });
    await bo.read();
    expect(await t.query(api.conversations.busy, { place: bo.place })).toMatchObject({
      openTurns: 0,
      readyDeliveries: 1,
    });
  });

  test("by telephone the greeting is one segment of 160 characters", async () => {
    const { t, backend } = await setup();
    await t.mutation(api.people.link, { actor: OWNER, name: "ana", handle: "sms:+15550100201" });
    const [greeting] = await createChat(backend, "sms:+15550100201").ask("hello");
    expect(greeting).toContain("Hello, I am the Factory Manager. I am offline");
    expect(greeting!.length).toBeLessThanOrEqual(160);
  });

  test("without a key the reply says that it is offline and which variable brings a real model", async () => {
    const { ana } = await setup();
    const [reply] = await ana.ask("what is the meaning of life?");
    expect(reply).toContain("offline");
    expect(reply).toContain("ANTHROPIC_API_KEY");
    expect(reply).toContain("create a task");
  });
});
