// @vitest-environment edge-runtime
/** Who has which tool, and that nobody gets at another's. */
import { describe, expect, test } from "vitest";
import { createBackend } from "../../test/backend.ts";
import { createChat } from "../../test/chat.ts";
import { api, internal } from "../_generated/api.js";
import { CREW, hasTool } from "./crew.ts";
import { TOOL_NAMES } from "./tools/index.ts";

async function setup() {
  const backend = createBackend();
  const t = backend.gateway;
  await t.mutation(api.system.ensureOwner, { osUser: "ana" });
  const ana = createChat(backend, "terminal:ana");
  /** A turn of that agent, held by the test. */
  const turnOf = async (agent: string) => {
    await ana.type("hello");
    const turn = (await t.run((ctx) => ctx.db.query("turns").collect())).at(-1)!;
    await t.run((ctx) => ctx.db.patch("conversations", turn.conversationId, { agent }));
    const lease = (await t.mutation(internal.turns.begin, { turnId: turn._id }))!;
    return { turnId: turn._id, leaseId: lease.leaseId, agent: lease.agent };
  };
  const record = async () =>
    (await t.run((ctx) => ctx.db.query("audit").collect()))
      .filter(({ kind }) => kind.startsWith("tool."))
      .map(({ kind, detail }) => ({ kind, ...(JSON.parse(detail) as { agent: string; tool: string; error: string }) }));
  return { t, turnOf, record };
}

describe("the crew", () => {
  test("every tool that an agent names exists, and every tool belongs to somebody", () => {
    const named = Object.values(CREW).flatMap(({ tools }) => tools);
    expect([...new Set(named)].sort()).toEqual([...TOOL_NAMES].sort());
  });

  test("a tool outside the agent's set -> refused as its result, nothing done, the record names the agent", async () => {
    const { t, turnOf, record } = await setup();
    const { agent, ...held } = await turnOf("runAnalysis");
    expect(agent).toBe("runAnalysis");
    const call = { ...held, toolCallId: "c1", toolName: "createTask", input: '{"title":"x"}' };
    expect(await t.mutation(internal.turns.effect, call)).toBe(true);
    expect(await t.query(api.tasks.list, {})).toEqual([]);
    const look = { turnId: held.turnId, toolName: "listFactoryTeam", input: "{}" };
    expect(await t.mutation(internal.agents.looks.look, look)).toContain("runAnalysis has no tool listFactoryTeam");
    const noRun = await t.mutation(internal.agents.looks.look, {
      ...look,
      toolName: "getRunContext",
      input: '{"run":"x"}',
    });
    expect(noRun).toContain("nothing has been run yet");
    expect(await record()).toMatchObject([
      { kind: "tool.refused", agent: "runAnalysis", tool: "createTask", error: "forbidden" },
      { kind: "tool.refused", agent: "runAnalysis", tool: "listFactoryTeam", error: "forbidden" },
      { kind: "tool.refused", agent: "runAnalysis", tool: "getRunContext", error: "not_found" },
    ]);
  });

  test("an agent that is not of the crew has no tool", () => {
    expect(TOOL_NAMES.filter((tool) => hasTool("somebody", tool))).toEqual([]);
  });
});
