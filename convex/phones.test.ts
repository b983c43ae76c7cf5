// @vitest-environment edge-runtime
/** Phones as the backend sees them: enrolment (I6), opting out (B12), strangers (C3), what was not delivered (A10). */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { errorInfo } from "../src/contract/errors.ts";
import type { InboundEvent } from "../src/contract/inbound.ts";
import { type OutMessage, zOutMessage } from "../src/contract/message.ts";
import { approve, at, end, type Graph, OWNER, startBackend } from "../test/runs.ts";
import { api, internal } from "./_generated/api.js";

const ANA = "sms:+15550100201";
const NEW = "sms:+442079460123";
const MINUTE = 60_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const QUESTION: Graph = {
  startNodeId: "ask",
  nodes: {
    ask: approve("Ship 1.2?", "done", "done", { approvers: ["person:ana"], channels: ["sms"] }),
    done: end(),
  },
};

async function setup() {
  const backend = await startBackend();
  const { t } = backend;
  await t.mutation(api.people.add, { actor: OWNER, name: "Ana", roles: ["admin"] });
  await t.mutation(api.people.link, { actor: OWNER, name: "Ana", handle: ANA });
  let counter = 0;
  const deliveries = () => t.run((ctx) => ctx.db.query("deliveries").collect());
  const said = async (place: string) =>
    (await deliveries())
      .filter((row) => row.place === place)
      .map((row): OutMessage => zOutMessage.parse(JSON.parse(row.message)))
      .map((message) => (message.kind === "text" ? message.text : message.kind));
  /** Texts and gives what was made of it and what was said in return. */
  const text = async (from: string, words: string) => {
    counter += 1;
    const before = (await said(from)).length;
    const event: InboundEvent = {
      ...{ kind: "message", channel: "sms", eventId: `sms:SM${counter}`, messageId: `SM${counter}`, place: from },
      ...{
        threadKey: null,
        private: true,
        sender: { handle: from, displayName: null },
        sentAt: Date.now(),
        text: words,
      },
    };
    const { inboundId } = await t.mutation(api.inbound.receive, { event: JSON.stringify(event) });
    const row = await t.run((ctx) => ctx.db.get("inbound", inboundId as never));
    return { route: (row as { route?: string } | null)?.route, replies: (await said(from)).slice(before) };
  };
  const enrol = (name = "Ana", actor = OWNER) => t.mutation(api.people.enrol, { actor, name, channel: "sms" });
  const handles = async (name = "Ana") =>
    (await t.query(api.people.list, { actor: OWNER })).find((person) => person.name === name)!.handles;
  const copies = async () => (await deliveries()).filter((row) => row.approvalId !== null);
  const place = (rows: Awaited<ReturnType<typeof copies>>) => rows.map((row) => [row.place, row.status]);
  /** As a gateway does with what is ready at a place. */
  const send = async (where: string) => {
    const claimed = await t.mutation(api.outbox.claim, {
      ...{ gatewayId: "g1", limit: 10 },
      filters: [{ channel: "sms", place: where, complete: true }],
    });
    for (const [index, { deliveryId, leaseId, version }] of claimed.entries()) {
      const receipt = `SM-${where}-${index}-${version}`;
      await t.mutation(api.outbox.confirm, { deliveryId, leaseId, version, receipt });
    }
    return claimed;
  };
  const report = (receipt: string, state: "accepted" | "delivered" | "failed", deliveryId: string | null = null) =>
    t.mutation(api.outbox.report, {
      ...{ channel: "sms", receipt, deliveryId, state },
      error: state === "failed" ? errorInfo("platform_refused", "the phone cannot be reached (Twilio 30003)") : null,
    });
  return { ...backend, text, enrol, handles, copies, place, send, report, said, deliveries };
}

