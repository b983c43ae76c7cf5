// @vitest-environment edge-runtime
/** What becomes of an open question over time, and who is asked: A6, A7, A11, A12, A13. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { as, at, OWNER, pass, question, shipIt, startBackend } from "../test/runs.ts";
import { api } from "./_generated/api.js";
import type { Id } from "./_generated/dataModel.js";
import { bumps, cardPlaces, type Harness, HOUR, kinds, link, MINUTE, NOON, said } from "./ladder.test-support.ts";
import { ask as askQuestion } from "./model/ask.ts";
import { personByName } from "./model/people.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: NOON });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("A6: reminders", () => {
  test("one bump at the time set, with the words that count; none after the answer", async () => {
    const { t, start, rows, answer } = await startBackend();
    const started = await start(shipIt({ remindAfterMs: HOUR }));
    await pass({ t }, HOUR - 1000);
    expect(await bumps(rows)).toEqual([]);
    await pass({ t }, 2000);
    await pass({ t }, 10 * HOUR);
    const [bump, ...more] = await bumps(rows);
    expect(more).toEqual([]);
    expect(bump).toMatchObject({ place: "terminal:root" });
    expect(bump!.message.text).toMatch(/^Still waiting for an answer: "Ship it\?" – YES \w+ or NO \w+$/);
    expect(await kinds(t, started.runId)).toContain("approval.reminded");

    const second = question(await start(shipIt({ remindAfterMs: HOUR }), { requestKey: "2" })).approvalId;
    await answer(second, "yes");
    await pass({ t }, 2 * HOUR);
    expect(await bumps(rows)).toHaveLength(1);
  });

  test("answered before the bump was sent -> it is taken out of the outbox", async () => {
    const { t, start, rows, answer } = await startBackend();
    const ref = question(await start(shipIt({ remindAfterMs: HOUR }))).approvalId;
    await pass({ t }, HOUR + 1000);
    expect(await bumps(rows)).toHaveLength(1);
    await answer(ref, "yes");
    expect(await bumps(rows)).toEqual([]);
  });

  test("in the card's own thread where the platform has threads; a shared place sees no code", async () => {
    const { t, start, rows } = await startBackend();
    await start(shipIt({ remindAfterMs: HOUR, channels: ["slack:C1"] }));
    await t.run(async (ctx) => {
      for (const row of await ctx.db.query("deliveries").collect())
        await ctx.db.patch("deliveries", row._id, {
          receipt: "C1/1700000000.000100",
          status: "confirmed",
          confirmedVersion: 1,
        });
    });
    await pass({ t }, HOUR + 1000);
    expect((await bumps(rows)).map(({ place, message }) => [place, message.text])).toEqual([
      ["slack:C1/1700000000.000100", 'Still waiting for an answer: "Ship it?"'],
    ]);
  });
});

describe("A7: escalation", () => {
  test("30 min: SMS to Ana; 2 h: whoever is on call, who may then answer; the answer ends the ladder", async () => {
    const { t, start, person, rows } = await startBackend();
    await person("ana");
    await link(t, "ana", "sms:+15550100");
    await person("bo", "oncall");
    await t.mutation(api.people.prefer, { actor: OWNER, name: "ana", handle: "terminal:ana" });
    const escalate = [
      { afterMs: 30 * MINUTE, via: ["sms"] },
      { afterMs: 2 * HOUR, to: ["role:oncall"] },
      { afterMs: 3 * HOUR, to: ["person:root"] },
    ];
    const started = await start(shipIt({ approvers: ["person:ana"], escalate }));
    const ref = question(started).approvalId;
    expect(await cardPlaces(rows)).toEqual(["terminal:ana"]);
    const bo = (option: string) => t.mutation(api.approvals.answer, { actor: at("terminal:bo"), ref, option });
    expect((await bo("yes")).outcome).toBe("refused");
    await pass({ t }, 31 * MINUTE);
    expect(await cardPlaces(rows)).toEqual(["terminal:ana", "sms:+15550100"]);
    await pass({ t }, 90 * MINUTE);
    expect(await cardPlaces(rows)).toEqual(["terminal:ana", "sms:+15550100", "terminal:bo"]);
    const [open] = await t.query(api.approvals.list, { actor: at("terminal:bo") });
    expect(open).toMatchObject({ approvalId: ref, code: expect.any(String) });
    expect((await bo("yes")).outcome).toBe("settled");
    await pass({ t }, 5 * HOUR);
    expect(await cardPlaces(rows)).toHaveLength(3);
    const cards = (await said(rows)).filter(({ message }) => message.kind === "card");
    expect(new Set(cards.map(({ message }) => message.card.outcomeLine))).toEqual(
      new Set(["Approved by bo via terminal"]),
    );
    expect((await kinds(t, started.runId)).filter((kind) => kind === "approval.escalated")).toHaveLength(2);
    expect((await t.run((ctx) => ctx.db.query("approvalTimers").collect())).map((row) => row.status)).toEqual([
      "fired",
      "fired",
      "cancelled",
    ]);
  });

  test("under four eyes the ladder does not lead back to who asked", async () => {
    const { t, start, person, rows } = await startBackend();
    await person("ana");
    await start(
      shipIt({ approvers: ["person:ana"], fourEyes: true, escalate: [{ afterMs: HOUR, to: ["person:root"] }] }),
    );
    await pass({ t }, 2 * HOUR);
    expect(await cardPlaces(rows)).toEqual(["terminal:ana"]);
  });
});

describe("A12: on call, quiet hours, leaving", () => {
  const onCall = (t: Harness["t"], name: string, from: number, until: number) =>
    t.mutation(api.people.onCall, { actor: OWNER, role: "release", name, from, until });

  test("the one on call at that moment is asked; nobody on call -> all holders; the role still decides who may answer", async () => {
    const { t, start, person, rows } = await startBackend();
    for (const name of ["ana", "bo"]) await person(name, "release");
    await person("cy");
    await onCall(t, "cy", NOON - HOUR, NOON + HOUR);
    await onCall(t, "bo", NOON + HOUR, NOON + 2 * HOUR);
    const first = question(await start(shipIt({ approvers: ["role:release"] }))).approvalId;
    expect(await cardPlaces(rows)).toEqual(["terminal:cy"]);
    const answer = (name: string, ref: string) =>
      t.mutation(api.approvals.answer, { actor: at(`terminal:${name}`), ref, option: "yes" });
    expect((await answer("cy", first)).outcome).toBe("settled");
    await pass({ t }, HOUR + 1000);
    const second = question(await start(shipIt({ approvers: ["role:release"] }), { requestKey: "2" })).approvalId;
    expect((await cardPlaces(rows)).slice(1)).toEqual(["terminal:bo"]);
    expect((await answer("cy", second)).outcome).toBe("refused");
    expect((await answer("ana", second)).outcome).toBe("settled");
    await pass({ t }, HOUR);
    await start(shipIt({ approvers: ["role:release"] }), { requestKey: "3" });
    expect((await cardPlaces(rows)).slice(2)).toEqual(["terminal:ana", "terminal:bo"]);
  });

  test("times that are no shift -> refused with what is wrong with them, and nobody is on call", async () => {
    const { t, person } = await startBackend();
    await person("cy");
    const year = 366 * 24 * HOUR;
    for (const [from, until, why] of [
      [NOON, NOON - 1, "this shift would end before it begins"],
      [NOON - 2 * HOUR, NOON - HOUR, "this shift is over already"],
      [NOON, NOON + year + 1, "a shift is at most a year long"],
      [NOON + 6 * year, NOON + 6 * year + HOUR, "a shift ends at most 1800 days from now"],
    ] as const)
      await expect(onCall(t, "cy", from, until)).rejects.toMatchObject({
        data: { code: "invalid_input", field: "until", message: why, remedy: expect.stringContaining("--until") },
      });
    expect(await t.query(api.people.shifts, { actor: OWNER, role: "release" })).toEqual([]);
  });

  test("a shift ends with the question open -> the others of the role are asked", async () => {
    const { t, start, person, rows } = await startBackend();
    await person("ana", "release");
    await person("cy");
    await onCall(t, "cy", NOON - HOUR, NOON + HOUR);
    const started = await start(shipIt({ approvers: ["role:release"] }));
    await pass({ t }, HOUR + 1000);
    expect(await cardPlaces(rows)).toEqual(["terminal:cy", "terminal:ana"]);
    expect(await kinds(t, started.runId)).toContain("approval.approverLeft");
    expect(await t.query(api.approvals.list, { actor: at("terminal:cy") })).toEqual([]);
  });

  test("an approver leaves the role -> not asked any more, the others are; a name stays", async () => {
    const { t, start, person, rows } = await startBackend();
    for (const name of ["ana", "bo"]) await person(name, "release");
    await onCall(t, "ana", NOON - HOUR, NOON + HOUR);
    const ref = question(await start(shipIt({ approvers: ["role:release"] }))).approvalId;
    await t.run(async (ctx) => {
      for (const row of await ctx.db.query("rotas").collect()) await ctx.db.delete("rotas", row._id);
    });
    await t.mutation(api.people.setRoles, { actor: OWNER, name: "ana", add: [], remove: ["release"] });
    expect(await cardPlaces(rows)).toEqual(["terminal:ana", "terminal:bo"]);
    expect((await said(rows))[0]!.message.card.code).toBeNull();
    expect(await t.query(api.approvals.list, { actor: at("terminal:ana") })).toEqual([]);
    const [open] = await t.query(api.approvals.list, { actor: at("terminal:bo") });
    expect(open!.approvalId).toBe(ref);
  });

  test("quiet hours hold back what can wait until they end; what cannot wait comes at once", async () => {
    const { t, start, person, rows, approval } = await startBackend();
    await person("ana");
    await t.mutation(api.people.quiet, { actor: OWNER, name: "ana", hours: "11:00-14:00", zone: "UTC" });
    const ref = question(await start(shipIt({ approvers: ["person:ana"] }))).approvalId;
    expect(await cardPlaces(rows)).toEqual([]);
    expect((await approval(ref)).deliveries).toEqual([
      {
        channel: "terminal",
        place: "terminal:ana",
        status: "held",
        receipt: null,
        error: "held back until 2026-11-20 14:00 UTC by quiet hours",
      },
    ]);
    const answered = question(await start(shipIt({ approvers: ["person:ana"] }), { requestKey: "2" })).approvalId;
    await t.mutation(api.approvals.answer, { actor: at("terminal:ana"), ref: answered, option: "no" });
    await start(shipIt({ approvers: ["person:ana"], tier: "high" }), { requestKey: "3" });
    expect(await cardPlaces(rows)).toHaveLength(1);
    await start(shipIt({ approvers: ["person:ana"], expiresInMs: HOUR }), { requestKey: "4" });
    expect(await cardPlaces(rows)).toHaveLength(2);
    await pass({ t }, 2 * HOUR + 1000);
    // The one that was answered meanwhile never comes.
    expect(await cardPlaces(rows)).toHaveLength(3);
    expect((await approval(ref)).deliveries[0]).toMatchObject({ place: "terminal:ana", status: "ready" });
  });

  test("whoever asks from there is answered there, whatever the hour; whoever is on call is reached", async () => {
    const { t, start, person, rows } = await startBackend();
    await person("ana");
    await t.mutation(api.people.quiet, { actor: at("terminal:ana"), name: "ana", hours: "11:00-14:00", zone: "UTC" });
    await start(shipIt(), {
      actor: at("terminal:ana"),
      origin: { place: "terminal:ana", threadKey: null, private: true },
    });
    expect(await cardPlaces(rows)).toEqual(["terminal:ana"]);
    await onCall(t, "ana", NOON - HOUR, NOON + HOUR);
    await start(shipIt({ approvers: ["role:release"] }), { requestKey: "2" });
    expect(await cardPlaces(rows)).toEqual(["terminal:ana", "terminal:ana"]);
  });

  test("a preferred handle is where they are asked; nobody chooses for others", async () => {
    const { t, start, person, rows } = await startBackend();
    await person("ana");
    await person("bo");
    await link(t, "ana", "sms:+15550100");
    await t.mutation(api.people.prefer, { actor: at("terminal:ana"), name: "ana", handle: "sms:+15550100" });
    await start(shipIt({ approvers: ["person:ana"] }));
    expect(await cardPlaces(rows)).toEqual(["sms:+15550100"]);
    const forbidden = { data: { code: "forbidden" } };
    const bo = at("terminal:bo");
    await expect(t.mutation(api.people.prefer, { actor: bo, name: "ana", handle: null })).rejects.toMatchObject(
      forbidden,
    );
    await expect(
      t.mutation(api.people.quiet, { actor: bo, name: "ana", hours: null, zone: "UTC" }),
    ).rejects.toMatchObject(forbidden);
    await expect(
      t.mutation(api.people.prefer, { actor: OWNER, name: "ana", handle: "terminal:bo" }),
    ).rejects.toMatchObject({ data: { code: "not_found" } });
  });
});

test("A11: the sixth open question of one agent is refused, until one is answered", async () => {
  const { t, answer } = await startBackend();
  await t.mutation(api.people.add, { actor: OWNER, name: "ana", roles: [] });
  const askAs = (agent: string, n: number, name = "root") =>
    t.run(async (ctx) => {
      const owner = (await personByName(ctx, name))!;
      const approval = await askQuestion(ctx, {
        ...{ key: `${agent}/${n}`, question: `Q${n}?`, options: ["yes", "no"], freeText: false, approvers: null },
        ...{ quorum: 1, fourEyes: false, tier: "low" as const, channels: null, payload: null, form: null },
        ...{ reasonRequired: [], expiresAt: null, requestedBy: owner._id, requestedByShown: owner.name },
        ...{ requester: owner._id, origin: null, workflow: null, runId: null, waitId: null, nodeId: null },
        ...{ remindAfterMs: null, escalate: [], agent, rule: null },
      });
      return approval._id as Id<"approvals">;
    });
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) ids.push(await askAs("factoryManager", n));
  await expect(askAs("factoryManager", 5)).rejects.toMatchObject({
    data: { code: "limit_reached", message: expect.stringContaining("at most 5") },
  });
  await askAs("analysis", 5);
  // One person's open questions keep nobody else from being served.
  await askAs("factoryManager", 7, "ana");
  await answer(ids[0]!, "no");
  await askAs("factoryManager", 6);
});

test("I10: the owner's shell cannot be locked out: without any handle and any role it still acts", async () => {
  const { t } = await startBackend();
  await t.mutation(api.people.unlink, { actor: OWNER, name: "root", handle: "terminal:root" });
  await expect(
    t.mutation(api.people.setRoles, { actor: OWNER, name: "root", add: ["viewer"], remove: ["owner"] }),
  ).rejects.toMatchObject({ data: { code: "invalid_input" } });
  await t.mutation(api.people.setRoles, { actor: OWNER, name: "root", add: ["viewer"], remove: [] });
  await t.mutation(api.people.add, { actor: OWNER, name: "ana", roles: [] });
  expect((await t.query(api.people.list, { actor: as("ana") })).map((person) => person.name)).toEqual(["root", "ana"]);
});
