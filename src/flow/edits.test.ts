/** Edited values in answers by text. */
import { describe, expect, it } from "vitest";
import { hintFor, type OpenQuestion, readAnswer } from "./answer.ts";

describe("edited values, where the question has a form", () => {
  const form = {
    type: "object",
    properties: {
      amount: { type: "number" },
      memo: { type: "string" },
      urgent: { type: "boolean" },
      level: { enum: ["1", "2"] },
      tags: { type: "array" },
    },
  };
  const invoice: OpenQuestion = { approvalId: "a1", code: "7N", options: ["ok", "later", "no"], freeText: false, form };
  const ship: OpenQuestion = { approvalId: "a2", code: "4K", options: ["yes", "no"], freeText: false };
  const edits = (text: string, one = invoice) => {
    const reading = readAnswer(text, [one, ship]);
    if (reading.kind !== "settle") return reading.kind;
    const [{ option, fields, reason }] = reading.answers as [(typeof reading.answers)[0]];
    return [option, fields, reason];
  };

  it.each([
    ["ok 7N amount=9", { amount: 9 }],
    ["OK 7N Amount=9.", { amount: 9 }],
    ["1 7n amount=-0.5 urgent=yes", { amount: -0.5, urgent: true }],
    ['ok 7N memo="two words" level=2', { memo: "two words", level: "2" }],
    ["ok 7N memo=5", { memo: "5" }],
    ['ok 7N tags=["a","b"]', { tags: ["a", "b"] }],
    ["answer 7N ok amount=9", { amount: 9 }],
    // What does not fit stays as it is: the form's check says what is wrong with it.
    ["ok 7N amount=nine", { amount: "nine" }],
    ["ok 7N amount=", { amount: "" }],
    ["ok 7N price=9", { price: "9" }],
  ])("%s -> values by the form's types", (text, fields) => expect(edits(text)).toEqual(["ok", fields, null]));

  it("a reason besides is a pair of its own", () => {
    expect(edits('ok 7N amount=9 reason="as agreed"')).toEqual(["ok", { amount: 9 }, "as agreed"]);
    expect(edits('ok 7N Reason="the amount: fine"')).toEqual(["ok", null, "the amount: fine"]);
  });

  it.each([
    "ok 7N amount=9 cheaper elsewhere",
    "ok 7N amount=9 000",
    "ok 7N cheaper, amount=9",
    "ok 7N amount = 9",
    "ok 7N amount: 9",
    "ok 7N Amount 9",
    "ok 7N set amount to 9",
    "ok 7N amount $9",
    "ok 7N amount should be €9.50",
    "ok 7N amount->9",
    "ok 7N 9 for the amount",
    "ok 7N memo=two words",
    "ok 7N amount=9 amount=10",
    "ok 7N amount=9 Amount=10",
    "answer 7N ok amount=9 please",
  ])("%s settles nothing: no value is lost as a reason", (text) => {
    expect(readAnswer(text, [invoice, ship])).toEqual({
      kind: "unclearValues",
      problem: expect.stringMatching(
        /Nothing is settled\. Write for example: ok 7N amount=NUMBER memo="TEXT" urgent=yes\|no/,
      ),
    });
  });

  it("a reason that names no value is one; a denial's words and those about a question without a form always are", () => {
    expect(edits("ok 7N the amounts add up")).toEqual(["ok", null, "the amounts add up"]);
    expect(edits("no 7N amount=9 would do")).toEqual(["no", null, "amount=9 would do"]);
    expect(edits("yes 4K amount=9")).toEqual(["yes", null, "amount=9"]);
    expect(edits("ok 7N amount=9 no")).toEqual(["no", null, "amount=9 no"]);
  });

  it("a form that lists no fields takes any, read as JSON or text", () => {
    const open: OpenQuestion = { ...invoice, form: { type: "object" } };
    expect(edits("ok 7N amount=9 memo=rent", open)).toEqual(["ok", { amount: 9, memo: "rent" }, null]);
  });

  it("the hint says how", () => {
    expect(hintFor([invoice])).toContain(
      '; with a changed value: OK 7N amount=NUMBER memo="TEXT" urgent=yes|no level=1|2',
    );
    expect(hintFor([ship])).not.toContain("changed value");
  });
});
