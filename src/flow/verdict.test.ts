import { describe, expect, it } from "vitest";
import fc from "../../test/property.ts";
import { cardOf } from "./card.ts";
import { outcomeLine } from "./outcome.ts";
import { type ApprovalState, type Attempt, answer, cancel, type Decision, expire, supersede } from "./verdict.ts";

const NOW = Date.UTC(2026, 10, 20, 14, 3);
const people = {
  ana: { id: "p1", name: "Ana", roles: ["release"] },
  bo: { id: "p2", name: "Bo", roles: ["release"] },
  cy: { id: "p3", name: "Cy", roles: [] },
  owner: { id: "p0", name: "root", roles: ["owner"] },
} as const;
type Who = keyof typeof people;

const asked = (more: Partial<ApprovalState> = {}): ApprovalState => ({
  status: "pending",
  options: ["yes", "no"],
  freeText: false,
  approvers: ["role:release"],
  requesterId: "p3",
  quorum: 1,
  fourEyes: false,
  tier: "low",
  reasonRequired: [],
  form: null,
  payloadHash: "h1",
  expiresAt: null,
  votes: [],
  outcome: null,
  ...more,
});
const by = (who: Who, option: string | null, more: Partial<Attempt> = {}): Attempt => ({
  person: people[who],
  operator: null,
  shown: people[who].name,
  channel: "slack",
  option,
  text: null,
  reason: null,
  fields: null,
  shownHash: null,
  now: NOW,
  ...more,
});
const results = (state: ApprovalState, ...attempts: Attempt[]): Decision[] => {
  let current = state;
  return attempts.map((attempt) => {
    const decision = answer(current, attempt);
    current = decision.state;
    return decision;
  });
};

describe("pending -> answered", () => {
  it("an approver's option settles it, with who, where and when", () => {
    const { outcome, state, ended } = answer(asked(), by("ana", "yes", { channel: "sms", reason: "fine" }));
    expect([outcome, ended]).toEqual(["settled", true]);
    expect(state).toMatchObject({
      status: "answered",
      outcome: { option: "yes", by: "Ana", channel: "sms", at: NOW, reason: "fine" },
    });
    expect(outcomeLine(state)).toBe("Approved by Ana via SMS");
  });
  it.each([
    ["NO", "no", "Denied by Ana via Slack"],
    ["deny.", "no", "Denied by Ana via Slack"],
    ["2", "no", "Denied by Ana via Slack"],
    ["y", "yes", "Approved by Ana via Slack"],
  ])("%s is understood as %s", (said, option, line) => {
    const decision = answer(asked(), by("ana", said));
    expect(decision.option).toBe(option);
    expect(outcomeLine(decision.state)).toBe(line);
  });
  it("an option of its own name", () => {
    const { state } = answer(asked({ options: ["staging first", "all"] }), by("bo", "staging first"));
    expect(outcomeLine(state)).toBe("Chose staging first: Bo via Slack");
  });
  it("free text is kept as words and is no approval", () => {
    const { state, option } = answer(
      asked({ options: [], freeText: true }),
      by("ana", null, { text: "yes, but later" }),
    );
    expect([option, outcomeLine(state)]).toEqual(["answered", "Answered by Ana via Slack"]);
  });
});