describe("I6: a phone is linked by a code", () => {
  test("sent within ten minutes from the phone -> linked; a second phone with the same code is not", async () => {
    const { text, enrol, handles } = await setup();
    const { code } = await enrol();
    vi.advanceTimersByTime(9 * MINUTE);
    expect(await text(NEW, ` enrol ${code.toLowerCase()}. `)).toMatchObject({
      route: "enrolled",
      replies: [expect.stringContaining("Hello Ana")],
    });
    expect(await handles()).toContain(NEW);
    expect((await text("sms:+33612345678", code)).route).toBe("unknownSender");
  });

  test("after ten minutes, or after a newer code -> not linked", async () => {
    const { text, enrol, handles } = await setup();
    const first = await enrol();
    const second = await enrol();
    expect((await text(NEW, first.code)).replies).toEqual([expect.stringContaining("not valid")]);
    vi.advanceTimersByTime(10 * MINUTE);
    expect((await text(NEW, second.code)).route).toBe("unknownSender");
    expect(await handles()).toEqual([ANA]);
  });

  test("three wrong codes -> the right one is not taken either, until ten minutes have passed", async () => {
    const { text, enrol, handles } = await setup();
    const { code } = await enrol();
    for (const left of ["2", "1"]) {
      expect((await text(NEW, "4K7M9PA")).replies).toEqual([expect.stringContaining(`left: ${left}`)]);
    }
    expect((await text(NEW, "4K7M9PA")).replies).toEqual([expect.stringContaining("Wait 10 minutes")]);
    expect(await text(NEW, code)).toEqual({ route: "unknownSender", replies: [] });
    vi.advanceTimersByTime(10 * MINUTE + 1);
    const again = await enrol();
    expect((await text(NEW, again.code)).route).toBe("enrolled");
    expect(await handles()).toContain(NEW);
  });

  test("a new number takes the place of the old, whose words count no more", async () => {
    const { text, enrol, start } = await setup();
    await start(QUESTION);
    const { code } = await enrol();
    await text(NEW, code);
    expect((await text(ANA, "yes")).route).toBe("unknownSender");
    const list = await text(NEW, "PENDING");
    expect(list).toMatchObject({ route: "command" });
    expect((await text(NEW, "yes")).replies).toEqual([expect.stringContaining("Approved by Ana via SMS")]);
  });

  test("everybody may enrol themselves, an admin others, a viewer nobody else; only on platforms", async () => {
    const { t, enrol, person } = await setup();
    await person("vic", "viewer");
    expect((await enrol("vic", at("terminal:vic"))).name).toBe("vic");
    await expect(enrol("Ana", at("terminal:vic"))).rejects.toMatchObject({ data: { code: "forbidden" } });
    expect((await enrol("vic", at(ANA))).code).toMatch(/^[2-9A-Z]{7}$/);
    const terminal = t.mutation(api.people.enrol, { actor: OWNER, name: "vic", channel: "terminal" });
    await expect(terminal).rejects.toMatchObject({ data: { field: "channel" } });
  });
});

describe("C3: strangers", () => {
  test("one hint a day, and never a word of what there is here", async () => {
    const { text, start } = await setup();
    await start(QUESTION);
    expect((await text(NEW, "status?")).replies).toHaveLength(1);
    for (const words of ["PENDING", "yes", "RUN deploy", "HELP", "MORE 4K"]) {
      expect(await text(NEW, words)).toEqual({ route: "unknownSender", replies: [] });
    }
    vi.advanceTimersByTime(24 * 60 * MINUTE + 1);
    expect((await text(NEW, "hello")).replies).toEqual([expect.not.stringContaining("Ship")]);
  });
});

test("I8: a caught request is no second message, even after its event was swept", async () => {
  const { t, text, start } = await setup();
  await start(QUESTION);
  await text(ANA, "PENDING");
  const [row] = await t.run((ctx) => ctx.db.query("inbound").collect());
  vi.advanceTimersByTime(31 * 24 * 60 * MINUTE);
  await t.mutation(internal.inbound.sweep, {});
  expect(await t.run((ctx) => ctx.db.query("inbound").collect())).toEqual([]);
  expect(await t.mutation(api.inbound.receive, { event: row!.event })).toMatchObject({ stored: false });
});

describe("B12: STOP", () => {
  test("suspends the phone, moves its question to the next channel, tells the run's owner; START brings it back", async () => {
    const { t, text, start, send, copies, place, said } = await setup();
    await t.mutation(api.people.link, { actor: OWNER, name: "Ana", handle: "slack:T1/UANA" });
    await start(QUESTION);
    await send(ANA);
    expect(await text(ANA, "Stop.")).toEqual({ route: "optOut", replies: [] });
    expect(place(await copies())).toEqual([
      [ANA, "failed"],
      ["slack:T1/UANA", "ready"],
    ]);
    expect((await said("terminal:root")).join("\n")).toContain("Ana takes no more messages");
    expect(await text(ANA, "no")).toEqual({ route: "suspended", replies: [] });
    await start(QUESTION);
    expect((await copies()).filter((row) => row.place === ANA)).toHaveLength(1);
    expect(await text(ANA, "START")).toMatchObject({
      route: "optIn",
      replies: [expect.stringMatching(/messages again.*2 open/)],
    });
    await start(QUESTION);
    expect((await copies()).filter((row) => row.place === ANA)).toHaveLength(2);
  });

  test("known only from Twilio's refusal -> the same", async () => {
    const { t, start, copies, place, text } = await setup();
    await t.mutation(api.people.link, { actor: OWNER, name: "Ana", handle: "slack:T1/UANA" });
    await start(QUESTION);
    const [claimed] = await t.mutation(api.outbox.claim, {
      ...{ gatewayId: "g1", limit: 10, filters: [{ channel: "sms" }] },
    });
    await t.mutation(api.outbox.fail, {
      ...{ deliveryId: claimed!.deliveryId, leaseId: claimed!.leaseId, retryAfterMs: null },
      error: errorInfo("platform_refused", "the person has opted out (STOP)", { field: "recipient.optedOut" }),
    });
    expect(place(await copies())).toEqual([
      [ANA, "failed"],
      ["slack:T1/UANA", "ready"],
    ]);
    expect((await text(ANA, "yes please")).route).toBe("suspended");
  });
});

