import { describe, expect, test } from "vitest";
import fc from "../../../test/property.ts";
import { idRange, newId, tableNumberOf } from "./ids.ts";

const tableNumber = fc.oneof(
  fc.integer({ min: 1, max: 20_000 }),
  fc.constantFrom(127, 128, 16_383, 16_384, 2 ** 31 - 1),
);

describe("ids", () => {
  test("carry their table's number", () => {
    fc.assert(
      fc.property(tableNumber, fc.double({ min: 0, max: 4e12, noNaN: true }), (table, now) => {
        expect(tableNumberOf(newId(table, now))).toBe(table);
      }),
      { numRuns: 500 },
    );
  });

  test("are 32 lower-case characters without i, l, o, u for the tables of a database", () => {
    for (let i = 0; i < 200; i++) expect(newId(10_001, Date.now())).toMatch(/^[0-9a-hjkmnp-tv-z]{32}$/);
  });

  test("any one character changed is noticed", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 31 }),
        fc.constantFrom(..."0123456789abcdefghjkmnpqrstvwxyz"),
        (at, char) => {
          const id = newId(10_001, 1.7e12);
          const changed = id.slice(0, at) + char + id.slice(at + 1);
          fc.pre(changed !== id);
          expect(tableNumberOf(changed)).not.toBe(10_001);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("other texts have no table", () => {
    for (const text of ["", "abc", "ü".repeat(32), "i".repeat(32), "0".repeat(200)])
      expect(tableNumberOf(text)).toBeNull();
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(tableNumberOf(text)).toBeNull();
      }),
      { numRuns: 300 },
    );
    const id = newId(10_001, 1.7e12);
    for (const text of [`${id}0`, id.slice(1), id.toUpperCase(), ` ${id}`]) expect(tableNumberOf(text)).toBeNull();
  });

  test("of one table lie in its range, of other tables outside", () => {
    fc.assert(
      fc.property(tableNumber, tableNumber, (table, other) => {
        const { low, high } = idRange(table);
        const id = newId(other, 1.7e12);
        expect(low <= id && id < high).toBe(table === other);
      }),
      { numRuns: 500 },
    );
  });
});