describe("pending -> refused: nothing changes", () => {
  const refused = (state: ApprovalState, attempt: Attempt) => {
    const decision = answer(state, attempt);
    expect(decision.outcome).toBe("refused");
    expect(decision.state).toBe(state);
    return decision.message;
  };
  it("somebody who is not on the list", () => expect(refused(asked(), by("cy", "yes"))).toContain("role release"));
  it("without approvers only the requester", () => {
    expect(refused(asked({ approvers: null }), by("ana", "yes"))).toContain("whoever started it");
    expect(answer(asked({ approvers: null }), by("cy", "yes")).outcome).toBe("settled");
  });
  it("somebody who has left the role since", () => {
    refused(asked(), by("ana", "yes", { person: { ...people.ana, roles: [] } }));
  });
  it("tier high by SMS", () =>
    expect(refused(asked({ tier: "high" }), by("ana", "yes", { channel: "sms" }))).toContain("Slack"));
  it("tier high by an operator for somebody", () => {
    refused(asked({ tier: "high" }), by("ana", "yes", { operator: { personId: "p0" }, channel: "cli" }));
  });
  it.each([[{ fourEyes: true }], [{ tier: "high" as const }]])(
    "four eyes %j: the requester may not approve, but may deny",
    (more) => {
      const state = asked({ ...more, requesterId: "p1" });
      refused(state, by("ana", "yes"));
      expect(answer(state, by("ana", "no")).outcome).toBe("settled");
      expect(answer(state, by("bo", "yes")).outcome).toBe("settled");
    },
  );
  it("four eyes: the operator who asked may not approve in another's name", () => {
    refused(asked({ fourEyes: true, requesterId: "p0" }), by("ana", "yes", { operator: { personId: "p0" } }));
  });
  it("a payload other than the one that was shown", () => {
    expect(refused(asked(), by("ana", "yes", { shownHash: "h0" }))).toContain("changed");
    expect(answer(asked(), by("ana", "yes", { shownHash: "h1" })).outcome).toBe("settled");
  });
});

describe("pending -> invalid: nothing changes", () => {
  it("an option that is none", () => {
    const { outcome, message } = answer(asked(), by("ana", "maybe"));
    expect([outcome, message]).toEqual([
      "invalid",
      '"maybe" is not an option of this question. The options are yes, no.',
    ]);
  });
  it("a required reason is missing", () => {
    const state = asked({ reasonRequired: ["no"] });
    expect(answer(state, by("ana", "no", { reason: " " })).outcome).toBe("invalid");
    expect(answer(state, by("ana", "no", { reason: "too risky" })).outcome).toBe("settled");
    expect(answer(state, by("ana", "yes")).outcome).toBe("settled");
  });
  it("edited values that the form does not take", () => {
    const form = {
      type: "object",
      properties: { amount: { type: "number", maximum: 100 } },
      additionalProperties: false,
    };
    expect(answer(asked({ form }), by("ana", "yes", { fields: { amount: 200 } })).message).toBe(
      "fields.amount must be at most 100.",
    );
    expect(answer(asked({ form }), by("ana", "yes", { fields: { amount: 50 } })).outcome).toBe("settled");
    expect(answer(asked(), by("ana", "yes", { fields: {} })).outcome).toBe("invalid");
  });
  it("values that were edited are told to whoever answers, and to who comes later", () => {
    const form = { type: "object", properties: { amount: { type: "number" }, memo: { type: "string" } } };
    const state = asked({ form, options: ["ok", "no"], quorum: 2, askedPayload: { amount: 5, memo: "rent" } });
    const edited = { fields: { amount: 9, memo: "rent" }, editedHash: "h2" };
    const [voted, settled, late] = results(state, by("ana", "ok", edited), by("bo", "ok", edited), by("ana", "no"));
    expect(voted!.message).toBe("Your vote is counted: ok with amount 9 has 1 of 2 votes.");
    expect(settled!.message).toBe("Chose ok with amount 9: Ana via Slack and Bo via Slack.");
    expect(late!.message).toContain("ok");
    expect(outcomeLine(late!.state)).toBe("Chose ok with amount 9: Ana via Slack and Bo via Slack");
  });
  it("no words where words are wanted", () => {
    expect(answer(asked({ options: [], freeText: true }), by("ana", null, { text: " " })).outcome).toBe("invalid");
  });
});

