// @vitest-environment edge-runtime
/** Turns killed anywhere: the tests are the process that dies between two steps. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createBackend, passUntil } from "../test/backend.ts";
import { createChat } from "../test/chat.ts";
import { OWNER } from "../test/runs.ts";
import { api, components, internal } from "./_generated/api.js";
import { MAX_TURN_ATTEMPTS, TURN_LEASE_MS } from "./model/turns.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

async function setup() {
  const backend = createBackend();
  const t = backend.gateway;
  await t.mutation(api.system.ensureOwner, { osUser: "ana" });
  const ana = createChat(backend, "terminal:ana");
  const turns = () => t.run((ctx) => ctx.db.query("turns").collect());
  const finish = () =>
    passUntil("all turns have ended", async () =>
      (await turns()).every((turn) => turn.status === "done" || turn.status === "failed"),
    );
  /** Takes the turn before the scheduled action can, as a process would that is killed later. */
  const takeTurn = async (text: string) => {
    await ana.type(text);
    const turn = (await turns()).at(-1)!;
    const lease = await t.mutation(internal.turns.begin, { turnId: turn._id });
    if (lease === null) throw new Error("somebody else has the turn");
    return { turnId: turn._id, ...lease };
  };
  /** What the model said is saved, as the agent does after each step. */
  const saveCall = (lease: Awaited<ReturnType<typeof takeTurn>>, toolCallId: string, toolName: string, input: object) =>
    t.run(async (ctx) => {
      await ctx.runMutation(components.agent.messages.addMessages, {
        threadId: lease.threadId,
        promptMessageId: lease.promptMessageId,
        messages: [
          {
            message: {
              role: "assistant",
              content: [{ type: "tool-call", toolCallId, toolName, input, args: input }],
            },
          },
        ],
      });
    });
  const said = () =>
    t.run(async (ctx) =>
      (await ctx.db.query("deliveries").collect()).map((row) => (JSON.parse(row.message) as { text: string }).text),
    );
  const tasks = async () => (await t.query(api.tasks.list, {})).map((task) => task.title);
  return { backend, t, ana, turns, finish, takeTurn, saveCall, said, tasks };
}

const CALL = { toolCallId: "c1", toolName: "createTask" };

