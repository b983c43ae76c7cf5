// @vitest-environment edge-runtime
/** Whatever order and number of answers, votes, clocks and cancels come: one end, told in the same words on every copy. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import fc from "../test/property.ts";
import { approve, as, at, end, OWNER, question, record, startBackend } from "../test/runs.ts";
import { api, internal } from "./_generated/api.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const actors = [OWNER, at("terminal:ana"), at("terminal:bo"), as("ana"), at("terminal:eve")];
const event = fc.oneof(
  fc.record({
    kind: fc.constant("answer" as const),
    actor: fc.constantFrom(...actors),
    option: fc.constantFrom("yes", "no", "maybe", "2"),
    requestKey: fc.constantFrom(null, "r1", "r2"),
  }),
  fc.record({ kind: fc.constant("clock" as const), ms: fc.integer({ min: 0, max: 40_000 }) }),
  fc.constant({ kind: "cancel" as const }),
);

test("at most one verdict, one signal and one effect; every copy ends in the same words", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 2 }),
      async (events, quorum) => {
        const { t, start, person, records, rows, approval } = await startBackend();
        for (const name of ["ana", "bo", "eve"]) await person(name, ...(name === "eve" ? [] : ["release"]));
        const more = { approvers: ["role:release"], quorum, expiresInMs: 60_000 };
        const started = await start({
          startNodeId: "ask",
          nodes: {
            ask: approve("Ship it?", "yes", "no", more),
            yes: record("yes", "done"),
            no: record("no", "done"),
            done: end(),
          },
        });
        const ref = question(started).approvalId;
        const outcomes: string[] = [];
        for (const one of events) {
          if (one.kind === "answer") {
            const { actor, option, requestKey } = one;
            const args = { actor, ref, option, requestKey };
            outcomes.push((await t.mutation(api.approvals.answer, args)).outcome);
          } else if (one.kind === "clock") {
            vi.setSystemTime(Date.now() + one.ms);
            await t.mutation(internal.approvals.expire, { approvalId: ref as never });
          } else {
            await t.mutation(api.runs.cancel, { actor: OWNER, runId: started.runId }).catch(() => {});
          }
        }
        const ended = await approval(ref);
        const effects = Object.values(await records()).reduce((sum, count) => sum + count, 0);
        const signals = await rows("signals");
        expect(effects).toBe(ended.status === "answered" || ended.status === "expired" ? 1 : 0);
        expect(signals).toHaveLength(effects);
        expect(ended.outcome === null).toBe(ended.status === "pending");
        // A repeated request is told its first result again, so "settled" may be said more than once, but never for two answers.
        if (ended.status !== "answered") expect(outcomes).not.toContain("settled");
        const cards = (await rows("deliveries")).map((row) => JSON.parse(row.message).card);
        expect(cards).toHaveLength(2);
        expect(new Set(cards.map((card) => `${card.status} ${card.outcomeLine}`)).size).toBe(1);
        expect(cards[0].status).toBe(ended.status);
        expect(new Set(ended.votes.map((vote) => vote.person)).size).toBe(ended.votes.length);
      },
    ),
    { numRuns: 40 },
  );
});