describe("votes", () => {
  const two = asked({ quorum: 2 });
  it("2 of 3: Ana twice counts once, Bo settles", () => {
    const [first, again, second] = results(
      two,
      by("ana", "yes"),
      by("ana", "yes", { channel: "sms" }),
      by("bo", "yes"),
    );
    expect([first!.outcome, again!.outcome, second!.outcome]).toEqual(["voted", "voted", "settled"]);
    expect(first!.message).toContain("1 of 2");
    expect(again!.state).toBe(first!.state);
    expect(outcomeLine(second!.state)).toBe("Approved by Ana via Slack and Bo via Slack");
  });
  it("a denial settles at once", () =>
    expect(results(two, by("ana", "yes"), by("bo", "no"))[1]).toMatchObject({ outcome: "settled", option: "no" }));
  it("a changed mind replaces the vote", () => {
    const three = asked({ quorum: 2, options: ["a", "b"] });
    const [, changed, other] = results(three, by("ana", "a"), by("ana", "b"), by("bo", "a"));
    expect(changed!.state.votes).toHaveLength(1);
    expect(other!.outcome).toBe("voted");
  });
  it("an operator for Ana counts as the operator: with the operator's own vote it is one", () => {
    const state = asked({ quorum: 2, approvers: ["role:release", "role:owner"] });
    const [, second] = results(state, by("owner", "yes"), by("ana", "yes", { operator: { personId: "p0" } }));
    expect(second).toMatchObject({
      outcome: "voted",
      message: "root has voted via Slack already, and whoever acts for several counts once: yes has 1 of 2 votes.",
    });
  });
});

describe("ends without an answer, and late answers", () => {
  it("expired by time; a later YES is told when", () => {
    const state = asked({ expiresAt: NOW });
    expect(expire(state, NOW - 1).ended).toBe(false);
    const over = expire(state, NOW + 5);
    expect(over.state).toMatchObject({ status: "expired", outcome: { option: "expired", at: NOW } });
    expect(answer(over.state, by("ana", "yes", { now: NOW + 10 }))).toMatchObject({
      outcome: "expired",
      ended: false,
      message: "Too late: this question expired at 2026-11-20 14:03 UTC.",
    });
    expect(outcomeLine(over.state)).toBe("Expired 2026-11-20 14:03 UTC");
  });
  it("an answer after its time finds it expired even if the timer is late", () => {
    expect(answer(asked({ expiresAt: NOW }), by("ana", "yes"))).toMatchObject({
      outcome: "expired",
      ended: true,
      state: { status: "expired" },
    });
  });
  it("cancelled, superseded: told so", () => {
    const cancelled = cancel(asked(), "Cy", null, NOW).state;
    expect([answer(cancelled, by("ana", "yes")).outcome, outcomeLine(cancelled)]).toEqual([
      "cancelled",
      "Cancelled by Cy",
    ]);
    expect(outcomeLine(cancel(asked(), null, "the run failed", NOW).state)).toBe("Cancelled");
    expect(outcomeLine(cancel(asked(), "Cy", `not\nnow ${"x".repeat(300)}`, NOW).state)).toMatch(
      /^Cancelled by Cy: not now x{191}…$/,
    );
    expect(answer(supersede(asked(), null, NOW).state, by("ana", "yes")).outcome).toBe("superseded");
  });
  it("answered: the loser is told who, where and when; the winner that it was them", () => {
    const [, late, mine] = results(
      asked(),
      by("ana", "yes", { channel: "sms" }),
      by("bo", "no"),
      by("ana", "yes", { now: NOW + 9 }),
    );
    expect(late).toMatchObject({
      outcome: "alreadyAnswered",
      message: "Already answered: Approved by Ana via SMS (2026-11-20 14:03 UTC).",
      ended: false,
    });
    expect(mine!.message).toBe("You have already answered: yes via SMS (2026-11-20 14:03 UTC).");
  });
  it("an operator who decided for Ana has not answered for Bo: told for whom, where and when; for Ana it is a second answer", () => {
    const as = (who: Who, option: string) =>
      by(who, option, {
        operator: { personId: "p0" },
        shown: `operator (root) for ${people[who].name}`,
        channel: "cli",
      });
    const [, other, own, self] = results(asked(), as("ana", "yes"), as("bo", "no"), as("ana", "no"), by("ana", "no"));
    const full = "Already answered: Approved by operator (root) for Ana via CLI (2026-11-20 14:03 UTC).";
    expect(other!.message).toBe(full);
    expect(own!.message).toBe("You have already answered: yes via CLI (2026-11-20 14:03 UTC).");
    expect(self!.message).toBe(full);
  });
  it("after the end nothing ends it again", () => {
    const { state } = answer(asked({ expiresAt: NOW + 1 }), by("ana", "yes"));
    for (const again of [expire(state, NOW + 2), cancel(state, null, null, NOW), supersede(state, null, NOW)])
      expect(again).toEqual({ state, ended: false });
  });
});