describe("a turn", () => {
  test("killed before it began to generate -> taken up after the lease, one reply", async () => {
    const { takeTurn, finish, said, tasks, turns } = await setup();
    await takeTurn("create a task: survive");
    await finish();
    expect(await said()).toEqual([expect.stringContaining('"survive"')]);
    expect(await tasks()).toEqual(["survive"]);
    expect((await turns())[0]).toMatchObject({ status: "done", attempts: 2 });
  });

  test("killed between the saved call and its effect -> the effect happens once, one reply", async () => {
    const { takeTurn, saveCall, finish, said, tasks } = await setup();
    const lease = await takeTurn("create a task: survive");
    await saveCall(lease, "c1", "createTask", { title: "survive" });
    await finish();
    expect(await tasks()).toEqual(["survive"]);
    expect(await said()).toEqual([expect.stringContaining('Created **T1** "survive"')]);
  });

  test("killed after the effect -> it is not repeated, one reply", async () => {
    const { t, takeTurn, saveCall, finish, said, tasks } = await setup();
    const lease = await takeTurn("create a task: survive");
    await saveCall(lease, "c1", "createTask", { title: "survive" });
    const { turnId, leaseId } = lease;
    await t.mutation(internal.turns.effect, { turnId, leaseId, ...CALL, input: '{"title":"survive"}' });
    await finish();
    expect(await tasks()).toEqual(["survive"]);
    expect(await said()).toEqual([expect.stringContaining('Created **T1** "survive"')]);
  });

  test("the same effect asked for twice -> once, and its result is saved once", async () => {
    const { t, takeTurn, saveCall, tasks } = await setup();
    const lease = await takeTurn("create a task: once");
    await saveCall(lease, "c1", "createTask", { title: "once" });
    const args = { turnId: lease.turnId, leaseId: lease.leaseId, ...CALL, input: '{"title":"once"}' };
    expect(await t.mutation(internal.turns.effect, args)).toBe(true);
    expect(await t.mutation(internal.turns.effect, args)).toBe(true);
    expect(await tasks()).toEqual(["once"]);
    const progress = await t.query(internal.turns.progress, { turnId: lease.turnId });
    expect(progress).toMatchObject({ openCalls: [], work: 1, complete: false });
  });

  test("a lost lease -> effect, beat and end change nothing", async () => {
    const { t, takeTurn, tasks, said, turns } = await setup();
    const { turnId } = await takeTurn("create a task: no");
    const lost = { turnId, leaseId: "somebody else's" };
    expect(await t.mutation(internal.turns.effect, { ...lost, ...CALL, input: '{"title":"no"}' })).toBe(false);
    expect(await t.mutation(internal.turns.beat, { ...lost, text: "half a repl" })).toBe(false);
    await t.mutation(internal.turns.end, lost);
    expect(await tasks()).toEqual([]);
    expect(await said()).toEqual([]);
    expect((await turns())[0]).toMatchObject({ status: "running" });
  });

  test("killed after the last text was saved -> that text is said, nothing is generated again", async () => {
    const { t, takeTurn, finish, said } = await setup();
    const lease = await takeTurn("hello");
    await t.run(async (ctx) => {
      await ctx.runMutation(components.agent.messages.addMessages, {
        threadId: lease.threadId,
        promptMessageId: lease.promptMessageId,
        messages: [{ message: { role: "assistant", content: [{ type: "text", text: "Saved before the crash." }] } }],
      });
    });
    await t.mutation(internal.turns.beat, { turnId: lease.turnId, leaseId: lease.leaseId, text: "Saved bef" });
    await finish();
    expect(await said()).toEqual(["Saved before the crash."]);
  });

  test("two actions take up one turn -> one of them gets it", async () => {
    const { t, takeTurn } = await setup();
    const { turnId } = await takeTurn("hello");
    expect(await t.mutation(internal.turns.begin, { turnId })).toBeNull();
  });

  test("heartbeats keep the lease; without them it runs out", async () => {
    const { t, takeTurn, turns } = await setup();
    const { turnId, leaseId } = await takeTurn("hello");
    for (let beat = 0; beat < 10; beat++) {
      await vi.advanceTimersByTimeAsync(3000);
      expect(await t.mutation(internal.turns.beat, { turnId, leaseId, text: null })).toBe(true);
    }
    await vi.advanceTimersByTimeAsync(2 * TURN_LEASE_MS);
    expect((await turns())[0]?.leaseId).not.toBe(leaseId);
  });

  test("a reply that grows never shrinks before its end", async () => {
    const { t, takeTurn, said } = await setup();
    const { turnId, leaseId } = await takeTurn("hello");
    await t.mutation(internal.turns.beat, { turnId, leaseId, text: "one two three" });
    await t.mutation(internal.turns.beat, { turnId, leaseId, text: "one" });
    expect(await said()).toEqual(["one two three"]);
    await t.mutation(internal.turns.beat, { turnId, leaseId, text: "one two three four" });
    expect(await said()).toEqual(["one two three four"]);
  });

  test("interrupted again and again -> given up with a reply that says so", async () => {
    const { t, takeTurn, said, turns } = await setup();
    const { turnId } = await takeTurn("hello");
    for (let attempt = 1; attempt < MAX_TURN_ATTEMPTS; attempt++) {
      await t.run((ctx) => ctx.db.patch(turnId, { leaseUntil: 0 }));
      await t.mutation(internal.turns.begin, { turnId });
    }
    await t.run((ctx) => ctx.db.patch(turnId, { leaseUntil: 0 }));
    expect(await t.mutation(internal.turns.begin, { turnId })).toBeNull();
    expect((await turns())[0]).toMatchObject({ status: "failed" });
    expect(await said()).toEqual([expect.stringContaining("I could not finish this answer")]);
  });

  test("a model that cannot be used -> the reply names the variable; the next message is answered again", async () => {
    const { ana, finish, said, turns } = await setup();
    vi.stubEnv("FACTORY_MODEL", "anthropic/claude-sonnet-4-5-20250929");
    vi.stubEnv("ANTHROPIC_API_KEY", "");
    vi.stubEnv("LLM_PROXY_BASE_URL", "");
    await ana.type("create a task: later");
    await finish();
    expect(await said()).toEqual([expect.stringMatching(/model_unavailable.*ANTHROPIC_API_KEY/s)]);
    expect((await turns())[0]).toMatchObject({ status: "failed" });
    vi.unstubAllEnvs();
    await ana.type("hello");
    await finish();
    const replies = await said();
    expect(replies[1]).toContain("Hello");
    // What failed was answered (with an apology): it is not done later, behind somebody's back.
    expect(replies[1]).not.toContain("later");
  });

  test("S12: a viewer's chat changes nothing; every call is in the record with its outcome", async () => {
    const { t, backend, finish, said, tasks } = await setup();
    await t.mutation(api.people.add, { actor: OWNER, name: "viv", roles: ["viewer"] });
    await t.mutation(api.people.link, { actor: OWNER, name: "viv", handle: "terminal:viv" });
    const viv = createChat(backend, "terminal:viv");
    await viv.type("create a task: no");
    await finish();
    await viv.type("list tasks");
    await finish();
    expect(await tasks()).toEqual([]);
    expect((await said())[0]).toContain("may not");
    const calls = await t.run(async (ctx) =>
      (await ctx.db.query("audit").collect()).filter((row) => row.kind.startsWith("tool.")),
    );
    expect(calls.map((row) => [row.kind, row.person, JSON.parse(row.detail).tool])).toEqual([
      ["tool.refused", "viv", "createTask"],
      ["tool.called", "viv", "listFactoryTasks"],
    ]);
    expect(JSON.parse(calls[0]!.detail).argumentsHash).toMatch(/^[0-9a-f]{64}$/);
  });
});
