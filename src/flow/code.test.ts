import { describe, expect, it } from "vitest";
import fc from "../../test/property.ts";
import { codesOfLength, looksLikeCode, newCode } from "./code.ts";

describe("approval codes", () => {
  it("mix digits and letters that cannot be confused, and are new", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 120 }), (seed, open) => {
        let state = seed;
        const pick = (below: number) => {
          state = (state * 1103515245 + 12345) % 2 ** 31;
          return state % below;
        };
        const taken = new Set<string>();
        for (let count = 0; count <= open; count++) {
          const code = newCode(taken, pick);
          expect(taken.has(code)).toBe(false);
          expect(looksLikeCode(code)).toBe(true);
          expect(code).toMatch(/^(?=.*\d)(?=.*[A-Z])[2-9A-Z]+$/);
          expect(code).not.toMatch(/[01OQDILSBGZUV58]/);
          taken.add(code);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("grow before they run out", () => {
    const taken = new Set<string>();
    const lengths = Array.from({ length: 200 }, (_, at) => {
      const code = newCode(taken, (below) => (at * 7919) % below);
      taken.add(code);
      return code.length;
    });
    expect(lengths[0]).toBe(2);
    expect(lengths.filter((length) => length === 2)).toHaveLength(codesOfLength(2) / 2);
    expect(lengths.at(-1)).toBe(3);
  });

  it.each(["4K", "7m", " 9P ", "2AC4"])("%j has the form of one", (text) => expect(looksLikeCode(text)).toBe(true));
  it.each(["", "4", "K4", "KK", "44", "4O", "2nd", "3rd", "4th", "7pm", "4K!", "hello", "4KKKKKKKK"])(
    "%j has not",
    (text) => expect(looksLikeCode(text)).toBe(false),
  );
});
