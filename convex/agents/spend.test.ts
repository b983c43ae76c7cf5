/** S6: what models use is kept by agent, run, task, model and person, can be read, and never stops a reply. */
import { describe, expect, test, vi } from "vitest";
import { createBackend, until } from "../../test/backend.ts";
import { createChat } from "../../test/chat.ts";
import { answers, calls, model, says } from "../../test/model_peer.ts";
import { OWNER } from "../../test/runs.ts";
import { api } from "../_generated/api.js";
import { costMicroUsd, priceOf } from "./model_prices.ts";
import { createUsageHandler } from "./usage.ts";

/** The peer's replies use 1000 tokens in and 100 out each: 0.003 + 0.002 dollars. */
const PRICES = JSON.stringify({ "some/model": [3, 20] });

async function setup() {
  const backend = createBackend();
  const t = backend.gateway;
  await t.mutation(api.system.ensureOwner, { osUser: "ana" });
  vi.stubEnv("FACTORY_MODEL_PRICES", PRICES);
  const events = () => t.run((ctx) => ctx.db.query("tokenEvents").collect());
  const offline = () => vi.stubEnv("FACTORY_MODEL", "offline");
  return { t, ana: createChat(backend, "terminal:ana"), events, offline };
}

describe("S6: what language models use", () => {
  test("each generation is an event with its turn, person, thread, model and cost; its task once the turn has one", async () => {
    const { t, ana, events } = await setup();
    await model(calls({ id: "c1", name: "createTask", input: { title: "count me" } }), says("I created T1."));
    await ana.ask("please note that down");
    const turn = (await t.run((ctx) => ctx.db.query("turns").collect()))[0]!;
    const rows = await events();
    expect(rows).toHaveLength(2);
    for (const row of rows) {
      expect(row).toMatchObject({
        ...{ agent: "factoryManager", model: "some/model", inputTokens: 1000, outputTokens: 100 },
        ...{ costMicroUsd: 5000, turnId: turn._id, personId: turn.personId, task: "T1", runId: null },
        threadId: expect.any(String),
      });
    }
  });

  test("cost by agent, model and task is told when asked", async () => {
    const { ana, offline } = await setup();
    await model(calls({ id: "c1", name: "createTask", input: { title: "count me" } }), says("I created T1."));
    await ana.ask("please note that down");
    offline();
    const twoCalls = "$0.0100 for 2 calls (2000 tokens in, 200 out)";
    expect((await ana.ask("what did T1 cost?")).join()).toContain(`**T1**: ${twoCalls}`);
    expect((await ana.ask("costs by model")).join()).toContain(`**some/model**: ${twoCalls}`);
    expect((await ana.ask("how much did we spend?")).join()).toContain("**Factory Manager**: $0.0100");
    expect((await ana.ask("what did T9 cost?")).join()).toContain("Nothing was used by that task");
  });

  test("a workflow's task counts for its run, its agent and the person who started it", async () => {
    const { t, ana, events, offline } = await setup();
    await model(answers("SUMMARY"));
    const graph = {
      name: "sum-up",
      startNodeId: "sum",
      nodes: { sum: { type: "task", prompt: "Sum up.", next: "done" }, done: { type: "end" } },
    };
    const { runId } = await t.mutation(api.runs.start, {
      ...{ actor: OWNER, workflow: null, input: "{}", origin: null },
      definition: { source: JSON.stringify(graph), file: "sum-up.json" },
    });
    await until("the step is done", async () => (await events()).length > 0);
    expect(await events()).toMatchObject([{ agent: "stepExecutor", runId, costMicroUsd: 5000, turnId: null }]);
    offline();
    expect((await ana.ask("costs per run")).join()).toMatch(/sum-up \(run \w+\)\*\*: \$0\.0050 for 1 call /);
  });

  test("a model without a known price is counted, and the answer says that its cost is missing", async () => {
    const { ana, events, offline } = await setup();
    await model(says("Hello."));
    vi.stubEnv("FACTORY_MODEL_PRICES", "");
    await ana.ask("hello there, you");
    expect(await events()).toMatchObject([{ costMicroUsd: null, inputTokens: 1000 }]);
    offline();
    expect((await ana.ask("how much did we spend?")).join()).toContain("without the 1 whose model has no known price");
  });

  test("what cannot be kept is logged and stops nothing", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    type Handler = ReturnType<typeof createUsageHandler>;
    const ctx = { runMutation: async () => Promise.reject(new Error("the store is full")) };
    const used = { usage: { inputTokens: 1, outputTokens: 1 }, model: "m", provider: "p", threadId: "t" };
    await createUsageHandler("factoryManager")(
      // Only these are used.
      ctx as unknown as Parameters<Handler>[0],
      used as unknown as Parameters<Handler>[1],
    );
    expect(warned).toHaveBeenCalledWith(expect.stringContaining("the store is full"));
    warned.mockRestore();
  });
});

describe("prices", () => {
  const usage = (input: number, output: number, cacheRead = 0, cacheWrite = 0) =>
    ({
      ...{ inputTokens: input, outputTokens: output },
      inputTokenDetails: { cacheReadTokens: cacheRead, cacheWriteTokens: cacheWrite },
    }) as unknown as Parameters<typeof costMicroUsd>[1];

  test.each([
    ["anthropic/claude-sonnet-4-5-20250929", 3, 15],
    ["claude-sonnet-4-5-20250929", 3, 15],
    ["claude-haiku-4-5", 1, 5],
    ["anthropic/claude-sonnet-5.5", 2, 10],
    ["openai/text-embedding-3-small", 0.02, 0],
    ["offline", 0, 0],
  ])("%s", (id, input, output) => {
    expect(priceOf(id, {})).toEqual({ input, output });
  });

  test("an unknown model has no price; one's own table goes first; a table that cannot be read counts as none", () => {
    expect(priceOf("toString", {})).toBeNull();
    expect(priceOf("some/model", {})).toBeNull();
    expect(priceOf("some/model", { FACTORY_MODEL_PRICES: PRICES })).toEqual({ input: 3, output: 20 });
    expect(priceOf("claude-haiku-4-5", { FACTORY_MODEL_PRICES: "{nonsense" })).toEqual({ input: 1, output: 5 });
  });

  test("cost is in millionths of a dollar; what a cache gave costs a tenth", () => {
    const price = { input: 3, output: 15 };
    expect(costMicroUsd(price, usage(1000, 100))).toBe(4500);
    expect(costMicroUsd(price, usage(1000, 100, 1000))).toBe(1800);
    expect(costMicroUsd(null, usage(1, 1))).toBeNull();
    const haiku = priceOf("claude-haiku-5-5", {});
    expect(costMicroUsd(haiku, usage(100_000, 100))).toBe(10_050);
    expect(costMicroUsd(haiku, usage(100_001, 100))).toBe(50_251);
  });
});

describe("S1: listFactoryTeam", () => {
  test("people with their roles, and the agents", async () => {
    const { t, ana, offline } = await setup();
    offline();
    await t.mutation(api.people.add, { actor: OWNER, name: "Bo", roles: ["release"] });
    const said = (await ana.ask("who is on the team?")).join();
    expect(said).toContain("**ana** (owner)");
    expect(said).toContain("**Bo** (release)");
    expect(said).toContain("**Factory Worker**: ");
  });
});
