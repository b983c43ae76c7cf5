// @vitest-environment edge-runtime
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { InboundEvent } from "../src/contract/inbound.ts";
import { passUntil } from "../test/backend.ts";
import { api } from "./_generated/api.js";
import { setup } from "./inbound.test-support.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the inbox", () => {
  test("C5: the same event three times, the same message under another event id -> one message, one turn", async () => {
    const { t, event, receive, stored } = await setup();
    const first = event("hello");
    const results = [await receive(first), await receive(first), await receive({ ...first, sentAt: 5000 })];
    expect(results.map((result) => result.stored)).toEqual([true, false, false]);
    expect(new Set(results.map((result) => result.inboundId)).size).toBe(1);
    expect(await receive({ ...first, eventId: "other" })).toMatchObject({ stored: false });
    expect(await stored()).toHaveLength(1);
    expect(await t.run((ctx) => ctx.db.query("turns").collect())).toHaveLength(1);
  });

  test("the same event at once from two gateways -> stored once", async () => {
    const { event, receive, stored } = await setup();
    const first = event("hello");
    const results = await Promise.all([receive(first), receive(first)]);
    expect(results.filter((result) => result.stored)).toHaveLength(1);
    expect(await stored()).toHaveLength(1);
  });

  test("the same message id in another place is another message", async () => {
    const { event, receive, stored } = await setup();
    await receive(event("hello", { messageId: "x" } as Partial<InboundEvent>));
    await receive(event("hello", { messageId: "x", place: "terminal:other" } as Partial<InboundEvent>));
    expect(await stored()).toHaveLength(2);
  });

  test("the watermark is the newest platform time of the channel or place; null when nothing came", async () => {
    const { t, event, receive } = await setup();
    expect(await t.query(api.inbound.watermark, { channel: "terminal" })).toBeNull();
    await receive(event("hello", { sentAt: 5000 }));
    await receive(event("again", { sentAt: 4000 }));
    expect(await t.query(api.inbound.watermark, { channel: "terminal" })).toBe(5000);
    expect(await t.query(api.inbound.watermark, { channel: "terminal", place: "terminal:root" })).toBe(5000);
    expect(await t.query(api.inbound.watermark, { channel: "slack" })).toBeNull();
  });

  test("what is no event is refused by the name of the field, and nothing is stored", async () => {
    const { t, event, stored } = await setup();
    const broken = JSON.stringify({ ...event("hello"), place: "" });
    await expect(t.mutation(api.inbound.receive, { event: broken })).rejects.toMatchObject({
      data: { code: "invalid_input", field: "event.place" },
    });
    await expect(t.mutation(api.inbound.receive, { event: "{" })).rejects.toMatchObject({
      data: { code: "invalid_input" },
    });
    expect(await stored()).toEqual([]);
  });

  test("somebody unknown gets one enrolment hint and nothing else", async () => {
    const { t, send, said } = await setup();
    const stranger = { sender: { handle: "sms:+15550199", displayName: null }, channel: "sms", place: "sms:+15550199" };
    expect((await send("hello", stranger)).replies).toEqual([
      expect.stringContaining("factory people link NAME sms:+15550199"),
    ]);
    expect(await send("PENDING", stranger)).toMatchObject({ route: "unknownSender", replies: [] });
    expect(await send("create a task: x", stranger)).toMatchObject({ replies: [] });
    expect(await said("sms:+15550199")).toHaveLength(1);
    expect(await t.run((ctx) => ctx.db.query("turns").collect())).toEqual([]);
  });

  test("a failure while routing keeps the event, tries again and in the end tells the sender", async () => {
    const { t, send, stored } = await setup();
    // A conversation row that points to a thread the agent component does not know: saving the message throws.
    await t.run(async (ctx) => {
      const person = await ctx.db.query("people").first();
      await ctx.db.insert("conversations", {
        key: "terminal:root",
        channel: "terminal",
        owner: person!._id,
        threadId: "no such thread",
        userId: "x",
      });
    });
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    expect(await send("hello")).toMatchObject({ status: "pending", replies: [] });
    expect((await stored())[0]).toMatchObject({ attempts: 1, status: "pending" });
    for (let retry = 0; retry < 5; retry++) {
      await vi.advanceTimersByTimeAsync(121_000);
      await t.finishInProgressScheduledFunctions();
    }
    expect((await stored())[0]).toMatchObject({ status: "failed" });
    expect(logged).toHaveBeenCalled();
    logged.mockRestore();
  });

  test("it recovers when a retry works: the message is answered, once", async () => {
    const { t, send, stored } = await setup();
    const conversationId = await t.run(async (ctx) => {
      const person = await ctx.db.query("people").first();
      return await ctx.db.insert("conversations", {
        key: "terminal:root",
        channel: "terminal",
        owner: person!._id,
        threadId: "no such thread",
        userId: "x",
      });
    });
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    await send("hello");
    await t.run((ctx) => ctx.db.delete(conversationId));
    await passUntil("it is routed", async () => (await stored())[0]?.status !== "pending");
    expect((await stored())[0]).toMatchObject({ status: "routed", route: "conversation", error: null });
    expect(await t.run((ctx) => ctx.db.query("turns").collect())).toHaveLength(1);
    logged.mockRestore();
  });
});
