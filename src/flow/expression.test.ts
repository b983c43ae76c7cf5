import { describe, expect, it } from "vitest";
import fc from "../../test/property.ts";
import { FactoryError } from "../contract/errors.ts";
import type { Json } from "./definition.ts";
import { holds } from "./evaluate.ts";
import { parseExpression, readsOf } from "./expression.ts";
import type { Scope } from "./scope.ts";

const scopeOf = (values: Record<string, Json>): Scope => ({
  lookup: (name) => (Object.hasOwn(values, name) ? values[name] : undefined),
  names: () => Object.keys(values),
});
const values: Record<string, Json> = {
  summary: "All green. SHIP_IT\n",
  count: 12,
  text_count: "12",
  zero: 0,
  empty: "",
  no: "false",
  nothing: null,
  list: ["a", "b", 3],
  none: [],
  triage: { severity: "P0", deep: { ok: true } },
  "kebab-case": "x",
};
const scope = scopeOf(values);

describe("expressions hold", () => {
  it.each([
    "summary contains SHIP_IT",
    "summary not_contains FAILED",
    "summary starts_with All",
    "summary ends_with SHIP_IT",
    "summary",
    "not empty",
    "!empty",
    "not nothing and not zero and not none and not no",
    "triage.severity == P0",
    "{{triage.severity}} == 'P0'",
    '{{ triage.severity }} == "P0"',
    "triage.deep.ok",
    "triage.missing != x",
    "not triage.missing",
    "'P0' == {{triage.severity}}",
    "count == 12",
    "count == '12'",
    "text_count > 9",
    "count >= 12 and count <= 12.0",
    "count > -1 && count < 1e3 || zero",
    "list contains b",
    "list contains 3",
    "list.0 == a",
    "list[1] == b",
    "list.length == 3",
    "(zero or count) and summary",
    "empty or zero or count",
    "not (zero or empty)",
    "kebab-case == x",
    "nothing == ''",
    "not (nothing > 5)",
    "not (nothing < 5)",
    "summary contains 'green. SHIP'",
    "count == 12 or count == 13 and zero",
  ])("%s", (source) => {
    // 1e3 is text on purpose: only plain decimal numbers are numbers.
    if (source.includes("1e3")) expect(() => holds(source, scope)).toThrow(FactoryError);
    else expect(holds(source, scope)).toBe(true);
  });
});

describe("expressions that cannot be read say where and what to do", () => {
  it.each([
    ["", "empty"],
    ["summary = x", '"="'],
    ["summary contains", "nothing stands to the right"],
    ["summary contains two words", '"words"'],
    ["(summary", "not closed"],
    ["summary)", '")"'],
    ["summary contains 'x", "quote"],
    ["{{summary", "{{"],
    ["== x", "expected a variable"],
    ["process.exit()", "did not expect"],
    ["a[b]", "not a variable"],
    [`${"(".repeat(60)}a${")".repeat(60)}`, "too many brackets"],
    ["x".repeat(5000), "longer"],
  ])("%s", (source, message) => {
    const parsed = parseExpression(source);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) {
      expect(parsed.problem.message).toContain(message);
      expect(parsed.problem.remedy).not.toBe("");
    }
  });
});

describe("evaluation fails, typed", () => {
  it.each([
    ["unknown == 1", "unknown"],
    ["sumary contains x", "summary"],
    ["summary.severity == P0", "no field"],
    ["summary > 3", "compares numbers"],
  ])("%s", (source, says) => {
    expect(() => holds(source, scope)).toThrow(FactoryError);
    try {
      holds(source, scope);
    } catch (thrown) {
      expect(`${(thrown as FactoryError).message} ${(thrown as FactoryError).info.remedy}`).toContain(says);
    }
  });
});

it("reads name what an expression needs and which words are text", () => {
  const parsed = parseExpression("a.b == c and not {{d}} or (e contains 'f')");
  expect(parsed.ok).toBe(true);
  if (!parsed.ok) return;
  const { paths, words } = readsOf(parsed.value);
  expect(paths.map(({ path }) => path.join("."))).toEqual(["a.b", "d", "e"]);
  expect(words.map(({ word }) => word)).toEqual(["c"]);
});

it("any text: either a problem or a verdict or a FactoryError, and data never reaches a prototype", () => {
  const piece = fc.constantFrom(
    "summary",
    "count",
    "__proto__",
    "constructor",
    "toString",
    "==",
    "contains",
    "and",
    "or",
    "not",
    "(",
    ")",
    "'",
    '"',
    "{{",
    "}}",
    " ",
    "<",
    "0x1",
    ".",
    "list",
    "\\",
    "🙂",
  );
  const source = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.array(piece, { maxLength: 25 }).map((pieces) => pieces.join(" ")),
  );
  fc.assert(
    fc.property(source, (text) => {
      try {
        expect(typeof holds(text, scope)).toBe("boolean");
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(FactoryError);
      }
    }),
    { numRuns: 1000 },
  );
  expect(() => holds("constructor", scope)).toThrow(FactoryError);
  expect(holds("triage.constructor", scope)).toBe(false);
  expect(holds("triage.__proto__", scope)).toBe(false);
});

it("not is the opposite, == and != are opposites", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.stringMatching(/^[a-z0-9]{1,5}$/), (value, word) => {
      const one = scopeOf({ v: value as Json });
      expect(holds("not v", one)).toBe(!holds("v", one));
      expect(holds(`v == '${word}'`, one)).toBe(!holds(`v != '${word}'`, one));
    }),
  );
});
