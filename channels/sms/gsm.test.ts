import { describe, expect, test } from "vitest";
import { segmentsOf } from "../../src/simulator/twilio/index.ts";
import fc from "../../test/property.ts";
import { isGsm, segments, shorten, toGsm, within } from "./gsm.ts";

const text = fc.oneof(
  fc.string({ maxLength: 400 }),
  fc.string({ unit: "grapheme", maxLength: 200 }),
  fc.stringMatching(/^[a-zA-Z €{}~^]{0,400}$/),
);

describe("segments", () => {
  test.each([
    ["a".repeat(160), 1],
    ["a".repeat(161), 2],
    ["a".repeat(306), 2],
    ["a".repeat(307), 3],
    ["€".repeat(80), 1],
    ["€".repeat(81), 2],
    ["я".repeat(70), 1],
    ["я".repeat(71), 2],
    ["я".repeat(134), 2],
    ["я".repeat(135), 3],
  ])("%#: counted as carriers do", (body, count) => {
    expect(segments(body)).toBe(count);
  });

  test("counted as the simulated Twilio counts them", () => {
    fc.assert(fc.property(text, (body) => segments(body) === segmentsOf(body).count || body === ""));
  });
});

describe("what is put into the alphabet", () => {
  test.each([
    ["“it’s” – 5 € … ok", '"it\'s" - 5 € ... ok'],
    ["a\u200bb\u202ec", "abc"],
    ["Żółć, São, Ålesund", "Zolc, Sao, Ålesund"],
    ["deploy → prod · now", "deploy -> prod - now"],
    ["Привет 🚀", "Привет 🚀"],
  ])("%s -> %s", (before, after) => {
    expect(toGsm(before)).toBe(after);
  });

  test("done twice is done once; what is in it already stays", () => {
    fc.assert(fc.property(text, (body) => toGsm(toGsm(body)) === toGsm(body)));
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z0-9 .,!?@£$éèùÄÖÜß€{}~]{0,100}$/), (body) => toGsm(body) === body),
    );
  });
});

describe("cutting", () => {
  test("never longer than asked, the tail always whole, and never in the middle of a character", () => {
    fc.assert(
      fc.property(text, fc.stringMatching(/^[a-zA-Z0-9 ]{0,60}$/), (head, tail) => {
        const { text: body, cut } = within(head, tail, 2);
        expect(segments(body)).toBeLessThanOrEqual(2);
        expect(body.endsWith(tail)).toBe(true);
        if (!cut) expect(body).toBe(head + tail);
        // Halves of a pair of surrogates are cut off nowhere (what came in halves stays so).
        if (head.isWellFormed()) expect(body.isWellFormed()).toBe(true);
      }),
    );
  });

  test("at a word where there is one", () => {
    expect(shorten("the quick brown fox jumps", 16)).toBe("the quick...");
    expect(shorten("https://example.com/a/very/long/address", 16)).toBe("https://examp...");
    expect(isGsm(shorten("x".repeat(400), 320))).toBe(true);
  });
});
