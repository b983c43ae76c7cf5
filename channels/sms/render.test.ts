import { describe, expect, test } from "vitest";
import { readAnswer } from "../../src/flow/answer.ts";
import { CARD, CARDS, MESSAGES } from "../../test/contracts/messages.ts";
import fc from "../../test/property.ts";
import { isGsm, segments } from "./gsm.ts";
import { renderChange, renderMessage } from "./render.ts";
import { renderBundle, renderQuestion, shows } from "./render_card.ts";

const coded = { ...CARD, code: "4K" };
const card = (more: Partial<typeof CARD>) => ({ ...coded, ...more });

describe("every message", () => {
  test.each(Object.entries(MESSAGES))("%s", (_, message) => {
    const body = renderMessage(message);
    expect(body).toMatchSnapshot();
    if (body !== null) expect(body.length).toBeLessThanOrEqual(480);
    if (message.kind === "text") expect(body?.length ?? 0).toBeLessThanOrEqual(320);
  });
});

describe("every state of a question", () => {
  test.each(Object.entries(CARDS))("%s", (_, one) => {
    const mine = { ...one, code: one.status === "pending" ? "4K" : null };
    const body = renderMessage({ kind: "card", card: mine });
    expect({ asked: body, changed: renderChange({ kind: "card", card: mine }) }).toMatchSnapshot();
    if (body !== null) expect(segments(body)).toBeLessThanOrEqual(2);
  });

  test("without a code, and too weighty for a text: it says where to answer instead", () => {
    expect(renderQuestion({ ...CARD, code: null })).toMatch(/Answer it where you were asked\.$/);
    expect(renderQuestion(card({ tier: "high" }))).toMatch(/Not by text: answer 4K in Slack/);
    expect(renderQuestion(card({ tier: "high" }))).not.toContain("Reply");
  });
});

describe("a question", () => {
  const words = fc.array(fc.stringMatching(/^[a-z][a-z0-9 ]{0,30}[a-z0-9]$/), { minLength: 1, maxLength: 12 });
  const anyCard = fc.record({
    question: fc.string({ unit: "grapheme", minLength: 1, maxLength: 600 }),
    options: fc.oneof(
      fc.constant(["yes", "no"]),
      words.map((list) => [...new Set(list)]),
    ),
    context: fc.string({ maxLength: 200 }),
    payload: fc.option(fc.constant('{"a":1}')),
    expiresAt: fc.option(fc.constant(CARD.expiresAt)),
  });

  test("at most two segments, and the code comes last", () => {
    fc.assert(
      fc.property(anyCard, (more) => {
        const body = renderQuestion(card(more as Partial<typeof CARD>));
        expect(segments(body)).toBeLessThanOrEqual(2);
        expect(body.split("\n").at(-1)).toContain("4K");
      }),
      { numRuns: 200 },
    );
  });

  test("every way that is offered answers the question, and carriers leave it alone", () => {
    const lists = [
      ["yes", "no"],
      ["approve", "deny"],
      ["staging first", "production", "none"],
      ["approve", "yes"],
      ["no"],
    ];
    for (const options of lists) {
      const body = renderQuestion(card({ options, payload: null }));
      const offered = /Reply (.*)$/
        .exec(body)![1]!
        .replace(/ and why/g, "")
        .split(/, | or /);
      expect(offered).toHaveLength(options.length);
      const open = [{ approvalId: "a1", code: "4K", options, freeText: false }];
      const chosen = offered.map((way) => {
        const reading = readAnswer(way, open);
        return reading.kind === "settle" ? reading.answers[0]!.option : null;
      });
      expect(chosen).toEqual(options);
      for (const way of offered) expect(way).not.toMatch(/^(stop|cancel|end|quit|unsubscribe|help|start)\b/i);
    }
  });

  test("what phones and people put into it does not make it cost more", () => {
    const body = renderQuestion(card({ question: "🚀 Ship “1.2” – it’s ready…" }));
    expect(isGsm(body)).toBe(true);
    expect(body).toContain('Ship "1.2" - it\'s ready...');
    expect(isGsm(renderQuestion(card({ question: "Выпустить 1.2?" })))).toBe(false);
  });
});

describe("questions that come together", () => {
  const questions = ["Ship 1.2?", "Refund order 33 to the customer who wrote yesterday?", "Rotate the keys?"];
  const cards = questions.map((question, index) => card({ question, code: ["4K", "7M", "9C"][index]! }));

  test("one message, each by its code", () => {
    expect(renderBundle(cards)).toMatchSnapshot();
    for (const one of cards) expect(shows(renderBundle(cards), one)).toBe(true);
    expect(shows(renderBundle(cards), card({ code: "3A" }))).toBe(false);
  });

  test("never more than two segments", () => {
    const any = fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 300 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(any, (list) => segments(renderBundle(list.map((question) => card({ question })))) <= 2),
      { numRuns: 100 },
    );
  });
});
