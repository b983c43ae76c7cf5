/** Budgets: counted by month and project, warned of once, and at the limit no model is called; people's own acts go on. */
import { describe, expect, test, vi } from "vitest";
import { createBackend, until } from "../test/backend.ts";
import { createChat } from "../test/chat.ts";
import { answers, calls, model, says } from "../test/model_peer.ts";
import { as, OWNER } from "../test/runs.ts";
import { api, internal } from "./_generated/api.js";
import { monthOf } from "./model/budgets.ts";

/** The peer's replies use 1000 tokens in and 100 out each: half a cent. */
const PRICES = JSON.stringify({ "some/model": [3, 20] });

async function setup() {
  const backend = createBackend();
  const t = backend.gateway;
  vi.spyOn(console, "error").mockImplementation(() => {});
  await t.mutation(api.system.ensureOwner, { osUser: "root" });
  await t.mutation(api.people.add, { actor: OWNER, name: "Bob", roles: [] });
  await t.mutation(api.people.link, { actor: OWNER, name: "Bob", handle: "terminal:bob" });
  await t.mutation(api.projects.create, { actor: OWNER, name: "Apollo" });
  await t.mutation(api.tasks.create, { actor: OWNER, title: "fly", project: "Apollo" });
  await t.mutation(api.tasks.create, { actor: OWNER, title: "sail" });
  vi.stubEnv("FACTORY_MODEL_PRICES", PRICES);
  const set = (limitUsd: number | null, project: string | null = null) =>
    t.mutation(api.budgets.set, { actor: OWNER, project, limitUsd, warnAt: null });
  const show = async () => await t.query(api.budgets.show, { actor: OWNER, now: Date.now() });
  const told = async () =>
    (await t.run((ctx) => ctx.db.query("deliveries").collect()))
      .filter(({ key }) => key.startsWith("told:budget"))
      .map(({ message }) => (JSON.parse(message) as { text: string }).text);
  return {
    backend,
    t,
    set,
    show,
    told,
    bob: createChat(backend, "terminal:bob"),
    root: createChat(backend, "terminal:root"),
  };
}

describe("what was spent in a month", () => {
  test("counts for the factory, the person, and the project of the task that the turn worked on, from its first call on", async () => {
    const { t, show, bob } = await setup();
    await model(calls({ id: "c1", name: "assignTask", input: { task: "T1", assignee: "Bob" } }), says("Done."));
    await bob.ask("take it on");
    const [factory, apollo] = await show();
    expect(factory).toMatchObject({ project: null, spentUsd: 0.01, limitUsd: null, state: "none", calls: 2 });
    expect(apollo).toMatchObject({ project: "Apollo", spentUsd: 0.01, calls: 2 });
    const total = await t.run((ctx) => ctx.db.query("tokenTotals").collect());
    expect(total.find(({ kind }) => kind === "person")).toMatchObject({ calls: 2, costMicroUsd: 10_000 });
    vi.stubEnv("FACTORY_MODEL", "offline");
    expect((await bob.ask("costs by person")).join()).toContain("**Bob**: $0.0100 for 2 calls");
  });

  test("a run's steps count for the project that its input names", async () => {
    const { t, show } = await setup();
    await model(answers("SUMMARY"));
    await startSum(t, { project: "Apollo" });
    await until("it is counted", async () => (await show()).length === 2);
    expect((await show())[1]).toMatchObject({ project: "Apollo", spentUsd: 0.005, calls: 1 });
  });

  test("a month is a calendar month in UTC", () => {
    expect(monthOf(Date.UTC(2025, 10, 30, 23, 59))).toBe("2025-11");
    expect(monthOf(Date.UTC(2025, 11, 1))).toBe("2025-12");
  });

  test("what a model without a price used is said to be missing", async () => {
    const { set, show, bob } = await setup();
    await set(1);
    await model(says("Hello."));
    vi.stubEnv("FACTORY_MODEL_PRICES", "");
    await bob.ask("hello you");
    expect((await show())[0]).toMatchObject({ spentUsd: 0, unpricedCalls: 1, calls: 1 });
    vi.stubEnv("FACTORY_MODEL", "offline");
    expect((await bob.ask("how much did we spend?")).join()).toContain("without 1 call whose price is not known");
  });
});