it("whatever order and number of answers, timers and cancels: at most one end, no vote counted twice, every copy in the same words", () => {
  const attempt = fc.record({
    who: fc.constantFrom<Who>("ana", "bo", "cy", "owner"),
    option: fc.constantFrom("yes", "no", "maybe", "1"),
    at: fc.nat(20),
    operated: fc.boolean(),
  });
  const event = fc.oneof(
    { weight: 5, arbitrary: attempt.map((value) => ({ kind: "answer" as const, ...value })) },
    fc.record({ kind: fc.constantFrom("expire" as const, "cancel" as const, "supersede" as const), at: fc.nat(20) }),
  );
  const start = fc.record({
    quorum: fc.integer({ min: 1, max: 3 }),
    fourEyes: fc.boolean(),
    expires: fc.boolean(),
    approvers: fc.constantFrom<string[] | null>(null, ["role:release"], ["person:cy", "role:owner", "role:release"]),
  });
  fc.assert(
    fc.property(start, fc.array(event, { maxLength: 30 }), ({ quorum, fourEyes, expires, approvers }, events) => {
      let state = asked({ quorum, fourEyes, approvers, expiresAt: expires ? NOW + 10 : null });
      let ends = 0;
      for (const one of events) {
        const before = state;
        const now = NOW + one.at;
        const next =
          one.kind === "answer"
            ? answer(state, by(one.who, one.option, { now, operator: one.operated ? { personId: "p0" } : null }))
            : one.kind === "expire"
              ? expire(state, now)
              : one.kind === "cancel"
                ? cancel(state, "Cy", null, now)
                : supersede(state, null, now);
        state = next.state;
        if (next.ended) ends++;
        if (before.status !== "pending") expect(state).toBe(before);
        expect(ends).toBe(state.status === "pending" ? 0 : 1);
        expect(new Set(state.votes.map(({ personId }) => personId)).size).toBe(state.votes.length);
        if (state.status === "answered" && state.outcome!.option === "yes") {
          expect(state.votes.filter(({ option }) => option === "yes")).toHaveLength(quorum);
          if (fourEyes)
            expect(state.votes.some(({ personId, option }) => personId === "p3" && option === "yes")).toBe(false);
        }
        expect(state.outcome === null).toBe(state.status === "pending");
        expect(outcomeLine(state) === null).toBe(state.status === "pending");
      }
    }),
    { numRuns: 500 },
  );
});

it("a card shows the row: the code only on a personal copy and only while pending", () => {
  const source = {
    approvalId: "a1",
    question: "Ship?",
    payload: null,
    workflow: "deploy",
    runId: "r1",
    requestedBy: "Cy",
    ...asked(),
  };
  expect(cardOf(source, "4K")).toMatchObject({
    code: "4K",
    context: "deploy · run r1 · asked by Cy · payload h1",
    outcomeLine: null,
  });
  const { state } = answer(asked(), by("ana", "yes", { channel: "sms" }));
  const settled = cardOf({ ...source, ...state }, "4K");
  expect(settled).toMatchObject({ code: null, status: "answered", outcomeLine: "Approved by Ana via SMS" });
  expect(settled.votes).toEqual([{ person: "Ana", option: "yes", channel: "sms", reason: null, at: NOW }]);
});
