/** Random Convex values for property tests. */
import { convexToJson, type Value } from "convex/values";
import fc from "../../../test/property.ts";
import type { Json } from "../store/types.ts";

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.constantFrom("", "a", "a\u0000", "a\u0000b", "a\u0001", "b", "ä", "\u{1f600}", "\uffff"),
  // Any UTF-16 units, lone surrogates included.
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 3 }).map((units) => String.fromCharCode(...units)),
);
const field = fc.string({ unit: fc.constantFrom("a", "b", "B", "_", "1", "~"), minLength: 1, maxLength: 3 });

const leaf: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)),
  fc.double(),
  fc.constantFrom(0, -0, 1, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 53, 5e-324),
  fc.boolean(),
  text,
  fc.uint8Array({ maxLength: 4 }).map((bytes) => bytes.slice().buffer as ArrayBuffer),
);

export const convexValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(field, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;

export function toJson(value: Value | undefined): Json | undefined {
  return value === undefined ? undefined : (convexToJson(value) as Json);
}
