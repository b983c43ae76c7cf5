import { getDocumentSize, jsonToConvex, type Value } from "convex/values";
import { describe, expect, test } from "vitest";
import fc from "../../../test/property.ts";
import type { Json, JsonObject } from "../store/types.ts";
import { convexValue, toJson } from "./arbitraries.test-support.ts";
import { checkDocument, measure } from "./limits.ts";

describe("document limits", () => {
  test("sizes equal convex's own", () => {
    const document = fc.dictionary(fc.constantFrom("a", "b", "c"), convexValue, { noNullPrototype: true });
    fc.assert(
      fc.property(document, (value) => {
        const json = toJson(value) as JsonObject;
        // Lone surrogates become U+FFFD on both sides only after the JSON round trip.
        fc.pre(JSON.stringify(json).isWellFormed() && !JSON.stringify(json).includes("\\ud"));
        expect(checkDocument(json, "t")).toBe(getDocumentSize(jsonToConvex(json) as Record<string, Value>));
      }),
      { numRuns: 500 },
    );
  });

  const nested = (levels: number): Json => (levels === 0 ? 1 : [nested(levels - 1)]);
  test.each<[string, JsonObject, RegExp | null]>([
    ["a document of almost 1 MiB fits", { a: "x".repeat(1_048_000) }, null],
    ["a larger one does not", { a: "x".repeat(1_048_600) }, /Value is too large .*in table "t"/],
    ["8192 elements fit", { a: new Array(8192).fill(1) }, null],
    ["8193 do not", { a: new Array(8193).fill(1) }, /Array length is too long \(8193 > maximum length 8192\)/],
    ["1024 fields fit", Object.fromEntries(Array.from({ length: 1024 }, (_, i) => [`f${i}`, 1])), null],
    ["1025 do not", Object.fromEntries(Array.from({ length: 1025 }, (_, i) => [`f${i}`, 1])), /too many fields \(1025/],
    ["63 arrays in a document fit", { a: nested(63) }, null],
    ["64 do not", { a: nested(64) }, /too nested/],
    ["a field name with an umlaut", { ä: 1 }, /invalid character 'ä'/],
    ["a field name with a dollar", { $x: 1 }, /starts with a '\$'/],
    ["a field name of 1025 characters", { ["x".repeat(1025)]: 1 }, /maximum field name length 1024/],
    ["an int64 of 4 bytes", { a: { $integer: "AAAAAA==" } }, /Malformed \$integer/],
    ["undefined inside", { a: [{ $undefined: null }] }, /undefined is not a valid Convex value/],
  ])("%s", (_, value, error) => {
    if (error === null) expect(checkDocument(value, "t")).toBeGreaterThan(0);
    else expect(() => checkDocument(value, "t")).toThrow(error);
  });

  test("text is measured in UTF-8", () => {
    expect(measure("ä")).toBe(4);
    expect(measure("\u{1f600}")).toBe(6);
  });
});
