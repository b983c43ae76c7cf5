import { describe, expect, test } from "vitest";
import type { ApprovalCard } from "../../src/contract/approval.ts";
import type { OutMessage } from "../../src/contract/message.ts";
import { isBody } from "../../src/contract/untrusted.ts";
import { CARD, CARDS, HOSTILE, MESSAGES } from "../../test/contracts/messages.ts";
import fc from "../../test/property.ts";
import { renderHome } from "./home.ts";
import { LIMITS, pieces } from "./limits.ts";
import { fromMarkdown } from "./mrkdwn.ts";
import { type Rendered, renderMessage, renderText } from "./render.ts";
import { formView, payloadView, reasonView, runView, textView } from "./render_modal.ts";

const card = (one: ApprovalCard): Rendered => renderMessage({ kind: "card", card: one })[0]!;

describe("each card and each message", () => {
  test.each(Object.entries(CARDS))("card: %s", (_, one) => {
    expect(card(one)).toMatchSnapshot();
  });
  test.each(Object.entries(MESSAGES))("%s", (_, message) => {
    expect(renderMessage(message)).toMatchSnapshot();
  });
  test.each(["waiting", "completed", "cancelled"] as const)("progress, %s", (status) => {
    const nodes = [
      { id: "build", status: "completed", note: null },
      { id: "ask", status: status === "waiting" ? "waiting" : status, note: null },
    ];
    const message = { kind: "progress" as const, runId: "r1", title: "Deploy", status, nodes, elapsedMs: 61_000 };
    expect(renderMessage(message)).toMatchSnapshot();
  });
  test("a notice and a list for one person", () => {
    expect(renderMessage({ kind: "text", text: "Only Bob may answer this.", onlyTo: "slack:T1/U1" })).toMatchSnapshot();
    const items = [{ key: "4K", text: "Deploy?", detail: null }];
    const list = { kind: "list" as const, title: "Open questions", items, empty: "None.", onlyTo: "slack:T1/U1" };
    expect(renderMessage(list)).toMatchSnapshot();
  });
  test("windows", () => {
    const where = { place: "slack:C1/1.1", private: false };
    const ids = { approvalId: "a1", question: CARD.question, where };
    expect(reasonView({ kind: "reason", ...ids, option: "no", required: true })).toMatchSnapshot("a reason");
    expect(textView({ kind: "text", ...ids })).toMatchSnapshot("words");
    expect(formView(CARDS["a form"]!, where)).toMatchSnapshot("a form");
    expect(payloadView(CARDS.hostile!)).toMatchSnapshot("all of a payload");
    const inputs =
      '{"properties":{"version":{"type":"string"},"where":{"enum":["staging","production"]}},"required":["version"]}';
    const form = { name: "deploy", title: "Deploy something with a long title", description: null, inputs };
    expect(runView(form, where, {})).toMatchSnapshot("a workflow's inputs");
  });
  test("the home page", () => {
    const questions = [{ ...CARD, code: "4K" }];
    const runs = [{ runId: "r1", title: "Deploy", status: "waiting", startedAt: 1_760_000_000_000 }];
    expect(renderHome({ person: "Ana", questions, runs }, "slack:T1/U1")).toMatchSnapshot("somebody known");
    expect(renderHome({ person: null, questions: [], runs: [] }, "slack:T1/U1")).toMatchSnapshot("a stranger");
  });
});

/** Every text of Slack's markup in a message or window: where something could become a link or a mention. */
function markups(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(markups);
  if (!isBody(value)) return [];
  if (value.type === "mrkdwn") return [String(value.text)];
  return Object.values(value).flatMap(markups);
}
/** Our own date marks are the only ones. */
const OWN = /<!date\^\d+\^\{date_short_pretty\} \{time\}\|[\d :UTC-]+>/g;
const inert = (markup: string) => expect(markup.replace(OWN, "")).not.toMatch(/[<>]/);

