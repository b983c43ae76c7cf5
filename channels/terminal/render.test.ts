import { expect, test } from "vitest";
import type { ApprovalCard } from "../../src/contract/approval.ts";
import type { OutMessage, ProgressMessage } from "../../src/contract/message.ts";
import type { RenderOptions } from "./options.ts";
import { renderChange, renderMessage, renderText } from "./render.ts";

const NOW = Date.UTC(2026, 0, 15, 12, 0);
const terminal: RenderOptions = { width: 60, colours: false, plain: false, now: NOW, timeZone: "UTC" };
const pipe: RenderOptions = { ...terminal, plain: true, width: 10_000 };
const draw = (message: OutMessage, options: RenderOptions) => `\n${renderMessage(message, options).join("\n")}\n`;

const card = (more: Partial<ApprovalCard> = {}): OutMessage => ({
  kind: "card",
  card: {
    approvalId: "a1",
    status: "pending",
    question: "Deploy 1.2 to production?",
    options: ["approve", "staging first", "deny"],
    code: "4K",
    context: "deploy · run r1 · asked by Ana",
    payload: '{"version":"1.2"}',
    quorum: 1,
    votes: [],
    expiresAt: NOW + 2 * 3_600_000,
    reasonRequired: ["deny"],
    outcome: null,
    outcomeLine: null,
    ...more,
  },
});

test("a question is a box with numbered options, its code, the payload and when it expires", () => {
  expect(draw(card(), terminal)).toMatchInlineSnapshot(`
    "
    ┌─ Question 4K ────────────────────────────────────────────┐
    │ Deploy 1.2 to production?                                │
    │ deploy · run r1 · asked by Ana                           │
    │                                                          │
    │  1  approve                                              │
    │  2  staging first                                        │
    │  3  deny (needs a reason)                                │
    │                                                          │
    │  version: 1.2                                            │
    │                                                          │
    │ expires today 14:00 (in 2 h)                             │
    │ answer with a number or a word (1, approve), or with the │
    │ code and a reason (approve 4K REASON)                    │
    └──────────────────────────────────────────────────────────┘
    "
  `);
});

test("over a pipe a question is bare text", () => {
  expect(draw(card(), pipe)).toMatchInlineSnapshot(`
    "
    Question 4K: Deploy 1.2 to production?
      deploy · run r1 · asked by Ana
       1  approve
       2  staging first
       3  deny (needs a reason)
       version: 1.2
      expires today 14:00 (in 2 h)
      answer with a number or a word (1, approve), or with the code and a reason (approve 4K REASON)
    "
  `);
});

test("a shared card shows no code, a quorum shows its votes", () => {
  const vote = { person: "Ana", option: "approve", channel: "slack", reason: null, at: NOW };
  expect(
    draw(card({ code: null, quorum: 2, votes: [vote], payload: null, expiresAt: null }), terminal),
  ).toMatchInlineSnapshot(`
    "
    ┌─ Question ───────────────────────────────────────────────┐
    │ Deploy 1.2 to production?                                │
    │ deploy · run r1 · asked by Ana                           │
    │                                                          │
    │  1  approve                                              │
    │  2  staging first                                        │
    │  3  deny (needs a reason)                                │
    │                                                          │
    │ 1 of 2 votes: Ana approve                                │
    │ only the people who were asked can answer                │
    └──────────────────────────────────────────────────────────┘
    "
  `);
});

test("the values that an answer may change are named, and how", () => {
  const properties = { amount: { type: "number" }, where: { enum: ["staging", "production"] } };
  const form = JSON.stringify({ type: "object", properties });
  const drawn = draw(card({ form, payload: null, expiresAt: null }), pipe);
  expect(drawn).toContain(
    "  you may change amount and where as you answer: approve 4K amount=NUMBER where=staging|production\n",
  );
  expect(draw(card({ form, code: null }), pipe)).not.toContain("you may change");
});

test("a question that wants words says how to answer it", () => {
  const asked = card({ options: [], reasonRequired: [], payload: null, expiresAt: null });
  expect(draw(asked, terminal)).toMatchInlineSnapshot(`
    "
    ┌─ Question 4K ────────────────────────────────────────────┐
    │ Deploy 1.2 to production?                                │
    │ deploy · run r1 · asked by Ana                           │
    │                                                          │
    │ to answer, write: ANSWER 4K and your text                │
    └──────────────────────────────────────────────────────────┘
    "
  `);
});

