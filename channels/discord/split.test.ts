import { describe, expect, test } from "vitest";
import fc from "../../test/property.ts";
import { split } from "./split.ts";

const words = (text: string) =>
  text
    .replaceAll(/```\w*/g, "")
    .split(/\s+/)
    .filter((word) => word !== "");

describe("a long text in pieces", () => {
  test("cut at a paragraph, else a line, else a sentence, else a word, else anywhere", () => {
    expect(split("first paragraph\n\nsecond one", 20)).toEqual(["first paragraph", "second one"]);
    expect(split("first line\nsecond line\nthird", 24)).toEqual(["first line", "second line\nthird"]);
    expect(split("One sentence. Another one here", 22)).toEqual(["One sentence.", "Another one here"]);
    expect(split("several words without an end", 18)).toEqual(["several words", "without an end"]);
    expect(split("abcdefghij".repeat(3), 14).join("")).toBe("abcdefghij".repeat(3));
  });

  test("a code block that fits into one piece is not cut", () => {
    const code = "```ts\nconst a = 1;\nconst b = 2;\n```";
    const pieces = split(`${"some words before ".repeat(3)}\n${code}\nafter`, 70);
    expect(pieces.find((piece) => piece.includes(code))).toBeDefined();
  });

  test("a code block longer than a piece is closed and opened again, with its language", () => {
    const lines = Array.from({ length: 20 }, (_, line) => `const line${line} = ${line};`);
    const pieces = split(`\`\`\`ts\n${lines.join("\n")}\n\`\`\``, 120);
    expect(pieces.length).toBeGreaterThan(2);
    for (const piece of pieces) {
      expect(piece.startsWith("```ts\n")).toBe(true);
      expect(piece.endsWith("\n```")).toBe(true);
    }
    expect(pieces.flatMap((piece) => piece.split("\n").slice(1, -1))).toEqual(lines);
  });

  test("any text: every piece fits and shows something, no word is lost or added, no character cut in half", () => {
    const part = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 40 }),
      fc.constantFrom("\n\n", "\n", ". ", " ", "😀", "\n```js\n", "\n```\n"),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), fc.integer({ min: 40, max: 200 }), (parts, max) => {
        const text = parts.join("");
        const pieces = split(text, max);
        for (const piece of pieces) {
          expect(piece.length).toBeLessThanOrEqual(max);
          expect(piece.isWellFormed()).toBe(true);
        }
        if (text.trim() !== "") expect(pieces.every((piece) => piece.trim() !== "")).toBe(true);
        if (!text.includes("```")) expect(pieces.flatMap(words).join("")).toBe(words(text).join(""));
      }),
      { numRuns: 300 },
    );
  });

  test("what has been said grows at its end only, up to the last piece", () => {
    const text = Array.from({ length: 120 }, (_, n) => `Sentence number ${n} ends here.`).join(" ");
    const early = split(text.slice(0, 2_500), 1_000);
    const late = split(text, 1_000);
    expect(late.slice(0, early.length - 1)).toEqual(early.slice(0, -1));
    expect(late[early.length - 1]!.startsWith(early.at(-1)!.slice(0, 200))).toBe(true);
  });
});
