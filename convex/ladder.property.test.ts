// @vitest-environment edge-runtime
/** As settle.property.test.ts, with everything that happens to a question over time: reminders, escalation, handing on, leaving, tampering. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import fc from "../test/property.ts";
import { approve, as, at, end, OWNER, record, startBackend } from "../test/runs.ts";
import { api, internal } from "./_generated/api.js";
import type { Id } from "./_generated/dataModel.js";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-20T12:00:00Z") });
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const NAMES = ["ana", "bo", "eve"];
const name = fc.constantFrom(...NAMES);
const event = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("answer" as const),
      name,
      option: fc.constantFrom("yes", "no"),
      shell: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("timer" as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clock" as const), ms: fc.integer({ min: 0, max: 40_000 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("reassign" as const), name, to: name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("resend" as const), n: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("role" as const), name, gives: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: "tamper" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "look" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "cancel" as const }) },
);
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never;

async function play(events: Event[], quorum: number): Promise<void> {
  const { t, start, person, records, rows } = await startBackend();
  for (const one of NAMES) await person(one, ...(one === "eve" ? [] : ["release"]));
  await t.mutation(api.people.quiet, { actor: OWNER, name: "bo", hours: "11:00-13:00", zone: "UTC" });
  const started = await start({
    startNodeId: "ask",
    nodes: {
      ask: approve("Ship it?", "yes", "no", {
        ...{ approvers: ["role:release"], quorum, expiresInMs: 7_200_000, payload: { amount: 1 }, remindAfterMs: 1000 },
        escalate: [
          { afterMs: 2000, to: ["person:eve"] },
          { afterMs: 3000, via: ["terminal"] },
        ],
      }),
      yes: record("yes", "done"),
      no: record("no", "done"),
      done: end(),
    },
  });
  const questions = () => t.run((ctx) => ctx.db.query("approvals").collect());
  for (const [n, one] of events.entries()) {
    const open = (await questions()).find((row) => row.status === "pending");
    const ref = open?._id ?? (await questions())[0]!._id;
    const swallow = () => null;
    switch (one.kind) {
      case "answer": {
        const actor = one.shell ? as(one.name) : at(`terminal:${one.name}`);
        await t.mutation(api.approvals.answer, { actor, ref, option: one.option });
        break;
      }
      case "timer": {
        const timers = await t.run((ctx) => ctx.db.query("approvalTimers").collect());
        const timer = timers[one.which % Math.max(1, timers.length)];
        if (timer !== undefined) await t.mutation(internal.approvals.due, { timerId: timer._id });
        break;
      }
      case "clock":
        vi.setSystemTime(Date.now() + one.ms);
        await t.mutation(internal.approvals.expire, { approvalId: ref });
        break;
      case "reassign":
        await t.mutation(api.approvals.reassign, { actor: at(`terminal:${one.name}`), ref, to: one.to }).catch(swallow);
        break;
      case "resend":
        await t.mutation(api.approvals.resend, { actor: OWNER, ref, requestKey: `${one.n}` }).catch(swallow);
        break;
      case "role": {
        const change = one.gives ? { add: ["release"], remove: [] } : { add: [], remove: ["release"] };
        await t.mutation(api.people.setRoles, { actor: OWNER, name: one.name, ...change });
        break;
      }
      case "tamper":
        if (open !== undefined)
          await t.run((ctx) => ctx.db.patch("approvals", open._id, { payload: `{"amount":${n + 2}}` }));
        break;
      case "look":
        vi.setSystemTime(Date.now() + 30_000);
        await t.mutation(internal.watch.look, {});
        break;
      case "cancel":
        await t.mutation(api.runs.cancel, { actor: OWNER, runId: started.runId }).catch(swallow);
    }
  }
  const all = await questions();
  const standing = all.filter((row) => row.status !== "superseded");
  expect(standing).toHaveLength(1);
  const [last] = standing;
  const effects = Object.values(await records()).reduce((sum, count) => sum + count, 0);
  expect(effects).toBe(last!.status === "answered" || last!.status === "expired" ? 1 : 0);
  expect(await rows("signals")).toHaveLength(effects);
  const deliveries = await rows("deliveries");
  const timers = await t.run((ctx) => ctx.db.query("approvalTimers").collect());
  const codes = await rows("approvalCodes");
  for (const question of all) {
    const cards = deliveries
      .filter((row) => row.approvalId === question._id)
      .map((row) => JSON.parse(row.message).card);
    expect(new Set(cards.map((card) => `${card.status} ${card.outcomeLine}`)).size).toBeLessThanOrEqual(1);
    for (const card of cards) expect(card.status).toBe(question.status);
    if (question.status === "pending") continue;
    expect(new Set(cards.map((card) => card.payload)).size).toBeLessThanOrEqual(1);
    expect(timers.filter((row) => row.approvalId === question._id && row.status === "pending")).toEqual([]);
    expect(codes.filter((row) => row.approvalId === question._id && row.open)).toEqual([]);
    const bumps = deliveries.filter((row) => row.key.startsWith(`approval:${question._id}:bump:`));
    expect(bumps.filter((row) => row.status === "ready")).toEqual([]);
  }
  await verdictIsAllowed(last!._id);

  /** Whoever is counted was no one who had handed it on, and no one counts twice. */
  async function verdictIsAllowed(approvalId: Id<"approvals">): Promise<void> {
    const votes = (await rows("votes")).filter((row) => row.approvalId === approvalId);
    expect(new Set(votes.map((row) => row.countsAs)).size).toBe(votes.length);
    if (last!.status === "answered" && last!.outcome!.option === "yes") {
      expect(votes.filter((row) => row.option === "yes")).toHaveLength(quorum);
    }
    for (const { personId } of last!.handedOn ?? []) expect(votes.map((row) => row.personId)).not.toContain(personId);
  }
}

test("at most one verdict, one signal and one effect; every copy ends in the same words; nothing is left running", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 2 }), play),
    { numRuns: 25 },
  );
});