test("of a long payload the head is shown, and how to see all", () => {
  const drawn = draw(card({ payload: `${"line of payload\n".repeat(700)}` }), terminal);
  expect(drawn.split("\n").length).toBeLessThan(40);
  expect(drawn).toContain("factory approvals show 4K");
});

test("no line of a box is wider than the terminal", () => {
  const wide = card({ question: "部署 ".repeat(40), payload: "x".repeat(5_000), context: "y ".repeat(100) });
  for (const line of renderMessage(wide, terminal)) expect(line.length).toBeLessThanOrEqual(60);
});

test("pending -> answered is one line with the outcome; the same again is nothing to say", () => {
  const answered = card({
    status: "answered",
    outcome: { option: "approve", by: "Ana", channel: "sms", at: NOW, reason: null },
    outcomeLine: "Approved by Ana via SMS",
  });
  expect(renderChange(card(), answered, terminal)).toEqual(["✓ 4K Deploy 1.2 to production?: Approved by Ana via SMS"]);
  expect(renderChange(card(), card(), terminal)).toEqual([]);
  expect(renderChange(null, card({ status: "expired", outcomeLine: "Expired 14:03" }), pipe)).toEqual([
    "4K Deploy 1.2 to production?: Expired 14:03",
  ]);
});

test("untrusted text in a card draws nothing of its own", () => {
  const forged = card({
    question: "ok?\u001b[2J\u202e",
    options: ["a\rb"],
    context: "\u0007",
    payload: "\u001b]0;x\u0007",
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
  expect(draw(forged, terminal)).not.toMatch(/[\u0007\u001b\r\u202e]/);
});

test("a reply carries the bot's mark, keeps code and lists", () => {
  const text = "Three tasks are **open**:\n- fix `parse.ts`\n- write docs\n```\nnpm test\n```";
  expect(`\n${renderText(text, terminal).join("\n")}\n`).toMatchInlineSnapshot(`
    "
    ● Three tasks are **open**:
      - fix \`parse.ts\`
      - write docs
      \`\`\`
      npm test
      \`\`\`
    "
  `);
  expect(renderText(text, pipe).join("\n")).toBe(text);
});

test("colours mark bold, code and questions", () => {
  const drawn = renderText("**bold** and `code`", { ...terminal, colours: true }).join("\n");
  expect(drawn).toContain("\u001b[1mbold");
  expect(drawn).toContain("\u001b[36mcode");
});

test("a list shows what one can type, or says that it is empty", () => {
  const items = [
    { key: "4K", text: "Deploy 1.2?", detail: "deploy, 3 min" },
    { key: "7M2", text: "Send the brief?", detail: null },
  ];
  expect(draw({ kind: "list", title: "Open questions", items, empty: "None." }, terminal)).toMatchInlineSnapshot(`
    "
    ● Open questions
      4K   Deploy 1.2?
           deploy, 3 min
      7M2  Send the brief?
    "
  `);
  expect(renderMessage({ kind: "list", title: "Open questions", items: [], empty: "Nothing is open." }, pipe)).toEqual([
    "Nothing is open.",
  ]);
});

test("progress says each change once, and how the run ended", () => {
  const progress = (more: Partial<ProgressMessage>): ProgressMessage => ({
    kind: "progress",
    runId: "r1",
    title: "deploy 1.2",
    status: "running",
    nodes: [{ id: "build", status: "running", note: null }],
    elapsedMs: 400,
    ...more,
  });
  const first = progress({});
  const second = progress({
    status: "waiting",
    nodes: [
      { id: "build", status: "completed", note: null },
      { id: "ask", status: "waiting", note: "4K" },
    ],
  });
  const last = progress({
    ...second,
    status: "completed",
    elapsedMs: 65_000,
    nodes: [second.nodes[0]!, { id: "ask", status: "completed", note: null }],
  });
  const said = [
    ...renderMessage(first, terminal),
    ...renderChange(first, second, terminal),
    ...renderChange(second, last, terminal),
  ];
  expect(`\n${said.join("\n")}\n`).toMatchInlineSnapshot(`
    "
    ▸ deploy 1.2 run r1
      ▸ build running
      ✓ build completed
      … ask waiting: 4K
      ✓ ask completed
    ✓ deploy 1.2 completed after 1 min
    "
  `);
});
