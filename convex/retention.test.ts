// @vitest-environment edge-runtime
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { passUntil } from "../test/backend.ts";
import { OWNER, startBackend } from "../test/runs.ts";
import { api, internal } from "./_generated/api.js";
import type { Doc, Id } from "./_generated/dataModel.js";

const DAY_MS = 24 * 3600_000;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function setup() {
  const { t } = await startBackend();
  const personId = (await t.run((ctx) => ctx.db.query("people").first()))!._id;
  const conversationId = await t.run((ctx) =>
    ctx.db.insert("conversations", { key: "k", channel: "terminal", owner: personId, threadId: "t", userId: "u" }),
  );
  const turn = (more: Partial<Doc<"turns">> = {}) =>
    t.run((ctx) =>
      ctx.db.insert("turns", {
        ...{ conversationId, personId, handle: "terminal:root", channel: "terminal", place: "terminal:root" },
        ...{ private: true, promptMessageId: "m", status: "done", leaseId: null, leaseUntil: null, watchId: null },
        ...{ attempts: 1, deliveryId: null, error: null, endedAt: Date.now(), ...more },
      }),
    );
  const call = (turnId: Id<"turns">) => ({
    ...{ turnId, toolCallId: "c1", conversationId, personId, agent: "factoryManager", toolName: "createBranch" },
    ...{ input: "{}", callHash: "h" },
  });
  /** A call with all that it can leave behind. */
  const made = async (
    turnId: Id<"turns">,
    { gate = "passed" as Doc<"gatedCalls">["status"], endedAt = Date.now() as number | null } = {},
  ) =>
    await t.run(async (ctx) => {
      const key = `${turnId}/c1`;
      const gateId = await ctx.db.insert("gatedCalls", {
        ...{ ...call(turnId), key, round: 1, status: gate, question: "?", asked: "you", rule: null, demand: "" },
      });
      const lease = { machine: null, leaseId: "l1", leaseUntil: null, timeoutMs: 1, deadline: null };
      await ctx.db.insert("outsideCalls", {
        ...{ ...call(turnId), ...lease, performer: "machine", status: endedAt === null ? "claimed" : "done", gateId },
        ...{ idempotencyKey: key, claims: 1, failures: 0, error: null, createdAt: Date.now(), endedAt },
      });
      await ctx.db.insert("githubNotes", { key, base: "main", sha: "s", url: "u" });
      await ctx.db.insert("toolEffects", { turnId, toolCallId: "c1", toolName: "createBranch", result: "{}" });
    });
  /** Turns of which something is kept, by table. */
  const left = () =>
    t.run(async (ctx) => {
      const ids = (rows: { turnId: Id<"turns"> }[]) => rows.map(({ turnId }) => turnId);
      return {
        gates: ids(await ctx.db.query("gatedCalls").collect()),
        outside: ids(await ctx.db.query("outsideCalls").collect()),
        effects: ids(await ctx.db.query("toolEffects").collect()),
        notes: (await ctx.db.query("githubNotes").collect()).map(({ key }) => key.split("/")[0]),
      };
    });
  const sweep = async () => {
    await t.mutation(internal.retention.sweep, {});
    await passUntil("it has come to its end", async () => {
      const waits = await t.run((ctx) => ctx.db.system.query("_scheduled_functions").collect());
      return waits.every(({ name, state }) => !name.includes("retention") || state.kind === "success");
    });
  };
  const keeps = (...turns: Id<"turns">[]) => ({ gates: turns, outside: turns, effects: turns, notes: turns });
  return { t, turn, call, made, left, sweep, keeps };
}

describe("calls", () => {
  test("over for 30 days -> gone with their notes; over for less, or with something still open -> kept whole", async () => {
    const { turn, made, left, sweep, keeps } = await setup();
    const old = await turn();
    await made(old);
    const lateEnd = await turn({ endedAt: Date.now() + 2 * DAY_MS });
    await made(lateEnd);
    const unended = await turn({ status: "running", endedAt: null });
    await made(unended);
    const asked = await turn();
    await made(asked, { gate: "asked" });
    const underWay = await turn();
    await made(underWay, { endedAt: null });
    vi.setSystemTime(Date.now() + 31 * DAY_MS);
    const young = await turn();
    await made(young);
    await sweep();
    expect(await left()).toEqual(keeps(lateEnd, unended, asked, underWay, young));
  });

  test("a turn is not over while an agent that it asked, or one asked by that, has a question open", async () => {
    const { t, turn, call, made, left, sweep, keeps } = await setup();
    const parent = await turn();
    await made(parent);
    const child = await turn({ parentTurnId: parent, parentCallId: "c1" });
    await made(child);
    const grandchild = await turn({ parentTurnId: child, parentCallId: "c1" });
    const { personId: _, toolName: __, input: ___, callHash: ____, ...of } = call(grandchild);
    const questionId = await t.run((ctx) =>
      ctx.db.insert("agentQuestions", {
        ...{ ...of, key: "q", question: "?", payloadHash: "h", asked: "you", status: "open", promptMessageId: "m" },
        personId: _,
      }),
    );
    vi.setSystemTime(Date.now() + 31 * DAY_MS);
    await sweep();
    expect(await left()).toEqual(keeps(parent, child));
    await t.run((ctx) => ctx.db.patch("agentQuestions", questionId, { status: "answered" }));
    await sweep();
    expect(await left()).toEqual(keeps());
  });

  test("what cannot go does not keep the others from going, however much of it there is", async () => {
    const { turn, made, left, sweep, keeps } = await setup();
    const open = await turn({ status: "running", endedAt: null });
    for (let count = 0; count < 25; count++) await made(open);
    const old = await turn();
    await made(old);
    vi.setSystemTime(Date.now() + 31 * DAY_MS);
    await sweep();
    expect(await left()).toEqual(keeps(...Array.from({ length: 25 }, () => open)));
  });
});

test("an upload that was never added goes after 30 days; a file stays", async () => {
  const { t, sweep } = await setup();
  const store = (text: string) => t.run((ctx) => ctx.storage.store(new Blob([text])));
  const [added, orphan] = [await store("added"), await store("orphan")];
  await t.mutation(api.files.add, { actor: OWNER, name: "a.txt", storageId: added });
  vi.setSystemTime(Date.now() + 31 * DAY_MS);
  const young = await store("young");
  await sweep();
  const there = await t.run(async (ctx) =>
    Promise.all([added, orphan, young].map(async (id) => (await ctx.db.system.get("_storage", id)) !== null)),
  );
  expect(there).toEqual([true, false, true]);
});
