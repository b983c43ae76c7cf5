import { compareValues, type Value } from "convex/values";
import { describe, expect, test } from "vitest";
import fc from "../../../test/property.ts";
import type { Json } from "../store/types.ts";
import { convexValue, toJson } from "./arbitraries.test-support.ts";
import { afterKey, afterPrefix, compareKeys, encodeKey, fieldAt } from "./key.ts";

const optional = fc.option(convexValue, { nil: undefined });

function keyOf(...values: (Value | undefined)[]): Uint8Array {
  return encodeKey(values.map(toJson));
}

describe("the key codec", () => {
  test("orders single values as compareValues does", () => {
    fc.assert(
      fc.property(optional, optional, (a, b) => {
        expect(Math.sign(compareKeys(keyOf(a), keyOf(b)))).toBe(Math.sign(compareValues(a, b)));
      }),
      { numRuns: 5000 },
    );
  });

  test("orders tuples field by field", () => {
    fc.assert(
      fc.property(optional, optional, optional, optional, (a, b, c, d) => {
        const expected = compareValues(a, c) || compareValues(b, d);
        expect(Math.sign(compareKeys(keyOf(a, b), keyOf(c, d)))).toBe(Math.sign(expected));
      }),
      { numRuns: 2000 },
    );
  });

  test("a prefix covers exactly the tuples that begin with its values", () => {
    fc.assert(
      fc.property(optional, optional, optional, (a, b, rest) => {
        const key = keyOf(b, rest, 1, "id");
        const prefix = keyOf(a);
        const isCovered = compareKeys(prefix, key) <= 0 && compareKeys(key, afterPrefix(prefix)) < 0;
        expect(isCovered).toBe(compareValues(a, b) === 0);
      }),
      { numRuns: 3000 },
    );
  });

  test("a text is not a prefix of the same text with a NUL behind it", () => {
    const prefix = keyOf("a");
    expect(compareKeys(keyOf("a\u0000x", 1), afterPrefix(prefix))).toBeGreaterThan(0);
  });

  test("nothing lies between a key and the key after it", () => {
    const key = keyOf("a", 1);
    expect(compareKeys(key, afterKey(key))).toBeLessThan(0);
    expect(compareKeys(afterKey(key), keyOf("a", 1, null))).toBeLessThan(0);
  });

  test("a commit time that is not yet known sorts after every int64 but the largest", () => {
    const pending = encodeKey([{ $commitTs: null }]);
    expect(compareKeys(pending, keyOf(2n ** 63n - 2n))).toBeGreaterThan(0);
    expect(compareKeys(pending, keyOf(-1e300))).toBeLessThan(0);
  });

  test("a text longer than the buffer is encoded whole", () => {
    const long = "x".repeat(100_000);
    expect(keyOf(long).length).toBe(100_002);
    expect(compareKeys(keyOf(long), keyOf(`${long}y`))).toBeLessThan(0);
  });
});

test("fieldAt follows dots and does not look into arrays, texts or prototypes", () => {
  const document = { a: { b: 1 }, list: [1], text: "abc" } satisfies Json;
  expect(fieldAt(document, ["a", "b"])).toBe(1);
  expect(fieldAt(document, ["a", "x"])).toBeUndefined();
  expect(fieldAt(document, ["list", "0"])).toBeUndefined();
  expect(fieldAt(document, ["text", "length"])).toBeUndefined();
  expect(fieldAt(document, ["constructor"])).toBeUndefined();
});