describe("G6: untrusted text", () => {
  const hostile = fc.oneof(
    fc.string(),
    fc.constantFrom(HOSTILE, "<!here|x>", "<@U1>", "<#C1>", "```", "&lt;!channel&gt;", "<!date^1^x|y>"),
  );
  const words = fc.array(hostile, { maxLength: 4 }).map((parts) => parts.join(" "));
  test("becomes no link, no mention and no command anywhere", () => {
    fc.assert(
      fc.property(words, words, (one, other) => {
        const asked: ApprovalCard = {
          ...CARD,
          ...{ question: one, context: other, payload: JSON.stringify({ [other]: one }) },
          votes: [{ person: one, option: other, channel: "x", reason: other, at: 0 }],
          quorum: 2,
        };
        const outcome = { option: one, by: other, channel: other, at: 0, reason: one };
        const settled: ApprovalCard = { ...asked, status: "answered", outcome, outcomeLine: other };
        const messages: OutMessage[] = [
          { kind: "text", text: one, onlyTo: null },
          { kind: "card", card: asked },
          { kind: "card", card: settled },
          { kind: "list", title: one, items: [{ key: other, text: one, detail: other }], empty: one },
          {
            kind: "progress",
            runId: one,
            title: other,
            status: "failed",
            nodes: [{ id: one, status: other, note: one }],
            elapsedMs: 1,
          },
        ];
        for (const rendered of messages.flatMap(renderMessage)) {
          inert(rendered.text);
          for (const markup of markups(rendered.blocks)) inert(markup);
        }
        for (const markup of markups(payloadView(settled))) inert(markup);
      }),
      { numRuns: 200 },
    );
  });

  test("in a code block ends no code block", () => {
    const { blocks } = card(CARDS.hostile!);
    for (const markup of markups(blocks)) expect(markup.match(/```/g)?.length ?? 0).toBeLessThanOrEqual(2);
  });
});

describe("limits, the same for a post and an edit", () => {
  /** A long text of all kinds of characters. */
  const long = fc
    .tuple(
      fc.constantFrom("x", "&<>", "日本", "👍🏽 ", "word ", "line\n", "`", "```\n"),
      fc.integer({ min: 0, max: 9000 }),
    )
    .map(([part, times]) => part.repeat(times));

  test("a card fits, whatever is in it", () => {
    fc.assert(
      fc.property(long, long, fc.integer({ min: 0, max: 150 }), (one, other, count) => {
        const options = Array.from({ length: count }, (_, index) => `option ${index} ${"y".repeat(45)}`);
        const asked = {
          ...CARD,
          question: one,
          context: other,
          payload: JSON.stringify({ one, other }),
          options,
          reasonRequired: options,
        };
        const outcome = { option: "yes", by: one, channel: "slack", at: 0, reason: other };
        for (const drawn of [asked, { ...asked, status: "answered" as const, outcome, outcomeLine: one }]) {
          fits(card(drawn));
        }
      }),
      { numRuns: 60 },
    );
  });

  test("a text of any length is whole, in messages that fit", () => {
    fc.assert(
      fc.property(long, (one) => {
        const parts = renderText(one);
        for (const part of parts) fits(part);
        const plain = (text: string) => text.replaceAll(/&amp;|&lt;|&gt;|[`*\u200b\s•-]/g, "");
        expect(plain(parts.map((part) => part.text).join(""))).toBe(
          plain(one.trim() === "" ? "…" : one.replaceAll(/[&<>]/g, "")),
        );
      }),
      { numRuns: 60 },
    );
  });

  test("lists and progress fit", () => {
    const items = Array.from({ length: 200 }, (_, index) => ({
      key: `k${index}`,
      text: "&".repeat(500),
      detail: "d".repeat(900),
    }));
    fits(renderMessage({ kind: "list", title: "t".repeat(5000), items, empty: "" })[0]!);
    const nodes = Array.from({ length: 400 }, (_, index) => ({
      id: `n${index}`,
      status: "failed",
      note: "<".repeat(2000),
    }));
    fits(
      renderMessage({
        kind: "progress",
        runId: "r",
        title: "日".repeat(5000),
        status: "running",
        nodes,
        elapsedMs: 0,
      })[0]!,
    );
  });

  function fits({ text, blocks }: Rendered): void {
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4_000);
    expect(text).not.toBe("");
    expect(blocks.length).toBeLessThanOrEqual(LIMITS.messageBlocks);
    expect(JSON.stringify(blocks).length).toBeLessThanOrEqual(LIMITS.messageCharacters);
    for (const block of blocks) {
      if (block.type === "section") expect(block.text?.text.length ?? 0).toBeLessThanOrEqual(LIMITS.sectionText);
      if (block.type === "header") expect(block.text.text.length).toBeLessThanOrEqual(LIMITS.headerText);
      if (block.type === "actions") {
        for (const element of block.elements) {
          if (element.type !== "button") continue;
          expect(element.text.text.length).toBeLessThanOrEqual(LIMITS.buttonText);
        }
      }
    }
  }

  test("A4: 10 kB of payload: its head on the card, all of it in the window", () => {
    const payload = JSON.stringify({ log: Array.from({ length: 500 }, (_, line) => `line ${line} <ok>`).join("\n") });
    const drawn = card({ ...CARD, payload });
    expect(JSON.stringify(drawn.blocks)).toContain("View all");
    const window = markups(payloadView({ ...CARD, payload })).join("\n");
    for (const line of [0, 250, 499]) expect(window).toContain(`line ${line} &lt;ok&gt;`);
  });

  test("pieces put together are the text, and earlier ones do not change when it grows", () => {
    fc.assert(
      fc.property(long, fc.string(), (one, more) => {
        const before = pieces(one, 3000);
        expect(before.join("")).toBe(one);
        expect(pieces(one + more, 3000).slice(0, before.length - 1)).toEqual(before.slice(0, -1));
      }),
      { numRuns: 60 },
    );
  });
});

test("a card's buttons stay in reach: at most five in a row, a select above twenty", () => {
  const kinds = (one: ApprovalCard) =>
    card(one).blocks.flatMap((block) => (block.type === "actions" ? [block.elements.map(({ type }) => type)] : []));
  expect(kinds(CARDS["seven options"]!).map((row) => row.length)).toEqual([5, 2]);
  expect(kinds(CARDS["forty options"]!)).toEqual([["static_select"]]);
  expect(kinds(CARDS.answered!)).toEqual([]);
});

test("marks of light Markdown become Slack's, in code they stay", () => {
  expect(fromMarkdown("**a** `**b**` * c")).toBe("*a* `**b**` * c");
  expect(fromMarkdown("- x\n  - y")).toBe("• x\n  • y");
});