describe("A10: what Twilio says later of a text", () => {
  test("failed -> shown, the next channel is asked once, the operators are told; later words change nothing", async () => {
    const { t, start, send, report, copies, place, said, text } = await setup();
    await t.mutation(api.people.link, { actor: OWNER, name: "Ana", handle: "slack:T1/UANA" });
    const { runId } = await start(QUESTION);
    await send(ANA);
    const receipt = (await copies())[0]!.receipt!;
    for (const state of ["accepted", "failed", "failed", "accepted", "delivered"] as const) {
      expect(await report(receipt, state)).toEqual({ known: true });
    }
    expect(place(await copies())).toEqual([
      [ANA, "failed"],
      ["slack:T1/UANA", "ready"],
    ]);
    const told = (await said("terminal:root")).filter((words) => words.includes("did not reach"));
    expect(told).toEqual([expect.stringMatching(/Ship 1.2\?.*run .*30003.*Ana at slack:T1\/UANA/)]);
    expect(told[0]).toContain(runId);
    // The phone is there again, and its answer counts; nothing is sent after what never arrived.
    expect((await text(ANA, "yes")).replies).toEqual([expect.stringContaining("Approved by Ana")]);
    expect((await copies()).find((row) => row.place === ANA)).toMatchObject({ status: "failed" });
  });

  test("nobody else to ask -> the operators are told so", async () => {
    const { start, send, report, copies, said } = await setup();
    await start(QUESTION);
    await send(ANA);
    await report((await copies())[0]!.receipt!, "failed");
    expect((await said("terminal:root")).join("\n")).toContain("No other way to reach Ana");
  });

  test("the word comes before the answer to the send was stored -> failed stays, the receipt is kept", async () => {
    const { t, start, report, copies } = await setup();
    await start(QUESTION);
    const [claimed] = await t.mutation(api.outbox.claim, { gatewayId: "g1", limit: 1, filters: [{ channel: "sms" }] });
    const { deliveryId, leaseId, version } = claimed!;
    await report("SM9", "failed", deliveryId);
    await t.mutation(api.outbox.confirm, { deliveryId, leaseId, version, receipt: "SM9" });
    expect((await copies())[0]).toMatchObject({ status: "failed", receipt: "SM9", reported: "failed" });
  });

  test("the answer to the send is lost, the word names the delivery -> it has its receipt, and is not sent again", async () => {
    const { t, start, report, copies } = await setup();
    await start(QUESTION);
    const [claimed] = await t.mutation(api.outbox.claim, { gatewayId: "g1", limit: 1, filters: [{ channel: "sms" }] });
    await report("SM9", "delivered", claimed!.deliveryId);
    await t.mutation(api.outbox.release, { gatewayId: "g1" });
    const [again] = await t.mutation(api.outbox.claim, { gatewayId: "g2", limit: 1, filters: [{ channel: "sms" }] });
    expect(again).toMatchObject({ receipt: "SM9", tries: 1 });
    expect((await copies())[0]).toMatchObject({ receipt: "SM9", reported: "delivered" });
  });

  test("of a message that is none of ours, or another channel's delivery -> nothing", async () => {
    const { t, start, report, copies } = await setup();
    await start(QUESTION);
    expect(await report("SM-unknown", "failed")).toEqual({ known: false });
    const [copy] = await copies();
    await t.mutation(api.outbox.report, {
      ...{ channel: "slack", receipt: "x", deliveryId: copy!._id, state: "failed", error: null },
    });
    expect((await copies())[0]).toMatchObject({ status: "ready", receipt: null });
  });
});

describe("B7: who is told how it ended", () => {
  test("the others by a text each; who decided by text has it in the reply", async () => {
    const { t, start, send, text, copies } = await setup();
    await t.mutation(api.people.add, { actor: OWNER, name: "Bob", roles: [] });
    await t.mutation(api.people.link, { actor: OWNER, name: "Bob", handle: NEW });
    const graph = structuredClone(QUESTION);
    graph.nodes.ask!.approvers = ["person:ana", "person:bob"];
    await start(graph);
    await send(ANA);
    await send(NEW);
    expect((await text(ANA, "yes")).replies).toHaveLength(1);
    const rows = await copies();
    expect(rows.map((row) => [row.place, row.status])).toEqual([
      [ANA, "confirmed"],
      [NEW, "ready"],
    ]);
    for (const row of rows) expect(JSON.parse(row.message).card.outcomeLine).toBe("Approved by Ana via SMS");
  });
});
