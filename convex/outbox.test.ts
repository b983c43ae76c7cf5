// @vitest-environment edge-runtime
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { errorInfo } from "../src/contract/errors.ts";
import { createBackend } from "../test/backend.ts";
import { api, internal } from "./_generated/api.js";
import { LEASE_MS, MAX_ATTEMPTS } from "./model/delivery_leases.ts";
import { enqueue, type NewDelivery, revise } from "./model/outbox.ts";

const text = (words: string) => ({ kind: "text" as const, text: words, onlyTo: null });
const filters = [{ channel: "terminal" }];

function setup() {
  const { gateway: t, anonymous } = createBackend();
  return {
    t,
    anonymous,
    say: (key: string, more: Partial<NewDelivery> = {}) =>
      t.run((ctx) => enqueue(ctx, { channel: "terminal", place: "terminal:ana", key, message: text(key), ...more })),
    claim: (gatewayId = "g1", limit = 10) => t.mutation(api.outbox.claim, { gatewayId, filters, limit }),
    ready: () => t.query(api.outbox.ready, { filters }),
    row: (key: string) =>
      t.run(async (ctx) =>
        ctx.db
          .query("deliveries")
          .withIndex("by_key", (q) => q.eq("key", key))
          .unique(),
      ),
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function pass(t: ReturnType<typeof setup>["t"], ms: number) {
  vi.advanceTimersByTime(ms);
  await t.finishInProgressScheduledFunctions();
}

describe("outbox", () => {
  test("refused for what it said, and it says something else by now -> that is tried too", async () => {
    const { t, say, claim, row } = setup();
    const deliveryId = await say("a", { final: false });
    const [mine] = await claim();
    await t.run((ctx) => revise(ctx, deliveryId, text("the end"), { final: true }));
    const error = errorInfo("platform_refused", "not like this", { retryable: false });
    const told = { deliveryId, leaseId: mine!.leaseId, version: mine!.version, error, retryAfterMs: null };
    expect(await t.mutation(api.outbox.fail, told)).toEqual({ status: "ready" });
    const [again] = await claim();
    expect(JSON.parse(again!.message)).toEqual(text("the end"));
    const last = { ...told, leaseId: again!.leaseId, version: again!.version };
    expect(await t.mutation(api.outbox.fail, last)).toEqual({ status: "failed" });
    expect((await row("a"))!.status).toBe("failed");
  });

  test("the clock set back while a delivery waits -> it is tried again all the same", async () => {
    const { t, say, claim, row } = setup();
    await say("a");
    const [mine] = await claim();
    const error = errorInfo("platform_unavailable", "away", { retryable: true });
    const { deliveryId, leaseId } = mine!;
    await t.mutation(api.outbox.fail, { deliveryId, leaseId, error, retryAfterMs: 10_000 });
    // The scheduled retry, seen by a clock that has gone back meanwhile.
    await t.mutation(internal.outbox.retry, { deliveryId });
    expect((await row("a"))!.status).toBe("waiting");
    const waits = await t.run((ctx) => ctx.db.system.query("_scheduled_functions").collect());
    expect(waits.filter((one) => one.name.includes("retry") && one.state.kind === "pending")).toHaveLength(2);
    await pass(t, 10_100);
    expect((await row("a"))!.status).toBe("ready");
  });

  test("the same key twice -> one delivery with the first message", async () => {
    const { say, ready } = setup();
    const first = await say("a");
    const second = await say("a", { message: text("other") });
    expect(second).toBe(first);
    expect(await ready()).toHaveLength(1);
  });

  test("a place whose first message waits, with many behind it -> other places are still heard of", async () => {
    const { t, say, claim, ready } = setup();
    await say("blocked");
    const [first] = await claim();
    const error = errorInfo("platform_unavailable", "away", { retryable: true });
    const { deliveryId, leaseId } = first!;
    await t.mutation(api.outbox.fail, { deliveryId, leaseId, error, retryAfterMs: 3_600_000 });
    for (let i = 0; i < 150; i++) await say(`behind ${i}`);
    await say("elsewhere", { place: "terminal:bo" });
    expect((await ready()).map((row) => row.place)).toContain("terminal:bo");
  });

  test("ready -> claimed -> confirmed; another gateway gets nothing meanwhile or afterwards", async () => {
    const { t, say, claim, ready, row } = setup();
    await say("a");
    const [mine] = await claim("g1");
    expect(mine).toMatchObject({ key: "a", receipt: null, final: true, version: 1 });
    expect(JSON.parse(mine!.message)).toEqual(text("a"));
    expect(await claim("g2")).toEqual([]);
    const { deliveryId, leaseId, version } = mine!;
    expect(await t.mutation(api.outbox.confirm, { deliveryId, leaseId, version, receipt: "r1" })).toEqual({
      held: true,
    });
    expect(await row("a")).toMatchObject({ status: "confirmed", receipt: "r1", confirmedVersion: 1, error: null });
    expect(await claim("g2")).toEqual([]);
    expect(await ready()).toEqual([]);
  });

  test("revised while claimed -> claimed again as an edit of the same receipt, with the newest text only", async () => {
    const { t, say, claim, row } = setup();
    const id = await say("a", { final: false });
    const [first] = await claim();
    await t.run((ctx) => revise(ctx, id, text("a b")));
    await t.run((ctx) => revise(ctx, id, text("a b c"), { final: true }));
    await t.mutation(api.outbox.confirm, { deliveryId: id, leaseId: first!.leaseId, version: 1, receipt: "r1" });
    const [edit] = await claim();
    expect(edit).toMatchObject({ receipt: "r1", version: 3, final: true });
    expect(JSON.parse(edit!.message).text).toBe("a b c");
    await t.mutation(api.outbox.confirm, { deliveryId: id, leaseId: edit!.leaseId, version: 3, receipt: "r1" });
    expect(await row("a")).toMatchObject({ status: "confirmed", confirmedVersion: 3 });
  });

  test("the lease runs out -> ready again; the late confirmation keeps the receipt, so the retry edits instead of posting", async () => {
    const { t, say, claim, row } = setup();
    const id = await say("a");
    const [first] = await claim("g1");
    await pass(t, LEASE_MS + 1);
    expect(await row("a")).toMatchObject({ status: "ready", leaseId: null });
    const [second] = await claim("g2");
    expect(second!.leaseId).not.toBe(first!.leaseId);
    expect(
      await t.mutation(api.outbox.confirm, { deliveryId: id, leaseId: first!.leaseId, version: 1, receipt: "r1" }),
    ).toEqual({ held: false });
    expect(await row("a")).toMatchObject({ status: "claimed", receipt: "r1", confirmedVersion: 1 });
  });

  test("heartbeats extend the lease", async () => {
    const { t, say, claim, row } = setup();
    await say("a");
    await claim("g1");
    await pass(t, LEASE_MS - 5000);
    await t.mutation(api.outbox.heartbeat, { gatewayId: "g1", channels: { terminal: "on" } });
    await pass(t, 10_000);
    expect(await row("a")).toMatchObject({ status: "claimed" });
    await pass(t, LEASE_MS);
    expect(await row("a")).toMatchObject({ status: "ready" });
  });

  test("a gateway that starts again under its name gets back at once what it held", async () => {
    const { t, say, claim } = setup();
    await say("a");
    await claim("g1");
    expect(await t.mutation(api.outbox.release, { gatewayId: "g1" })).toEqual({ released: 1 });
    expect(await claim("g1")).toHaveLength(1);
  });

  test("a failed try waits and is tried again; not before the platform allows it", async () => {
    const { t, say, claim, row } = setup();
    const id = await say("a");
    const [first] = await claim();
    const error = errorInfo("rate_limited", "slow down");
    await t.mutation(api.outbox.fail, { deliveryId: id, leaseId: first!.leaseId, error, retryAfterMs: 7000 });
    expect(await row("a")).toMatchObject({ status: "waiting", attempts: 1 });
    await pass(t, 6900);
    expect(await claim()).toEqual([]);
    await pass(t, 200);
    expect(await claim()).toHaveLength(1);
  });

  test("an error that no retry can help -> failed at once, with the reason; a new version is tried again", async () => {
    const { t, say, claim, row } = setup();
    const id = await say("a");
    const [first] = await claim();
    const error = errorInfo("platform_refused", "not_in_channel");
    await t.mutation(api.outbox.fail, { deliveryId: id, leaseId: first!.leaseId, error, retryAfterMs: null });
    expect(JSON.parse((await row("a"))!.error!)).toMatchObject({ code: "platform_refused" });
    expect(await claim()).toEqual([]);
    await t.run((ctx) => revise(ctx, id, text("b")));
    expect(await claim()).toHaveLength(1);
  });

  test("tries are used up -> failed", async () => {
    const { t, say, claim, row } = setup();
    const id = await say("a");
    const error = errorInfo("platform_unavailable", "503");
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const [mine] = await claim();
      await t.mutation(api.outbox.fail, { deliveryId: id, leaseId: mine!.leaseId, error, retryAfterMs: null });
      await pass(t, 5 * 60_000 + 1);
    }
    expect(await row("a")).toMatchObject({ status: "failed", attempts: MAX_ATTEMPTS });
  });

  test("a place keeps its order: nothing overtakes an older unsent message, other places go on", async () => {
    const { t, say, claim } = setup();
    const id = await say("a1");
    await say("a2");
    await say("b1", { place: "terminal:bo" });
    const [first] = await claim("g1", 1);
    expect((await claim("g2")).map((row) => row.key)).toEqual(["b1"]);
    const error = errorInfo("platform_unavailable", "503");
    await t.mutation(api.outbox.fail, { deliveryId: id, leaseId: first!.leaseId, error, retryAfterMs: null });
    expect(await claim("g2")).toEqual([]);
    await pass(t, 1001);
    expect((await claim("g2")).map((row) => row.key)).toEqual(["a1", "a2"]);
  });

  test("never sent before its deadline -> failed as expired; sent before -> untouched", async () => {
    const { t, say, row, claim } = setup();
    await say("late", { deadline: Date.now() + 1000 });
    const id = await say("sent", { deadline: Date.now() + 1000, place: "terminal:bo" });
    const sent = (await claim()).find((delivery) => delivery.key === "sent");
    await t.mutation(api.outbox.confirm, { deliveryId: id, leaseId: sent!.leaseId, version: 1, receipt: "r" });
    await pass(t, 1001);
    expect(await row("late")).toMatchObject({ status: "failed" });
    expect(await row("sent")).toMatchObject({ status: "confirmed" });
  });

  test("a filter by place gives that place only", async () => {
    const { t, say } = setup();
    await say("a");
    await say("b", { place: "terminal:bo" });
    const rows = await t.query(api.outbox.ready, { filters: [{ channel: "terminal", place: "terminal:bo" }] });
    expect(rows.map((row) => row.place)).toEqual(["terminal:bo"]);
  });

  test("without the gateway's token every function refuses", async () => {
    const { anonymous } = setup();
    await expect(anonymous.query(api.outbox.ready, { filters })).rejects.toThrow("only the gateway");
    await expect(anonymous.mutation(api.outbox.claim, { gatewayId: "x", filters, limit: 1 })).rejects.toThrow(
      "only the gateway",
    );
  });
});
