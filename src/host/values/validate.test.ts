import { type GenericValidator, v } from "convex/values";
import { describe, expect, test } from "vitest";
import type { Json } from "../store/types.ts";
import { describeValidator } from "./describe.ts";
import { newId } from "./ids.ts";
import { validateJson } from "./validate.ts";

const userId = newId(10_001, 1.7e12);
const postId = newId(10_002, 1.7e12);
const tables = (id: string) => (id === userId ? "users" : id === postId ? "posts" : null);
// `json` is how convex/server exports validators; it is not part of the public type.
const json = (validator: GenericValidator): Json => (validator as unknown as { json: Json }).json;
const check = (validator: GenericValidator, value: Json) => validateJson(json(validator), value, tables);

describe("validators", () => {
  const integer = { $integer: "AQAAAAAAAAA=" };
  const nan = { $float: "AAAAAAAA+H8=" };
  test.each<[string, GenericValidator, Json[], Json[]]>([
    ["any", v.any(), [null, 1, "a", [], {}, integer], []],
    ["null", v.null(), [null], [0, "", false, {}]],
    ["float64", v.number(), [0, 1.5, nan], ["1", integer, null, { $bytes: "" }]],
    ["int64", v.int64(), [integer, { $commitTs: null }], [1, "1", nan]],
    ["boolean", v.boolean(), [true, false], [0, "true", null]],
    ["string", v.string(), ["", "a"], [1, null, {}]],
    ["bytes", v.bytes(), [{ $bytes: "AAA=" }], ["AAA=", {}, []]],
    ["id", v.id("users"), [userId], [postId, "abc", 1, null]],
    ["literal", v.literal("a"), ["a"], ["b", 1, null]],
    ["bigint literal", v.literal(1n), [integer], [1, "1"]],
    ["array", v.array(v.number()), [[], [1, 2]], [["a"], {}, null, [1, null]]],
    ["record", v.record(v.string(), v.number()), [{}, { a: 1 }], [{ a: "1" }, [], integer]],
    ["record by id", v.record(v.id("users"), v.any()), [{ [userId]: 1 }], [{ [postId]: 1 }]],
    ["union", v.union(v.number(), v.null()), [1, null], ["a", {}]],
    [
      "object",
      v.object({ a: v.number(), b: v.optional(v.string()) }),
      [{ a: 1 }, { a: 1, b: "x" }],
      [{}, { a: 1, c: 1 }, [], integer],
    ],
  ])("%s", (_, validator, good, bad) => {
    for (const value of good) expect(check(validator, value)).toBeNull();
    for (const value of bad) expect(check(validator, value)).not.toBeNull();
  });

  test("a missing field is named, with the remedy", () => {
    expect(check(v.object({ name: v.string() }), {})).toBe(
      "Object is missing the required field `name`. Consider wrapping the field validator in `v.optional(...)` if this is expected." +
        "\n\nObject: {}\nValidator: v.object({name: v.string()})",
    );
  });

  test("an extra field is named", () => {
    expect(check(v.object({}), { x: 1 })).toMatch(/^Object contains extra field `x` that is not in the validator\./);
  });

  test("the path leads to the innermost place", () => {
    const validator = v.object({ list: v.array(v.object({ n: v.number() })) });
    expect(check(validator, { list: [{ n: 1 }, { n: "two" }] })).toBe(
      'Value does not match validator.\nPath: .list[1].n\nValue: "two"\nValidator: v.float64()',
    );
    expect(validateJson(json(v.number()), "x", tables, ".args")).toMatch(/Path: \.args\n/);
  });

  test("an id of another table says which", () => {
    expect(check(v.id("users"), postId)).toBe(
      `Found ID "${postId}" from table \`posts\`, which does not match the table name in validator \`v.id("users")\`.`,
    );
  });

  test("a long value is cut in the message", () => {
    expect(check(v.number(), "x".repeat(100_000))!.length).toBeLessThan(2000);
  });

  test("fields named like Object's own properties are fields like others", () => {
    expect(check(v.object({}), JSON.parse('{"constructor": 1}'))).toMatch(/extra field `constructor`/);
    expect(check(v.object({ toString: v.string() }), {})).toMatch(/missing the required field `toString`/);
  });
});

test("validators are printed as they are written", () => {
  const validator = v.object({
    a: v.optional(v.array(v.union(v.literal("x"), v.int64(), v.id("users")))),
    b: v.record(v.string(), v.bytes()),
  });
  expect(describeValidator(json(validator))).toBe(
    'v.object({a: v.optional(v.array(v.union(v.literal("x"), v.int64(), v.id("users")))), b: v.record(v.string(), v.bytes())})',
  );
});
