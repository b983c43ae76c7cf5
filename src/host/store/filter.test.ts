import { describe, expect, test } from "vitest";
import { compileFilter } from "./filter.ts";
import type { Json } from "./types.ts";

const document = {
  n: 5,
  s: "b",
  o: { x: null },
  big: { $integer: "AgAAAAAAAAA=" },
  yes: true,
  at: { $commitTs: null },
};
const field = (name: string): Json => ({ $field: name });
const is = (value: Json): Json => ({ $literal: value });
const missing: Json = { $undefined: null };
const int = (text: string): Json => ({ $integer: text });

describe("filters", () => {
  test.each<[string, Json, boolean]>([
    ["eq", { $eq: [field("n"), is(5)] }, true],
    ["eq compares deeply", { $eq: [field("o"), is({ x: null })] }, true],
    ["eq of different types", { $eq: [field("n"), is("5")] }, false],
    ["eq of -0 and 0", { $eq: [is({ $float: "AAAAAAAAAIA=" }), is(0)] }, false],
    ["neq", { $neq: [field("s"), is("b")] }, false],
    ["a missing field is undefined", { $eq: [field("o.y"), is(missing)] }, true],
    ["undefined sorts before everything", { $lt: [field("nothing"), is(null)] }, true],
    ["lt", { $lt: [field("n"), is(5)] }, false],
    ["lte", { $lte: [field("n"), is(5)] }, true],
    ["gt over types follows the order of values", { $gt: [field("s"), field("n")] }, true],
    ["gte", { $gte: [field("n"), is(5.1)] }, false],
    ["add", { $eq: [{ $add: [field("n"), is(2)] }, is(7)] }, true],
    [
      "sub, mul, div, mod",
      { $eq: [{ $sub: [{ $mul: [is(6), is(4)] }, { $div: [is(9), { $mod: [is(7), is(4)] }] }] }, is(21)] },
      true,
    ],
    ["int64 arithmetic", { $eq: [{ $add: [field("big"), field("big")] }, is(int("BAAAAAAAAAA="))] }, true],
    ["neg", { $eq: [{ $neg: field("n") }, is(-5)] }, true],
    ["and", { $and: [field("yes"), { $eq: [field("n"), is(4)] }] }, false],
    ["or", { $or: [{ $not: field("yes") }, { $eq: [field("n"), is(5)] }] }, true],
    ["an empty and", { $and: [] }, true],
    ["a commit time that is not yet known is the latest", { $gt: [field("at"), field("big")] }, true],
  ])("%s", (_, expression, expected) => {
    expect(compileFilter(expression)(document)).toBe(expected);
  });

  test.each<[string, Json, RegExp]>([
    ["adding a text", { $add: [field("n"), field("s")] }, /Cannot evaluate `q.add` of number and string/],
    ["mixing int64 and float64", { $mul: [field("n"), field("big")] }, /both must be numbers of one type/],
    ["dividing an int64 by zero", { $div: [field("big"), is(int("AAAAAAAAAAA="))] }, /Division by zero/],
    ["negating a text", { $neg: field("s") }, /Cannot evaluate `q.neg` of string/],
  ])("%s -> refused", (_, expression, error) => {
    expect(() => compileFilter(expression)(document)).toThrow(error);
  });

  test.each<Json>([{ $xor: [1, 2] }, { $eq: [1] }, {}, null, 5])("%j is not an expression", (expression) => {
    expect(() => compileFilter(expression)).toThrow(/does not know the filter expression/);
  });
});
