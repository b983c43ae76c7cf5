// @vitest-environment edge-runtime
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { approve, as, at, end, OWNER, pass, question, shipIt, startBackend } from "../test/runs.ts";
import { api, internal } from "./_generated/api.js";
import type { Id } from "./_generated/dataModel.js";
import { openFor } from "./model/approvals.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("settle", () => {
  test("B6: two answers at once -> one settled, the other is told who, where and when", async () => {
    const { start, t, person, records, rows } = await startBackend();
    await person("bo");
    const started = await start(shipIt({ approvers: ["person:root", "person:bo"] }));
    const ref = question(started).approvalId;
    const results = await Promise.all([
      t.mutation(api.approvals.answer, { actor: OWNER, ref, option: "yes" }),
      t.mutation(api.approvals.answer, { actor: at("terminal:bo"), ref, option: "no" }),
    ]);
    expect(results.map((each) => each.outcome).sort()).toEqual(["alreadyAnswered", "settled"]);
    const loser = results.find((each) => each.outcome === "alreadyAnswered")!;
    expect(loser.message).toMatch(
      /Already answered: (Approved by root via CLI|Denied by bo via terminal) \(\d{4}-\d\d-\d\d/,
    );
    expect(Object.values(await records())).toEqual([1]);
    expect(await rows("signals")).toHaveLength(1);
  });

  test("answered again after the end of the run -> told, and nothing runs twice", async () => {
    const { start, answer, records } = await startBackend();
    const ref = question(await start(shipIt())).approvalId;
    await answer(ref, "yes");
    expect(await answer(ref, "no")).toMatchObject({
      outcome: "alreadyAnswered",
      message: expect.stringContaining("You have already answered: yes"),
    });
    expect(await records()).toEqual({ shipped: 1 });
  });

  test("the same request told twice -> the same result", async () => {
    const { start, answer, records } = await startBackend();
    const ref = question(await start(shipIt())).approvalId;
    expect(await answer(ref, "yes", { requestKey: "r1" })).toMatchObject({ outcome: "settled" });
    expect(await answer(ref, "yes", { requestKey: "r1" })).toMatchObject({ outcome: "settled", option: "yes" });
    expect(await records()).toEqual({ shipped: 1 });
  });

  test("an option that does not exist -> invalid, still pending; a number and any case will do", async () => {
    const { start, answer, approval } = await startBackend();
    const ref = question(await start(shipIt())).approvalId;
    expect(await answer(ref, "maybe")).toMatchObject({ outcome: "invalid" });
    expect((await approval(ref)).status).toBe("pending");
    expect(await answer(ref, "YES")).toMatchObject({ outcome: "settled", option: "yes" });
    expect(await answer("nope", "yes").catch((thrown) => thrown.data)).toMatchObject({ code: "not_found" });
  });

  test("a refusal that needs a reason -> invalid without, kept with; the record has it", async () => {
    const { t, start, answer, approval } = await startBackend();
    const started = await start(shipIt({ reasonRequired: ["no"] }));
    const ref = question(started).approvalId;
    expect(await answer(ref, "no")).toMatchObject({ outcome: "invalid" });
    expect(await answer(ref, "no", { reason: "too risky" })).toMatchObject({ outcome: "settled" });
    expect((await approval(ref)).outcome).toMatchObject({ option: "no", by: "root", reason: "too risky" });
    const audit = await t.query(api.audit.list, { runId: started.runId });
    const answered = audit.find((row) => row.kind === "approval.answered");
    expect(answered).toMatchObject({ person: "root", channel: "cli" });
    expect(answered?.detail).toContain("too risky");
  });

  test("quorum 2 of 3: the same person twice counts once, the second person settles", async () => {
    const { t, start, person, run } = await startBackend();
    await person("ana", "release");
    await person("bo", "release");
    await person("cy", "release");
    const started = await start(shipIt({ approvers: ["role:release"], quorum: 2 }));
    const ref = question(started).approvalId;
    const vote = (name: string) =>
      t.mutation(api.approvals.answer, { actor: at(`terminal:${name}`), ref, option: "yes" });
    expect(await vote("ana")).toMatchObject({ outcome: "voted" });
    expect(await vote("ana")).toMatchObject({ outcome: "voted" });
    expect(await vote("bo")).toMatchObject({ outcome: "settled" });
    expect((await run(started.runId)).status).toBe("completed");
  });
});

