import { expect, test } from "vitest";
import fc from "../../test/property.ts";
import { cut, escapeText, textWidth, wrap } from "./text.ts";

test("nothing that a terminal would obey is left", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
      expect(escapeText(text)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    }),
    { numRuns: 300 },
  );
});

test("an escape sequence is shown, not obeyed", () => {
  expect(escapeText("a\u001b[31mred\u0007")).toBe("a␛[31mred␇");
  expect(escapeText("user\u202egnp.exe")).toBe("user\\u{202e}gnp.exe");
});

test("no wrapped line is wider than asked, and no visible character is lost", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), fc.integer({ min: 10, max: 40 }), (raw, width) => {
      const text = escapeText(raw);
      const lines = wrap(text, width);
      for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width);
      expect(lines.join("").replace(/\s/g, "")).toBe(text.replace(/\s/g, ""));
    }),
    { numRuns: 300 },
  );
});

test("text added at the end changes the last line only", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 120 }), fc.string({ maxLength: 40 }), (raw, added) => {
      const before = wrap(escapeText(raw), 20);
      const after = wrap(escapeText(raw + added), 20);
      // A carriage return at the very end may still become half of a line break.
      if (!raw.endsWith("\r")) expect(after.slice(0, before.length - 1)).toEqual(before.slice(0, -1));
    }),
    { numRuns: 300 },
  );
});

test("list items hang under their text", () => {
  expect(wrap("- one two three four", 12)).toEqual(["- one two", "  three four"]);
});

test("wide characters count twice", () => {
  expect(textWidth("日本 👍")).toBe(7);
  expect(cut("日本語", 4)).toBe("日本");
});
