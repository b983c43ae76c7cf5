// @vitest-environment edge-runtime
/** Answering: codes, lists, edited values, what was shown, the record of it. B4, B6, B8–B11, G2, G4. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ask, withPhone } from "../test/phone.ts";
import { as, at, OWNER, question, startBackend } from "../test/runs.ts";
import { api } from "./_generated/api.js";
import type { Id } from "./_generated/dataModel.js";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-20T12:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

type Harness = Awaited<ReturnType<typeof startBackend>>;

describe("B4: codes", () => {
  test("two open: YES lists them with codes and settles nothing; YES CODE settles that one", async () => {
    const { asked, text, approval } = await withPhone();
    const [first, second] = [await asked(), await asked()];
    const reply = await text("YES");
    expect(reply).toMatch(/^Several questions are open/);
    for (const { code } of [first, second]) expect(reply).toContain(code);
    expect((await approval(first.approvalId)).status).toBe("pending");
    expect(await text(`yes ${second.code.toLowerCase()}.`)).toBe("Approved by ana via SMS.");
    expect((await approval(first.approvalId)).status).toBe("pending");
    expect((await approval(second.approvalId)).status).toBe("answered");
  });

  test("one open: a bare YES settles it", async () => {
    const { asked, text, approval } = await withPhone();
    const { approvalId } = await asked();
    expect(await text("Yes!")).toBe("Approved by ana via SMS.");
    expect((await approval(approvalId)).outcome).toMatchObject({ option: "yes", channel: "sms" });
  });

  test("a code is not given again to that person for 72 h after it closed; later it may be", async () => {
    const { t, asked, rows, answer } = await withPhone();
    const { approvalId, code } = await asked();
    await answer(approvalId, "yes", { actor: at("sms:+15550100") });
    // Every other code of two characters is taken, so the next one shows whether this one is free.
    const personId = (await rows("approvalCodes"))[0]!.personId;
    const digits = [..."234679"];
    const letters = [..."ACEFHJKMNPRTWXY"];
    await t.run(async (ctx) => {
      for (const other of digits.flatMap((digit) => letters.map((letter) => `${digit}${letter}`))) {
        if (other === code) continue;
        await ctx.db.insert("approvalCodes", {
          ...{ approvalId: approvalId as Id<"approvals">, personId, code: other, open: true, closedAt: null },
        });
      }
    });
    vi.setSystemTime(Date.now() + 71 * 3600_000);
    for (let n = 0; n < 5; n++) expect((await asked()).code).not.toBe(code);
    vi.setSystemTime(Date.now() + 2 * 3600_000);
    const later = new Set<string>();
    for (let n = 0; n < 200 && !later.has(code); n++) later.add((await asked()).code);
    expect(later).toContain(code);
  });

  test("another person's code names nothing", async () => {
    const { t, asked, person, approval } = await withPhone();
    await person("bo");
    const { approvalId, code } = await asked();
    await expect(
      t.mutation(api.approvals.answer, { actor: at("terminal:bo"), ref: code, option: "yes" }),
    ).rejects.toMatchObject({ data: { code: "not_found" } });
    expect((await approval(approvalId)).status).toBe("pending");
  });
});

test("B6: 50 answers at once over several identities -> one accepted, 49 told who and where; one resume", async () => {
  const { t, start, person, records, rows, approval } = await startBackend();
  const names = Array.from({ length: 10 }, (_, n) => `p${n}`);
  for (const name of names) {
    await person(name, "release");
    await t.mutation(api.people.link, { actor: OWNER, name, handle: `sms:+1555010${name.slice(1)}` });
  }
  const started = await start(ask({ approvers: ["role:release"] }));
  const ref = question(started).approvalId;
  const actors = names.flatMap((name) => [
    ...[at(`terminal:${name}`), at(`sms:+1555010${name.slice(1)}`), as(name)],
    ...[at(`terminal:${name}`), at(`sms:+1555010${name.slice(1)}`)],
  ]);
  expect(actors).toHaveLength(50);
  const results = await Promise.all(
    actors.map((actor, n) => t.mutation(api.approvals.answer, { actor, ref, option: n % 3 === 0 ? "no" : "yes" })),
  );
  const accepted = results.filter((result) => result.outcome === "settled");
  const told = results.filter((result) => result.outcome === "alreadyAnswered");
  expect([accepted.length, told.length]).toEqual([1, 49]);
  for (const { message } of told) {
    expect(message).toMatch(
      /(Approved|Denied) by .* via (terminal|SMS|CLI) \(2026-11-20 12:00 UTC\)|You have already answered/,
    );
  }
  expect(Object.values(await records())).toEqual([1]);
  expect(await rows("signals")).toHaveLength(1);
  const lines = (await rows("deliveries")).map((row) => JSON.parse(row.message).card.outcomeLine);
  expect(new Set(lines)).toEqual(new Set([accepted[0]!.message.replace(/\.$/, "")]));
  expect((await approval(ref)).votes).toHaveLength(1);
});

describe("B8: reasons", () => {
  test("NO CODE reason by SMS: in the branch's variables and in the record; without one it is asked for", async () => {
    const { t, asked, text, run, approval } = await withPhone();
    const { approvalId, code, runId } = await asked({ reasonRequired: ["no"] });
    expect(await text(`NO ${code}`)).toBe(`"no" needs a reason. Answer again and say why: no ${code} your reason`);
    expect((await approval(approvalId)).status).toBe("pending");
    expect(await text(`NO ${code} too risky, see #12`)).toBe("Denied by ana via SMS.");
    expect((await run(runId)).variables).toContain('"reason":"too risky, see #12"');
    const row = (await t.query(api.audit.list, { runId })).find((one) => one.kind === "approval.answered");
    expect(JSON.parse(row!.detail)).toMatchObject({ reason: "too risky, see #12", option: "no" });
  });
});

describe("B9: edited values", () => {
  const form = {
    type: "object",
    properties: { amount: { type: "number", maximum: 100_000 }, memo: { type: "string", minLength: 3 } },
    required: ["amount", "memo"],
  };
  const payload = { amount: 82_000, memo: "rent", to: "ACME" };
  const edit = (answer: Harness["answer"], ref: string, fields: unknown, option = "yes", more = {}) =>
    answer(ref, option, { fields: JSON.stringify(fields), ...more });

  test("checked again by the schema; a new hash, the original kept; the branch and every copy have what was approved", async () => {
    const { start, answer, approval, run, rows } = await startBackend();
    const started = await start(ask({ payload, form }));
    const ref = question(started).approvalId;
    const before = await approval(ref);
    expect(await edit(answer, ref, { amount: 820_000 })).toMatchObject({
      outcome: "invalid",
      message: "fields.amount must be at most 100000.",
    });
    expect(await edit(answer, ref, { memo: "x" })).toMatchObject({ outcome: "invalid" });
    expect(await edit(answer, ref, { to: "EVIL" })).toMatchObject({
      outcome: "invalid",
      message: "fields.to cannot be edited here. What can be: amount, memo.",
    });
    expect((await approval(ref)).status).toBe("pending");
    expect(await edit(answer, ref, { amount: 80_000 })).toMatchObject({ outcome: "settled" });
    const after = await approval(ref);
    expect(after).toMatchObject({ payload: before.payload, payloadHash: before.payloadHash });
    expect(JSON.parse(after.approvedPayload!)).toEqual({ ...payload, amount: 80_000 });
    expect(after.approvedHash).toMatch(/^[0-9a-f]{64}$/);
    expect(after.approvedHash).not.toBe(before.payloadHash);
    const said = JSON.parse((await run(started.runId)).variables).said;
    expect(said).toMatchObject({ option: "yes", fields: { amount: 80_000 }, payload: { ...payload, amount: 80_000 } });
    const card = JSON.parse((await rows("deliveries"))[0]!.message).card;
    expect(JSON.parse(card.payload).amount).toBe(80_000);
    expect(card.context).toContain(`payload ${after.approvedHash!.slice(0, 12)}`);
  });

  test("under a quorum only votes for the same values agree", async () => {
    const { t, start, person, approval, rows } = await startBackend();
    for (const name of ["ana", "bo", "cy"]) await person(name, "release");
    const started = await start(ask({ payload, form, approvers: ["role:release"], quorum: 2 }));
    const ref = question(started).approvalId;
    const vote = (name: string, fields: unknown) =>
      t.mutation(api.approvals.answer, {
        ...{ actor: at(`terminal:${name}`), ref, option: "yes" },
        ...(fields === null ? {} : { fields: JSON.stringify(fields) }),
      });
    expect((await vote("ana", { amount: 1 })).outcome).toBe("voted");
    expect((await vote("bo", null)).outcome).toBe("voted");
    const told = "Approved by ana via terminal and cy via terminal, with amount 1";
    expect(await vote("cy", { amount: 1 })).toMatchObject({ outcome: "settled", message: `${told}.` });
    expect(JSON.parse((await approval(ref)).approvedPayload!)).toEqual({ ...payload, amount: 1 });
    // Whoever voted for other values has not approved these.
    const [copy] = await rows("deliveries");
    expect(JSON.parse(copy!.message).card.outcomeLine).toBe(told);
    // A value that is what was asked changes nothing: it is the same approval as a plain yes.
    const again = question(await start(ask({ payload, form, approvers: ["role:release"], quorum: 2 }))).approvalId;
    const same = { ref: again, option: "yes" };
    await t.mutation(api.approvals.answer, { actor: at("terminal:ana"), ...same });
    const fields = JSON.stringify({ amount: payload.amount });
    expect((await t.mutation(api.approvals.answer, { actor: at("terminal:bo"), ...same, fields })).outcome).toBe(
      "settled",
    );
  });

  test("a question without a form takes no values, and a denial carries none", async () => {
    const { start, answer } = await startBackend();
    const plain = question(await start(ask({ payload }))).approvalId;
    expect(await edit(answer, plain, { amount: 1 })).toMatchObject({ outcome: "invalid" });
    const formed = question(await start(ask({ payload, form }), { requestKey: "2" })).approvalId;
    expect(await edit(answer, formed, { amount: 1 }, "no")).toMatchObject({ outcome: "invalid" });
  });
});

describe("B9: edited values in text", () => {
  const form = {
    type: "object",
    properties: { amount: { type: "number", maximum: 100_000 }, memo: { type: "string" } },
  };
  const payload = { amount: 82_000, memo: "rent", to: "ACME" };

  test("WORD CODE field=value changes the value for the run, and the reply and every copy say so", async () => {
    const { asked, text, run, rows } = await withPhone();
    const { code, runId } = await asked({ payload, form });
    expect(await text(`MORE ${code}`)).toContain(`With a changed value: YES ${code} amount=NUMBER memo="TEXT"`);
    expect(await text(`YES ${code} amount=9 memo="two months"`)).toBe(
      'Approved by ana via SMS, with amount 9 and memo "two months".',
    );
    const { said } = JSON.parse((await run(runId)).variables);
    expect(said).toMatchObject({
      reason: null,
      fields: { amount: 9, memo: "two months" },
      payload: { ...payload, amount: 9, memo: "two months" },
    });
    const card = JSON.parse((await rows("deliveries"))[0]!.message).card;
    expect(card.outcomeLine).toBe('Approved by ana via SMS, with amount 9 and memo "two months"');
  });

  test("what does not fit the form, or cannot be read, settles nothing", async () => {
    const { asked, text, approval } = await withPhone();
    const { approvalId, code } = await asked({ payload, form });
    expect(await text(`YES ${code} amount=820000`)).toBe("fields.amount must be at most 100000.");
    expect(await text(`YES ${code} to=EVIL`)).toBe("fields.to cannot be edited here. What can be: amount, memo.");
    expect(await text(`YES ${code} amount=9 thousand`)).toContain('"thousand" is not key=value');
    expect((await approval(approvalId)).status).toBe("pending");
  });

  test("also when more questions are open than an answer looks at", async () => {
    const { asked, text, run, t } = await withPhone();
    const { code, runId } = await asked({ payload, form });
    await t.run(async (ctx) => {
      const [row] = await ctx.db.query("approvalCodes").collect();
      const { _id, _creationTime, ...same } = row!;
      for (let n = 0; n < 50; n++)
        await ctx.db.insert("approvalCodes", { ...same, code: `9${"ACEFHJKMNPRTWXY"[n % 15]}${n}X` });
    });
    expect(await text(`YES ${code} amount = 9`)).toContain("Nothing is settled");
    await text(`YES ${code} amount=9`);
    expect(JSON.parse((await run(runId)).variables).said).toMatchObject({ fields: { amount: 9 }, reason: null });
  });
});

test("the code before the word: nothing is settled, the reply says how to write it", async () => {
  const { asked, text, approval } = await withPhone();
  const { approvalId, code } = await asked();
  expect(await text(`${code} 2`)).toBe(`Nothing is settled: the code comes after the word. Write: 2 ${code}`);
  expect((await approval(approvalId)).status).toBe("pending");
});

describe("B10: asking back", () => {
  test("words about the question settle nothing; it stays open under the same code, and the reply says which words count", async () => {
    const { asked, text, approval, rows } = await withPhone();
    const { approvalId, code } = await asked();
    for (const words of [
      "what does this touch?",
      `what is ${code} about?`,
      "no, don't approve",
      "yes but tomorrow",
      "ok",
    ]) {
      await text(words);
    }
    expect((await approval(approvalId)).status).toBe("pending");
    const [row] = (await rows("approvalCodes")).filter((one) => one.approvalId === approvalId);
    expect(row).toMatchObject({ code, open: true });
    const turns = await approvalTurns(rows);
    expect(turns).toBeGreaterThan(0);
    expect(await text(`YES ${code}`)).toBe("Approved by ana via SMS.");
  });
  const approvalTurns = async (rows: Harness["rows"]) =>
    (await rows("inbound" as never)).filter((row) => (row as unknown as { route: string }).route === "conversation")
      .length;
});

describe("B11: several at once", () => {
  test("PENDING lists them with codes and ages; YES A B settles two and reports both", async () => {
    const { asked, text, approval } = await withPhone();
    const five = [];
    for (let n = 0; n < 5; n++) five.push(await asked());
    vi.setSystemTime(Date.now() + 5 * 60_000);
    const list = await text("pending");
    for (const { code } of five) expect(list).toContain(code);
    expect(list.match(/asked 5 min ago/g)).toHaveLength(5);
    const reply = await text(`YES ${five[0]!.code} ${five[1]!.code}`);
    expect(reply).toBe(`${five[0]!.code}: Approved by ana via SMS.\n${five[1]!.code}: Approved by ana via SMS.`);
    const statuses = await Promise.all(five.map(async ({ approvalId }) => (await approval(approvalId)).status));
    expect(statuses).toEqual(["answered", "answered", "pending", "pending", "pending"]);
  });

  test("what was not shown cannot be settled in bulk; a list shows it", async () => {
    const { asked, text, approval } = await withPhone();
    const shown = await asked();
    // In a channel: the card there shows no code.
    const hidden = await asked({ channels: ["slack:C1"] });
    const reply = await text(`YES ${shown.code} ${hidden.code}`);
    expect(reply).toContain(`${shown.code}: Approved by ana via SMS.`);
    expect(reply).toContain(`${hidden.code}: not settled, you have not been shown this question yet.`);
    expect((await approval(hidden.approvalId)).status).toBe("pending");
    const third = await asked();
    await text("PENDING");
    expect(await text(`YES ${hidden.code} ${third.code}`)).not.toContain("not settled");
    expect((await approval(hidden.approvalId)).status).toBe("answered");
  });

  test("a code that is over or never was is named", async () => {
    const { asked, text, answer } = await withPhone();
    const [first, second] = [await asked(), await asked()];
    await answer(first.approvalId, "no", { actor: at("terminal:ana") });
    const never = ["2A", "3C", "4E", "6F"].find((code) => code !== first.code && code !== second.code)!;
    const reply = await text(`YES ${second.code} ${first.code} ${never}`);
    expect(reply.split("\n")).toEqual([
      `${second.code}: Approved by ana via SMS.`,
      expect.stringMatching(
        new RegExp(`^${first.code}: (Already answered: Denied by ana|You have already answered: no)`),
      ),
      `No question with the code ${never} is open for you, so it settles nothing.`,
    ]);
  });
});

describe("G2, G4: what was shown, and the record of it", () => {
  const payload = { amount: 82_000 };

  test("G2: person, handle, channel, message, time, what was shown and the payload's hash are in one row", async () => {
    const { t, asked, text } = await withPhone();
    const { approvalId, code } = await asked({ payload });
    await text(`YES ${code} fine`);
    const rows = await t.query(api.audit.list, { approvalId });
    expect(rows.map((row) => row.kind)).toEqual(["approval.answered"]);
    expect(rows[0]).toMatchObject({ person: "ana", handle: "sms:+15550100", channel: "sms", at: expect.any(Number) });
    expect(JSON.parse(rows[0]!.detail)).toMatchObject({
      ...{ approvalId, question: "Ship it?", option: "yes", reason: "fine", message: "sms:+15550100/1" },
      ...{ payloadHash: expect.stringMatching(/^[0-9a-f]{64}$/), copies: [{ place: "sms:+15550100" }] },
      shown: { options: ["yes", "no"], payload: '{"amount":82000}' },
    });
  });

  test("G4: an answer to another payload than the question's is refused", async () => {
    const { start, answer, approval } = await startBackend();
    const ref = question(await start(ask({ payload }))).approvalId;
    const { payloadHash } = await approval(ref);
    expect(await answer(ref, "yes", { shownHash: "0".repeat(64) })).toMatchObject({ outcome: "refused" });
    expect(await answer(ref, "yes", { shownHash: payloadHash })).toMatchObject({ outcome: "settled" });
  });

  test("G4: 82,000 became 820,000 in the row -> refused, superseded on every copy, asked anew", async () => {
    const { t, start, answer, approval, run, rows, records } = await startBackend();
    const started = await start(ask({ payload, remindAfterMs: 3600_000 }));
    const ref = question(started).approvalId;
    await t.run((ctx) => ctx.db.patch("approvals", ref as Id<"approvals">, { payload: '{"amount":820000}' }));
    expect(await answer(ref, "yes")).toMatchObject({ outcome: "refused", message: expect.stringContaining("changed") });
    const old = await approval(ref);
    expect(old.status).toBe("superseded");
    const anew = question(await run(started.runId));
    expect(anew.approvalId).toBe(old.supersededBy);
    const cards = (await rows("deliveries")).map((row) => JSON.parse(row.message).card);
    expect(cards.map((card) => [card.approvalId, card.status, card.outcomeLine])).toEqual([
      [ref, "superseded", "Replaced by a newer question"],
      [anew.approvalId, "pending", null],
    ]);
    expect(await answer(ref, "yes")).toMatchObject({ outcome: "superseded" });
    expect(await records()).toEqual({});
    expect(await answer(anew.approvalId, "yes")).toMatchObject({ outcome: "settled" });
    expect(await records()).toEqual({ shipped: 1 });
    expect((await t.run((ctx) => ctx.db.query("approvalTimers").collect())).map((row) => row.status)).toEqual([
      "cancelled",
      "cancelled",
    ]);
  });
});