describe("who may answer", () => {
  test("I2: without approvers only who started the run; the attempt of others is recorded", async () => {
    const { t, start, person, approval, answer } = await startBackend();
    await person("bo");
    const started = await start(shipIt());
    const ref = question(started).approvalId;
    expect(await t.mutation(api.approvals.answer, { actor: at("terminal:bo"), ref, option: "yes" })).toMatchObject({
      outcome: "refused",
    });
    expect(await approval(ref)).toMatchObject({ status: "pending", approvers: ["person:root"] });
    const audit = await t.query(api.audit.list, { runId: started.runId });
    expect(audit[0]).toMatchObject({ kind: "approval.refused", person: "bo", handle: "terminal:bo" });
    expect(await answer(ref, "yes")).toMatchObject({ outcome: "settled" });
  });

  test("a name of two words, written with other blanks, case and accents -> whoever is asked may answer", async () => {
    const { t, start, answer } = await startBackend();
    await t.mutation(api.people.add, { actor: OWNER, name: "Zoé Ruiz", roles: [] });
    const { approvalId } = question(await start(shipIt({ approvers: ["person:zoe\u0301  RUIZ"] })));
    expect(await answer(approvalId, "yes", { actor: as("zoé ruiz") })).toMatchObject({ outcome: "settled" });
  });

  test("a role counts at the moment of the answer", async () => {
    const { t, start, person } = await startBackend();
    await person("ana", "release");
    await person("bo", "release");
    const ref = question(await start(shipIt({ approvers: ["role:release"] }))).approvalId;
    await t.mutation(api.people.setRoles, { actor: OWNER, name: "ana", add: [], remove: ["release"] });
    const answer = (name: string) =>
      t.mutation(api.approvals.answer, { actor: at(`terminal:${name}`), ref, option: "yes" });
    expect(await answer("ana")).toMatchObject({ outcome: "refused" });
    expect(await answer("bo")).toMatchObject({ outcome: "settled" });
  });

  test("a role that nobody holds -> the node fails and says so, instead of a question for nobody", async () => {
    const { start } = await startBackend();
    const failed = await start(shipIt({ approvers: ["role:release"] }));
    expect(failed.status).toBe("failed");
    expect(failed.error).toContain("role:release");
  });

  test("an unknown handle -> forbidden, with the way to enrol", async () => {
    const { t, start } = await startBackend();
    const ref = question(await start(shipIt())).approvalId;
    await expect(
      t.mutation(api.approvals.answer, { actor: at("terminal:stranger"), ref, option: "yes" }),
    ).rejects.toMatchObject({ data: { code: "forbidden", remedy: expect.stringContaining("people link") } });
  });

  test("I10: --as is checked as that person, recorded as the operator, and refused for tier high", async () => {
    const { t, start, person, approval } = await startBackend();
    await person("ana");
    const own = question(await start(shipIt())).approvalId;
    const answer = (ref: string) => t.mutation(api.approvals.answer, { actor: as("ana"), ref, option: "yes" });
    expect(await answer(own)).toMatchObject({ outcome: "refused" });
    const hers = question(await start(shipIt({ approvers: ["person:ana"] }))).approvalId;
    expect(await answer(hers)).toMatchObject({ outcome: "settled" });
    expect((await approval(hers)).outcome).toMatchObject({ by: "operator (root) for ana", channel: "cli" });
    const recorded = (kind: string) => ({ kind, person: "operator (root) for ana", channel: "cli" });
    const [answered] = await t.query(api.audit.list, { approvalId: hers });
    expect(answered).toMatchObject(recorded("approval.answered"));
    const [refused] = await t.query(api.audit.list, { approvalId: own });
    expect(refused).toMatchObject(recorded("approval.refused"));
    const risky = question(await start(shipIt({ approvers: ["person:ana"], tier: "high" }))).approvalId;
    expect(await answer(risky)).toMatchObject({ outcome: "refused" });
    expect((await approval(risky)).status).toBe("pending");
  });

  test("I10: for quorum the operator is one person, whoever they act for", async () => {
    const { t, start, person } = await startBackend();
    await person("ana", "release");
    await person("bo", "release");
    const ref = question(await start(shipIt({ approvers: ["role:release"], quorum: 2 }))).approvalId;
    const answer = (name: string) => t.mutation(api.approvals.answer, { actor: as(name), ref, option: "yes" });
    expect(await answer("ana")).toMatchObject({ outcome: "voted" });
    expect(await answer("bo")).toMatchObject({ outcome: "voted" });
  });

  test("an operator's answer for another person after the one for the first -> told, and recorded, whose it was", async () => {
    const { t, start, person, rows } = await startBackend();
    await person("ana", "release");
    await person("bo", "release");
    const ref = question(await start(shipIt({ approvers: ["role:release"] }))).approvalId;
    const answer = (name: string, option: string) => t.mutation(api.approvals.answer, { actor: as(name), ref, option });
    expect(await answer("bo", "yes")).not.toHaveProperty("by");
    const told = await answer("ana", "no");
    expect(told).toMatchObject({
      outcome: "alreadyAnswered",
      message: expect.stringMatching(/^Already answered: Approved by operator \(root\) for bo via CLI \(2\d{3}-/),
      ...{ option: "yes", by: "operator (root) for bo", channel: "cli", at: Date.now() },
    });
    const late = (await rows("audit")).filter(({ kind }) => kind === "approval.late");
    expect(late.map(({ detail }) => JSON.parse(detail))).toMatchObject([{ option: "no", told: told.message }]);
  });
});

describe("A8: expiry", () => {
  test("takes the expired branch once; all copies say so; a later yes is told when it expired", async () => {
    const { t, start, answer, run, records, approval, person, rows } = await startBackend();
    await person("bo");
    const started = await start(shipIt({ expiresInMs: 60_000, approvers: ["person:root", "person:bo"] }));
    const ref = question(started).approvalId;
    await pass({ t }, 61_000);
    const copies = await rows("deliveries");
    expect(copies.map(({ place }) => place).sort()).toEqual(["terminal:bo", "terminal:root"]);
    for (const { message } of copies) {
      const { status, outcomeLine } = JSON.parse(message).card;
      expect([status, outcomeLine]).toEqual(["expired", expect.stringMatching(/^Expired \d{4}-/)]);
    }
    expect(await approval(ref)).toMatchObject({ status: "expired", outcome: { option: "expired", by: null } });
    expect((await run(started.runId)).status).toBe("completed");
    expect(await answer(ref, "yes")).toMatchObject({
      outcome: "expired",
      message: expect.stringMatching(/expired at \d{4}-/),
    });
    await t.mutation(internal.approvals.expire, { approvalId: ref as never });
    expect(await records()).toEqual({ stopped: 1 });
  });

  test("the clock was set back when its time came -> it is looked at again", async () => {
    const { t, start, approval } = await startBackend();
    const ref = question(await start(shipIt({ expiresInMs: 60_000 }))).approvalId;
    // The call that was scheduled is spent before the time that the row names.
    await t.run(async (ctx) =>
      ctx.scheduler.cancel((await ctx.db.get("approvals", ref as Id<"approvals">))!.expiryId!),
    );
    await t.mutation(internal.approvals.expire, { approvalId: ref as never });
    expect((await approval(ref)).status).toBe("pending");
    await pass({ t }, 61_000);
    expect((await approval(ref)).status).toBe("expired");
  });

  test("answered in time -> the clock changes nothing", async () => {
    const { t, start, answer, records, approval } = await startBackend();
    const ref = question(await start(shipIt({ expiresInMs: 60_000 }))).approvalId;
    await answer(ref, "yes");
    await pass({ t }, 120_000);
    expect((await approval(ref)).status).toBe("answered");
    expect(await records()).toEqual({ shipped: 1 });
  });

  test("A9: without expiry it may wait 45 days", async () => {
    const { t, start, answer, records } = await startBackend();
    const ref = question(await start(shipIt())).approvalId;
    await pass({ t }, 45 * 24 * 3600_000);
    expect(await answer(ref, "yes")).toMatchObject({ outcome: "settled" });
    expect(await records()).toEqual({ shipped: 1 });
  });
});

describe("codes", () => {
  test("each person has their own; it names the question for them only, and is not given again for 72 h", async () => {
    const { t, start, person, open } = await startBackend();
    await person("ana", "release");
    await person("bo", "release");
    const started = await start(shipIt({ approvers: ["role:release"] }));
    const [forAna] = await open(at("terminal:ana"));
    const [forBo] = await open(at("terminal:bo"));
    expect(forAna?.code).toMatch(/^(?=.*\d)(?=.*[A-Z])[0-9A-Z]{2}$/);
    expect(forBo?.approvalId).toBe(forAna?.approvalId);
    expect(question(started).code).toBeNull();
    const answered = await t.mutation(api.approvals.answer, {
      actor: at("terminal:ana"),
      ref: forAna!.code!.toLowerCase(),
      option: "yes",
    });
    expect(answered).toMatchObject({ outcome: "settled" });
    expect(await open(at("terminal:ana"))).toEqual([]);
    expect(await open(at("terminal:bo"))).toEqual([]);
    expect(
      await t.mutation(api.approvals.answer, { actor: at("terminal:ana"), ref: forAna!.code!, option: "yes" }),
    ).toMatchObject({ outcome: "alreadyAnswered" });
  });

  test("many open for one person -> all different, longer before they run out; a list of them is bounded", async () => {
    const { t, start, rows } = await startBackend();
    const many = Array.from({ length: 50 }, (_, at) => [`q${at}`, approve(`Q${at}?`, "done", "done")] as const);
    const fifty = {
      startNodeId: "all",
      nodes: {
        all: { type: "parallel", branches: many.map(([id]) => id), next: "done" },
        ...Object.fromEntries(many),
        done: end(),
      },
    };
    for (let round = 0; round < 3; round++) await start(fifty);
    const codes = (await rows("approvalCodes")).map((row) => row.code);
    expect(new Set(codes).size).toBe(150);
    expect(codes.some((code) => code.length > 2)).toBe(true);
    const owner = (await rows("approvalCodes"))[0]!.personId;
    expect(await t.run((ctx) => openFor(ctx, owner))).toHaveLength(50);
  });
});

describe("copies", () => {
  test("a card goes to where the run came from, and tells the outcome in the same words on every copy", async () => {
    const { t, start, person, rows } = await startBackend();
    await person("ana", "release");
    await person("bo", "release");
    const started = await start(shipIt({ approvers: ["role:release"] }), {
      actor: at("terminal:ana"),
      origin: { place: "terminal:ana", threadKey: null, private: true },
    });
    const before = await rows("deliveries");
    expect(before.map((row) => row.place).sort()).toEqual(["terminal:ana", "terminal:bo"]);
    const cards = before.map((row) => JSON.parse(row.message).card);
    expect(cards.every((card) => card.code !== null && card.outcomeLine === null)).toBe(true);
    expect(new Set(cards.map((card) => card.code)).size).toBe(2);
    const ref = question(started).approvalId;
    await t.mutation(api.approvals.answer, { actor: at("terminal:bo"), ref, option: "yes" });
    const after = (await rows("deliveries")).map((row) => JSON.parse(row.message).card);
    expect(after.map((card) => card.outcomeLine)).toEqual(Array(2).fill("Approved by bo via terminal"));
    expect((await rows("deliveries")).every((row) => row.version === 2)).toBe(true);
  });

  test("asked from a command -> the command's place and the approver's own; named channels that lead nowhere -> the own", async () => {
    const { start, rows } = await startBackend();
    await start(shipIt(), { origin: { place: "cli:root/1", threadKey: null, private: true } });
    expect((await rows("deliveries")).map((row) => row.place)).toEqual(["cli:root/1", "terminal:root"]);
    await start(shipIt({ channels: ["sms"] }));
    expect((await rows("deliveries")).map((row) => row.place).slice(2)).toEqual(["terminal:root"]);
    await start(shipIt({ channels: ["slack:#eng", "terminal"] }));
    expect((await rows("deliveries")).map((row) => row.place).slice(3)).toEqual(["slack:#eng", "terminal:root"]);
  });

  test("a shared place shows no code", async () => {
    const { start, rows } = await startBackend();
    await start(shipIt(), { origin: { place: "slack:C1", threadKey: null, private: false } });
    const [delivery, ...others] = await rows("deliveries");
    expect(others).toEqual([]);
    expect(JSON.parse(delivery!.message).card).toMatchObject({ code: null, status: "pending" });
  });
});
