/** Calls that are done outside of a transaction: one lease at a time, one result, whatever dies. */
import { describe, expect, test } from "vitest";
import { calls, model } from "../../test/model_peer.ts";
import { api, internal } from "../_generated/api.js";
import { DONE, rule, setup, WIRE } from "./gate.test-support.ts";

describe("an outside call", () => {
  async function claimed() {
    const all = await setup();
    await all.setPolicy(rule("free", "tool == wire", "allow"));
    const requests = await model(calls(WIRE), DONE);
    await all.ana.type("wire it");
    const first = (await all.claim())!;
    const { callId } = first;
    const row = async () => (await all.outside())[0]!;
    const hand = (leaseId: string, result: unknown) =>
      all.t.mutation(api.outside_work.complete, { callId, leaseId, result: JSON.stringify(result) });
    const fail = (leaseId: string, code: "platform_unavailable" | "platform_refused") =>
      all.t.mutation(api.outside_work.fail, {
        callId,
        leaseId,
        error: { code, message: "no", remedy: null, retryable: code === "platform_unavailable", field: null },
      });
    return { ...all, requests, first, callId, row, hand, fail };
  }

  test("who performs it is gone -> claimed again with the same key; what the first one brings late is refused", async () => {
    const { t, first, callId, row, hand, claim, texts, requests } = await claimed();
    await t.run((ctx) => ctx.db.patch("outsideCalls", callId, { leaseUntil: 0 }));
    await t.mutation(internal.outside.look, { callId });
    const second = (await claim())!;
    expect(second).toMatchObject({ attempt: 2, idempotencyKey: first.idempotencyKey, input: first.input });
    expect(await hand(first.leaseId, "late")).toEqual({ held: false });
    expect(await t.mutation(api.outside_work.heartbeat, { callId, leaseId: second.leaseId })).toEqual({ held: true });
    expect(await hand(second.leaseId, "in time")).toEqual({ held: true });
    expect(await hand(second.leaseId, "in time")).toEqual({ held: true });
    expect(await texts()).toEqual(["It is done."]);
    expect(JSON.stringify(requests[1]?.messages.at(-1))).toContain("in time");
    expect(await row()).toMatchObject({ status: "done", claims: 2 });
  });

  test("a failure that may pass -> tried again after a pause, five times; any other is the result", async () => {
    const { t, first, callId, row, fail, texts, requests } = await claimed();
    let { leaseId } = first;
    for (let attempt = 1; attempt < 5; attempt++) {
      expect(await fail(leaseId, "platform_unavailable")).toEqual({ held: true });
      expect(await row()).toMatchObject({ status: "waiting", failures: attempt });
      await t.run((ctx) => ctx.db.patch("outsideCalls", callId, { leaseUntil: 0 }));
      await t.mutation(internal.outside.look, { callId });
      leaseId = (await t.mutation(api.outside_work.claim, { callId, machine: "m1" }))!.leaseId;
    }
    await fail(leaseId, "platform_unavailable");
    expect(await row()).toMatchObject({ status: "failed", failures: 4 });
    expect(await texts()).toEqual(["It is done."]);
    expect(JSON.stringify(requests[1]?.messages.at(-1))).toContain("platform_unavailable");
  });

  test("refused for good -> not tried again", async () => {
    const { first, row, fail, texts } = await claimed();
    await fail(first.leaseId, "platform_refused");
    expect(await row()).toMatchObject({ status: "failed", claims: 1 });
    expect(await texts()).toEqual(["It is done."]);
  });

  test("over its time -> interrupted; what is no JSON, or too large -> an error, and the turn goes on", async () => {
    const { t, callId, texts, requests } = await claimed();
    await t.run((ctx) => ctx.db.patch("outsideCalls", callId, { deadline: 1 }));
    await t.mutation(internal.outside.look, { callId });
    expect(await texts()).toEqual(["It is done."]);
    expect(JSON.stringify(requests[1]?.messages.at(-1))).toContain("did not end within");
  });

  test("no machine takes it -> the result says so", async () => {
    const { t, ana, ready, setPolicy, texts, requests } = await (async () => {
      const all = await setup();
      await all.setPolicy(rule("free", "tool == wire", "allow"));
      return { ...all, requests: await model(calls(WIRE), DONE) };
    })();
    await ana.type("wire it");
    const callId = await ready();
    await t.run((ctx) => ctx.db.patch("outsideCalls", callId, { createdAt: 1 }));
    await t.mutation(internal.outside.look, { callId });
    expect(await texts()).toEqual(["It is done."]);
    expect(JSON.stringify(requests[1]?.messages.at(-1))).toContain("no machine took wire");
    void setPolicy;
  });

  test("every place of a machine that lives is taken -> the call waits for its turn", async () => {
    const { t, ana, ready, setPolicy, outside } = await setup();
    await setPolicy(rule("free", "tool == wire", "allow"));
    await model(calls(WIRE), DONE);
    await t.mutation(api.profiles.announce, { gatewayId: "m1", sandboxes: ["bubblewrap"], workspace: true });
    await t.mutation(api.outbox.heartbeat, { gatewayId: "m1", channels: {} });
    await ana.type("wire it");
    const callId = await ready();
    const waited = async (ms: number) => {
      await t.run((ctx) => ctx.db.patch("outsideCalls", callId, { createdAt: Date.now() - ms }));
      await t.mutation(internal.outside.look, { callId });
      return (await outside())[0]?.status;
    };
    expect(await waited(10 * 60_000)).toBe("ready");
    expect(await waited(2 * 3600_000)).toBe("failed");
  });
});
