// @vitest-environment edge-runtime
/** A13: a question is handed on to somebody else, or sent again. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { at, OWNER, question, shipIt, startBackend } from "../test/runs.ts";
import { api } from "./_generated/api.js";
import { cardPlaces, type Harness, link, NOON, said } from "./ladder.test-support.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: NOON });
});
afterEach(() => {
  vi.useRealTimers();
});

const reassign = (t: Harness["t"], actor: ReturnType<typeof at>, ref: string, to: string) =>
  t.mutation(api.approvals.reassign, { actor, ref, to });

test("handed on: the other is asked and answers, the giver no more; recorded", async () => {
  const { t, start, person, rows } = await startBackend();
  for (const name of ["ana", "bo"]) await person(name);
  const started = await start(shipIt({ approvers: ["person:ana"] }));
  const ref = question(started).approvalId;
  const [hers] = await t.query(api.approvals.list, { actor: at("terminal:ana") });
  expect(await reassign(t, at("terminal:ana"), hers!.code!, "bo")).toMatchObject({
    done: true,
    from: "ana",
    to: "bo",
  });
  expect(await cardPlaces(rows)).toEqual(["terminal:ana", "terminal:bo"]);
  const answer = (name: string) =>
    t.mutation(api.approvals.answer, { actor: at(`terminal:${name}`), ref, option: "yes" });
  expect(await answer("ana")).toMatchObject({
    outcome: "refused",
    message: "You have handed this question on to bo.",
  });
  expect((await answer("bo")).outcome).toBe("settled");
  const cards = (await said(rows)).filter(({ message }) => message.kind === "card");
  expect(cards.map(({ message }) => message.card.outcomeLine)).toEqual(Array(2).fill("Approved by bo via terminal"));
  const row = (await t.query(api.audit.list, { runId: started.runId })).find(
    (one) => one.kind === "approval.reassigned",
  );
  expect(row).toMatchObject({ person: "ana", handle: "terminal:ana" });
  expect(JSON.parse(row!.detail)).toMatchObject({ from: "ana", to: "bo" });
});

test("the policy is checked again: four eyes, the role, a vote already given, the quorum", async () => {
  const { t, start, person } = await startBackend();
  for (const name of ["ana", "bo"]) await person(name, "release");
  await person("cy");
  const asked = async (more: Record<string, unknown>, key: string) =>
    question(await start(shipIt({ approvers: ["role:release"], ...more }), { requestKey: key })).approvalId;
  const ana = at("terminal:ana");
  expect(await reassign(t, ana, await asked({}, "1"), "cy")).toMatchObject({
    done: false,
    message: "cy may not answer this: it is for the role release.",
  });
  expect(await reassign(t, ana, await asked({ fourEyes: true }, "2"), "root")).toMatchObject({ done: false });
  const two = await asked({ quorum: 2 }, "3");
  expect(await reassign(t, ana, two, "bo")).toMatchObject({
    done: false,
    message: expect.stringContaining("only 1"),
  });
  await t.mutation(api.approvals.answer, { actor: ana, ref: two, option: "yes" });
  expect(await reassign(t, ana, two, "bo")).toMatchObject({ done: false, message: "ana has voted on this already." });
  await expect(reassign(t, at("terminal:cy"), two, "bo")).rejects.toMatchObject({ data: { code: "forbidden" } });
  await expect(reassign(t, ana, two, "nobody")).rejects.toMatchObject({ data: { code: "not_found" } });
  // An admin may hand it to somebody outside of the role, for one of those who are asked.
  await expect(reassign(t, OWNER as never, await asked({}, "4"), "cy")).rejects.toMatchObject({
    data: { code: "ambiguous" },
  });
  const kept = (await t.query(api.audit.list, {})).filter((row) => row.kind === "approval.reassignRefused");
  expect(kept).toHaveLength(4);
});

test("REASSIGN and RESEND by text", async () => {
  const { t, start, person, rows } = await startBackend();
  for (const name of ["ana", "bo"]) await person(name);
  await link(t, "ana", "sms:+15550100");
  await t.mutation(api.people.prefer, { actor: OWNER, name: "ana", handle: "sms:+15550100" });
  await start(shipIt({ approvers: ["person:ana"] }));
  const code = (await said(rows))[0]!.message.card.code as string;
  let count = 0;
  const text = async (words: string) => {
    const id = `m${++count}`;
    const event = {
      ...{ kind: "message", channel: "sms", eventId: id, messageId: id, place: "sms:+15550100", threadKey: null },
      ...{ private: true, sender: { handle: "sms:+15550100", displayName: null }, sentAt: Date.now(), text: words },
    };
    await t.mutation(api.inbound.receive, { event: JSON.stringify(event) });
    return (await said(rows)).filter(({ message }) => message.kind === "text").at(-1)!.message.text as string;
  };
  expect(await text(`resend ${code}`)).toMatch(/^Sent again to sms:\+15550100/);
  expect(await cardPlaces(rows)).toEqual(["sms:+15550100", "sms:+15550100"]);
  expect(await text(`REASSIGN ${code} bo`)).toBe("Handed on from ana to bo.");
  expect(await cardPlaces(rows)).toEqual(["sms:+15550100", "sms:+15550100", "terminal:bo"]);
  expect(await text(`RESEND ${code}`)).toMatch(/only somebody who is asked/i);
});

test("over already -> a conflict that says when", async () => {
  const { t, start, answer } = await startBackend();
  const ref = question(await start(shipIt())).approvalId;
  await answer(ref, "yes");
  await expect(reassign(t, OWNER as never, ref, "root")).rejects.toMatchObject({
    data: {
      ...{
        code: "conflict",
        field: "ref",
        remedy: expect.stringContaining(`approvals show ${ref} tells how it ended`),
      },
      message: expect.stringMatching(/^this question has been answered already \(2026-/),
    },
  });
  await expect(t.mutation(api.approvals.resend, { actor: OWNER, ref, requestKey: "r" })).rejects.toMatchObject({
    data: { code: "conflict", field: "ref", remedy: expect.any(String) },
  });
});
