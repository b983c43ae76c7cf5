// @vitest-environment edge-runtime
/** Rows may be almost 1 MiB, a transaction reads at most 16: lists stay readable however large what they name is. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { approve, end, OWNER, question, startBackend } from "../test/runs.ts";
import { api } from "./_generated/api.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const asking = (more: Record<string, unknown>) => ({
  name: "asking",
  startNodeId: "ask",
  nodes: { ask: approve("Go on?", "done", "done", more), done: end() },
});

describe("many large questions", () => {
  test("their person still talks, answers and lists; their place still gets its messages", async () => {
    const { t, start, open, approval, answer } = await startBackend();
    const input = JSON.stringify({ text: "x".repeat(250_000) });
    const origin = { place: "terminal:root", threadKey: null, private: true };
    let last = "";
    for (let i = 0; i < 45; i++) {
      last = question(await start(asking({ payload: { text: "{{text}}" } }), { input, origin })).approvalId;
    }
    const said = async (eventId: string, text: string) => {
      const event = { kind: "message", channel: "terminal", eventId, messageId: eventId, place: "terminal:root", text };
      const sender = { handle: "terminal:root", displayName: null };
      const stored = { ...event, threadKey: null, private: true, sender, sentAt: 1 };
      await t.mutation(api.inbound.receive, { event: JSON.stringify(stored) });
    };
    await said("e1", "YES");
    await said("e2", "/pending");
    await said("e3", "/workflow status");
    await said("e4", "how are you?");
    const events = await t.run((ctx) => ctx.db.query("inbound").collect());
    expect(events.map((event) => [event.status, event.route])).toEqual([
      ["routed", "answer"],
      ["routed", "command"],
      ["routed", "command"],
      ["routed", "conversation"],
    ]);
    expect((await approval(last)).status).toBe("pending");

    const shown = await open();
    expect(shown.length).toBeGreaterThanOrEqual(2);
    expect(shown[0]?.approvalId).toBe(last);
    expect((await t.query(api.approvals.list, { actor: OWNER, all: true })).length).toBeGreaterThanOrEqual(2);
    expect((await t.query(api.runs.list, { limit: 200 })).length).toBeGreaterThanOrEqual(1);
    expect((await t.query(api.system.health, {})).approvalsPending).toBeGreaterThanOrEqual(1);

    const filters = [{ channel: "terminal", place: "terminal:root" }];
    expect((await t.query(api.outbox.ready, { filters })).length).toBeGreaterThanOrEqual(1);
    let claimed = 0;
    for (let round = 0; round < 100; round++) {
      const some = await t.mutation(api.outbox.claim, { gatewayId: "g", filters, limit: 20 });
      if (some.length === 0) break;
      claimed += some.length;
      for (const { deliveryId, leaseId, version } of some) {
        await t.mutation(api.outbox.confirm, { deliveryId, leaseId, version, receipt: deliveryId });
      }
    }
    // 45 questions and the replies to three of the four messages.
    expect(claimed).toBe(48);
    expect(await answer(last, "yes")).toMatchObject({ outcome: "settled" });
  });
});

test("a title that no list could show -> refused by its name", async () => {
  const { start } = await startBackend();
  await expect(start(asking({}), { title: "x".repeat(201) })).rejects.toMatchObject({
    data: { code: "invalid_input", field: "title" },
  });
});

describe("a question that cannot be asked", () => {
  const failed = async (graph: Parameters<Awaited<ReturnType<typeof startBackend>>["start"]>[0], more = {}) => {
    const { start, t } = await startBackend();
    const run = await start(graph, more);
    const questions = await t.run((ctx) => ctx.db.query("approvals").collect());
    const codes = await t.run((ctx) => ctx.db.query("approvalCodes").collect());
    return { run, pending: questions.filter((row) => row.status === "pending"), open: codes.filter((row) => row.open) };
  };

  test("too long to be read -> the node fails and says so", async () => {
    const nodes = { ask: approve("{{text}}?", "done", "done"), done: end() };
    const graph = { startNodeId: "ask", nodes };
    const { run, pending } = await failed(graph, { input: JSON.stringify({ text: "x".repeat(5000) }) });
    expect(run).toMatchObject({ status: "failed", error: expect.stringContaining("the question has 5001 characters") });
    expect(pending).toEqual([]);
  });

  test("a payload that would not fit into its copies -> the node fails and names it", async () => {
    const input = JSON.stringify({ text: '"'.repeat(140_000) });
    const { run, pending } = await failed(asking({ payload: { text: "{{text}}" } }), { input });
    expect(run).toMatchObject({ status: "failed", error: expect.stringContaining("payload has") });
    expect(pending).toEqual([]);
  });

  test("made in part -> nothing of it stays open when the run goes on without it", async () => {
    // No copy of this place fits into a row.
    const origin = { place: `terminal:${"x".repeat(700_000)}`, threadKey: null, private: true };
    const { run, pending, open } = await failed(asking({}), { origin });
    expect(run.status).toBe("failed");
    expect(pending).toEqual([]);
    expect(open).toEqual([]);
  });

  test("a wait or an expiry longer than anything can be scheduled -> refused when the definition is read", async () => {
    const { start } = await startBackend();
    const years9 = 9 * 365 * 24 * 3600 * 1000;
    await expect(start(asking({ expiresInMs: years9 }))).rejects.toMatchObject({
      data: { code: "invalid_definition" },
    });
    const wait = { startNodeId: "w", nodes: { w: { type: "wait", forMs: years9, next: "done" }, done: end() } };
    await expect(start(wait)).rejects.toMatchObject({ data: { code: "invalid_definition" } });
  });
});
