// @vitest-environment edge-runtime
/** W15: research, then analysis, in threads of their own, as a durable workflow in code (its library's own worker loop, real time). */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { until } from "../test/backend.ts";
import { OWNER, startBackend } from "../test/runs.ts";
import { api, components, internal } from "./_generated/api.js";
import type { Id } from "./_generated/dataModel.js";

// The library tells the log about what it does.
beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function setup() {
  const { t } = await startBackend();
  const start = (topic: string, requestKey = "r") =>
    t.mutation(api.research.start, { actor: OWNER, topic, requestKey });
  const get = async (researchId: string) => (await t.query(api.research.get, { researchId }))!;
  const threads = () => t.run((ctx) => ctx.db.query("researchThreads").collect());
  /** Who said how much in a step's thread: the witness that nothing was done twice. */
  const said = async (step: string) => {
    const { threadId } = (await threads()).find((row) => row.step === step)!;
    const { page } = await t.run((ctx) =>
      ctx.runQuery(components.agent.messages.listMessagesByThreadId, {
        threadId,
        order: "asc",
        paginationOpts: { cursor: null, numItems: 20 },
      }),
    );
    return page.map((doc) => doc.message?.role);
  };
  return { t, start, get, threads, said };
}

describe("the research flow", () => {
  test("finds out, then weighs what was found, in two threads; the same request is the same research", async () => {
    const { start, get, threads, said } = await setup();
    const { researchId } = await start("durable approvals");
    expect((await start("durable approvals")).researchId).toBe(researchId);
    await until("completed", async () => (await get(researchId)).status !== "running");
    const done = await get(researchId);
    expect(done).toMatchObject({ status: "completed", error: null });
    expect(done.findings).toContain('"research"');
    expect(done.analysis).toContain('"analysis"');
    expect(new Set((await threads()).map((row) => row.threadId)).size).toBe(2);
    expect([await said("research"), await said("analysis")]).toEqual([
      ["user", "assistant"],
      ["user", "assistant"],
    ]);
  });

  test("a step that is tried again after it was done gives the same and does no work twice", async () => {
    const { t, start, get, said } = await setup();
    const { researchId } = await start("retries");
    await until("completed", async () => (await get(researchId)).status === "completed");
    const id = researchId as Id<"research">;
    await t.mutation(internal.research.openThread, { researchId: id, step: "research", prompt: "again" });
    const again = await t.action(internal.agents.researcher.generate, { researchId: id, step: "research" });
    expect(again).toBe((await get(researchId)).findings);
    expect(await said("research")).toEqual(["user", "assistant"]);
  });

  test("a step that was killed after its answer was saved hands that answer in", async () => {
    const { t, start, threads, said } = await setup();
    const { researchId } = await start("crash");
    const id = researchId as Id<"research">;
    await t.mutation(internal.research.openThread, { researchId: id, step: "probe", prompt: "Find out" });
    const { threadId, promptMessageId } = (await threads()).find((row) => row.step === "probe")!;
    await t.run(async (ctx) => {
      await ctx.runMutation(components.agent.messages.addMessages, {
        threadId,
        promptMessageId,
        messages: [{ message: { role: "assistant", content: [{ type: "text", text: "found before the crash" }] } }],
      });
    });
    expect(await t.action(internal.agents.researcher.generate, { researchId: id, step: "probe" })).toBe(
      "found before the crash",
    );
    expect(await said("probe")).toEqual(["user", "assistant"]);
  });

  test("cancelled: stays so, whatever still comes", async () => {
    const { t, start, get } = await setup();
    const { researchId } = await start("cancel");
    await t.mutation(api.research.cancel, { actor: OWNER, researchId });
    await t.mutation(internal.research.keep, {
      researchId: researchId as Id<"research">,
      findings: "f",
      analysis: "a",
    });
    expect(await get(researchId)).toMatchObject({ status: "cancelled", findings: null });
  });

  test("a topic that is none is refused", async () => {
    const { start } = await setup();
    await expect(start("  ")).rejects.toMatchObject({ data: { code: "invalid_input", field: "topic" } });
  });
});
