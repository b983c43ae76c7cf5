/** Messages that every channel draws: its snapshots are taken from these objects. Times are fixed. */
import type { ApprovalCard } from "../../src/contract/approval.ts";
import type { OutMessage } from "../../src/contract/message.ts";

export const AT = Date.UTC(2026, 0, 15, 12, 0, 0);

export const CARD: ApprovalCard = {
  approvalId: "a1",
  status: "pending",
  question: "Ship version 1.2 to production?",
  options: ["yes", "no"],
  code: null,
  context: "Deploy · run r1 · asked by Ana",
  payload: '{"build":"all green","version":"1.2"}',
  quorum: 1,
  votes: [],
  expiresAt: AT + 3_600_000,
  reasonRequired: [],
  outcome: null,
  outcomeLine: null,
};

const ended = (status: ApprovalCard["status"], outcomeLine: string, option: string | null, reason: string | null) => ({
  ...CARD,
  status,
  outcomeLine,
  outcome: { option, by: option === null ? null : "Ana", channel: option === null ? null : "sms", at: AT, reason },
});

/** What a stranger may have written: nothing of it may do anything (G6). */
export const HOSTILE =
  "<!channel> <@U1> <https://evil.example|Approve> @everyone **bold** `code` ``` ```\n[label](https://evil.example) &lt;";

const vote = (person: string, option: string) => ({ person, option, channel: "slack", reason: null, at: AT });

export const CARDS: Record<string, ApprovalCard> = {
  pending: CARD,
  "one person's copy, with a code": { ...CARD, code: "4K" },
  "quorum, one vote": { ...CARD, quorum: 2, votes: [vote("Ana", "yes")] },
  "a reason is needed": { ...CARD, reasonRequired: ["no"] },
  "three options": { ...CARD, options: ["staging first", "production", "stop there"], payload: null, expiresAt: null },
  "seven options": { ...CARD, options: Array.from({ length: 7 }, (_, index) => `choice ${index + 1}`), payload: null },
  "forty options": { ...CARD, options: Array.from({ length: 40 }, (_, index) => `choice ${index + 1}`), payload: null },
  "words wanted": { ...CARD, options: [], code: "4K", payload: null },
  "a form": {
    ...CARD,
    payload: '{"amount":82000,"to":"ops"}',
    form: '{"type":"object","properties":{"amount":{"type":"number"},"to":{"type":"string"}},"required":["amount"]}',
  },
  hostile: { ...CARD, question: HOSTILE, context: HOSTILE, payload: JSON.stringify({ note: HOSTILE }) },
  answered: ended("answered", "Approved by Ana via SMS", "yes", null),
  "denied with a reason": ended("answered", "Denied by Ana via SMS", "no", HOSTILE),
  expired: ended("expired", "Expired 2026-01-15 13:00 UTC", null, null),
  cancelled: ended("cancelled", "Cancelled", null, "the run was cancelled"),
  superseded: ended("superseded", "Replaced by a newer question", null, null),
};

const text = (words: string, onlyTo: string | null = null): OutMessage => ({ kind: "text", text: words, onlyTo });

export const MESSAGES: Record<string, OutMessage> = {
  "a plain text": text("Hello."),
  "a text with marks": text(
    "# Plan\n**Two** steps:\n- `build` it\n- ship it\n```ts\nconst a = 1 < 2 && true;\n```\ndone",
  ),
  "a hostile text": text(HOSTILE),
  "an empty text": text(""),
  "progress, running": {
    kind: "progress",
    runId: "r1",
    title: "Deploy",
    status: "running",
    nodes: [
      { id: "build", status: "completed", note: null },
      { id: "ship", status: "waiting", note: "waiting for Ana" },
    ],
    elapsedMs: 61_000,
  },
  "progress, failed": {
    kind: "progress",
    runId: "r1",
    title: HOSTILE,
    status: "failed",
    nodes: [{ id: "build", status: "failed", note: HOSTILE }],
    elapsedMs: 5_000,
  },
  "a list": {
    kind: "list",
    title: "Questions that wait for you",
    items: [
      { key: "4K", text: "Ship version 1.2?", detail: "yes, no · asked 2 h ago" },
      { key: null, text: HOSTILE, detail: HOSTILE },
    ],
    empty: "Nothing is waiting for you.",
  },
  "an empty list": { kind: "list", title: "Runs", items: [], empty: "You have started no runs." },
};
