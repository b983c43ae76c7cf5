/** The table of docs/approvals.md, row by row: what it says is what the machine does, and no state and event is left out. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { APPROVAL_STATUSES } from "../contract/approval.ts";
import { type ApprovalState, type Attempt, answer, cancel, expire, supersede } from "./verdict.ts";

const NOW = Date.UTC(2026, 10, 20, 14, 3);
const ana = { id: "p1", name: "Ana", roles: ["release"] };
const bo = { id: "p2", name: "Bo", roles: ["release"] };
const cy = { id: "p3", name: "Cy", roles: [] };
const form = { type: "object", properties: { amount: { type: "number", maximum: 100 } } };

const asked: ApprovalState = {
  ...{ status: "pending", options: ["yes", "no"], freeText: false, approvers: ["role:release"], requesterId: "p3" },
  ...{ quorum: 1, fourEyes: false, tier: "low", reasonRequired: [], form: null, payloadHash: "h1" },
  ...{ expiresAt: NOW, votes: [], outcome: null },
};
const by = (person: Attempt["person"], option: string, more: Partial<Attempt> = {}): Attempt => ({
  ...{ person, operator: null, shown: person.name, channel: "slack", option, text: null, reason: null, fields: null },
  ...{ shownHash: null, now: NOW - 1, ...more },
});
const of = (more: Partial<ApprovalState>): ApprovalState => ({ ...asked, ...more });
const voted = (state: ApprovalState, ...attempts: Attempt[]): ApprovalState =>
  attempts.reduce((current, attempt) => answer(current, attempt).state, state);

const STATES: Record<string, ApprovalState> = {
  pending: asked,
  answered: answer(asked, by(bo, "no")).state,
  expired: expire(asked, NOW).state,
  cancelled: cancel(asked, null, null, NOW - 1).state,
  superseded: supersede(asked, null, NOW - 1).state,
};

type Result = { outcome: string; state: ApprovalState };
const ended = ({ state }: { state: ApprovalState }): Result => ({ outcome: "–", state });
const EVENTS: Record<string, (state: ApprovalState) => Result> = {
  "an approver approves": (state) => answer(state, by(ana, "yes")),
  "an approver denies": (state) => answer(state, by(ana, "no")),
  "the first of two approves": () => answer(of({ quorum: 2 }), by(ana, "yes")),
  "the second of two approves": () => answer(voted(of({ quorum: 2 }), by(ana, "yes")), by(bo, "yes")),
  "one of two denies": () => answer(voted(of({ quorum: 2 }), by(ana, "yes")), by(bo, "no")),
  "the same votes again": () => answer(voted(of({ quorum: 2 }), by(ana, "yes")), by(ana, "yes", { channel: "sms" })),
  "somebody else answers": (state) => answer(state, by(cy, "yes")),
  "the requester approves under four eyes": () => answer(of({ fourEyes: true, requesterId: "p1" }), by(ana, "yes")),
  "the requester denies under four eyes": () => answer(of({ fourEyes: true, requesterId: "p1" }), by(ana, "no")),
  "tier high by text message": () => answer(of({ tier: "high" }), by(ana, "yes", { channel: "sms" })),
  "tier high by an operator for somebody": () =>
    answer(of({ tier: "high" }), by(ana, "yes", { operator: { personId: "p0" }, channel: "cli" })),
  "somebody answers who handed it on": () => answer(of({ handedOn: [{ personId: "p1", to: "Bo" }] }), by(ana, "yes")),
  "another payload was shown": () => answer(asked, by(ana, "yes", { shownHash: "h0" })),
  "no option of it": () => answer(asked, by(ana, "maybe")),
  "a required reason is missing": () => answer(of({ reasonRequired: ["no"] }), by(ana, "no")),
  "edited values do not fit the form": () => answer(of({ form }), by(ana, "yes", { fields: { amount: 200 } })),
  "edited values fit the form": () =>
    answer(of({ form }), by(ana, "yes", { fields: { amount: 50 }, editedHash: "h2" })),
  "the time comes": (state) => ended(expire(state, NOW)),
  "the time has not come": (state) => ended(expire(state, NOW - 1)),
  "an answer after the time, before the timer": (state) => answer(state, by(ana, "yes", { now: NOW + 1 })),
  cancelled: (state) => ended(cancel(state, "Cy", null, NOW - 1)),
  superseded: (state) => ended(supersede(state, null, NOW - 1)),
};

const text = readFileSync(join(import.meta.dirname, "../../docs/approvals.md"), "utf8");
const rows = [...text.matchAll(/^\| (\w+) \| (.+?) \| (\S+) \| (\w+) \|$/gm)]
  .map((match) => match.slice(1) as [string, string, string, string])
  .filter(([state]) => (APPROVAL_STATUSES as readonly string[]).includes(state));

it.each(rows)("%s, %s -> %s, %s", (state, event, outcome, after) => {
  const happened = EVENTS[event]!(STATES[state]!);
  expect([happened.outcome, happened.state.status]).toEqual([outcome, after]);
  if (state !== "pending") expect(happened.state).toBe(STATES[state]);
});

it("the table has every state and every event", () => {
  const listed = new Set(rows.map(([state, event]) => `${state}: ${event}`));
  for (const event of Object.keys(EVENTS)) expect(listed).toContain(`pending: ${event}`);
  const always = ["an approver approves", "somebody else answers", "the time comes", "cancelled", "superseded"];
  for (const state of APPROVAL_STATUSES) for (const event of always) expect(listed).toContain(`${state}: ${event}`);
  expect(listed.size).toBe(rows.length);
});