describe("at the share and at the limit", () => {
  test("80 % -> the operators are told once, the agent is told; 100 % -> no model is called, with a reply that says what to do", async () => {
    const { t, set, show, told, bob } = await setup();
    await set(0.01);
    const requests = await model(says("One."), says("Two."));
    await t.mutation(internal.spend.record, { ...SPENT, costMicroUsd: 8000 });
    expect(await told()).toEqual([expect.stringContaining("The factory has used 80 % of its budget: $0.01 of $0.01")]);
    expect(await bob.ask("hello one")).toEqual(["One."]);
    expect(JSON.stringify(requests[0]?.messages)).toContain('\\"state\\":\\"warned\\"');
    expect(await told()).toHaveLength(2);
    const [refused] = await bob.ask("hello two");
    expect(refused).toMatch(
      /The factory has used its budget for \d{4}-\d\d: \$0\.01 of \$0\.01.*limit_reached.*root can raise it: factory budget set/s,
    );
    await bob.ask("hello three");
    expect(requests).toHaveLength(1);
    expect(await told()).toHaveLength(2);
    expect((await show())[0]).toMatchObject({ state: "stopped" });
    await set(5);
    expect(await bob.ask("hello four")).toEqual(["Two."]);
  });

  test("a project's budget stops its own work only: by the task or project a message names, and in the middle of a turn", async () => {
    const { t, set, bob } = await setup();
    await set(0.004, "Apollo");
    const requests = await model(
      calls({ id: "c1", name: "transitionTask", input: { task: "T1", status: "BLOCKED" } }),
      says("Hello."),
    );
    await t.mutation(api.tasks.assign, { actor: OWNER, task: "T1", assignee: "Bob" });
    const [first] = await bob.ask("that one is stuck");
    // The call is done and has its result; going on would cost the project more.
    expect(first).toContain("The project Apollo has used its budget");
    expect(requests).toHaveLength(1);
    for (const words of ["how far is T1?", "what about project apollo?", "tell me of the Apollo project"]) {
      expect((await bob.ask(words)).join()).toContain("The project Apollo has used its budget");
    }
    expect(requests).toHaveLength(1);
    expect(await bob.ask("how far is T2?")).toEqual(["Hello."]);
    expect(requests).toHaveLength(2);
  });

  test("answers and commands go on; a run's step fails with limit_reached", async () => {
    const { t, set, root } = await setup();
    await set(0.001);
    await t.mutation(internal.spend.record, { ...SPENT, costMicroUsd: 2000 });
    const requests = await model(answers("SUMMARY"));
    expect((await root.ask("/pending")).join()).not.toContain("budget");
    const { runId } = await startSum(t, {});
    await until("the run has ended", async () => (await t.query(api.runs.get, { runId }))?.status === "failed");
    const run = await t.query(api.runs.get, { runId });
    expect(run?.error).toContain("has used its budget");
    expect(requests).toHaveLength(0);
  });

  test("a model that costs nothing is never refused", async () => {
    const { t, set, bob } = await setup();
    await set(0.001);
    await t.mutation(internal.spend.record, { ...SPENT, costMicroUsd: 2000 });
    vi.stubEnv("FACTORY_MODEL", "offline");
    expect((await bob.ask("how much did we spend?")).join()).toMatch(
      /Budget of the factory for .*used up, no more work/,
    );
  });
});

describe("who sets it", () => {
  test("owners and admins only, by command only; no agent has a tool for it; recorded", async () => {
    const { t, set } = await setup();
    await expect(
      t.mutation(api.budgets.set, { actor: as("Bob"), project: null, limitUsd: 9, warnAt: null }),
    ).rejects.toThrow(/budgets.manage/);
    await set(5);
    await set(7);
    const [, changed] = (await t.run((ctx) => ctx.db.query("audit").collect())).filter(
      ({ kind }) => kind === "budget.set",
    );
    expect(JSON.parse(changed?.detail ?? "{}")).toMatchObject({ limitUsd: 7, before: 5 });
  });

  test.each([0, -1, Number.NaN, 2_000_000])("%d is no budget", async (limitUsd) => {
    const { set } = await setup();
    await expect(set(limitUsd)).rejects.toThrow(/not a budget/);
  });
});

const SPENT = {
  ...{ agent: "a", model: "m", provider: "p", inputTokens: 1, outputTokens: 1 },
  ...{ threadId: null, turnId: null, jobId: null },
};

async function startSum(t: Awaited<ReturnType<typeof setup>>["t"], input: object) {
  const graph = {
    name: "sum-up",
    startNodeId: "sum",
    nodes: { sum: { type: "task", prompt: "Sum up.", next: "done" }, done: { type: "end" } },
  };
  return await t.mutation(api.runs.start, {
    ...{ actor: OWNER, workflow: null, input: JSON.stringify(input), origin: null },
    definition: { source: JSON.stringify(graph), file: "sum-up.json" },
  });
}
