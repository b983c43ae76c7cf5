import { describe, expect, test } from "vitest";
import fc from "../../test/property.ts";
import { decodeText, isPdf, pagesOfText } from "./file_text.ts";
import { pageRange } from "./page_range.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const utf16 = (text: string, littleEndian: boolean) => {
  const bytes = new Uint8Array(2 + text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at <= text.length; at++) {
    view.setUint16(at * 2, at === 0 ? 0xfeff : text.charCodeAt(at - 1), littleEndian);
  }
  return bytes;
};
const refused = (read: () => unknown) => {
  try {
    read();
  } catch (thrown) {
    return (thrown as { data: { code: string; message: string } }).data;
  }
  return null;
};

describe("bytes as a text", () => {
  test.each([
    ["UTF-8", utf8("Grüße, 木, 🚀")],
    ["UTF-8 with its mark", Uint8Array.from([0xef, 0xbb, 0xbf, ...utf8("Grüße, 木, 🚀")])],
    ["UTF-16, little end first", utf16("Grüße, 木, 🚀", true)],
    ["UTF-16, big end first", utf16("Grüße, 木, 🚀", false)],
  ])("%s", (_name, bytes) => {
    expect(decodeText(bytes, "a.txt")).toBe("Grüße, 木, 🚀");
  });

  test("UTF-16 of any length", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 9000 }), fc.boolean(), (text, littleEndian) => {
        fc.pre(!text.includes("\0"));
        expect(decodeText(utf16(text, littleEndian), "a.txt")).toBe(text);
      }),
      { numRuns: 30 },
    );
  });

  test.each([
    ["a PNG picture", [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]],
    ["a ZIP archive or an Office document", [0x50, 0x4b, 3, 4, 20, 0]],
    ["binary data", [65, 66, 0, 67]],
    ["neither UTF-8 nor UTF-16", [65, 0xe4, 66]],
    ["cut off", [0xff, 0xfe, 65]],
  ])("%s is refused by name", (what, bytes) => {
    const error = refused(() => decodeText(Uint8Array.from(bytes), "a.bin"));
    expect(error?.code).toBe("invalid_input");
    expect(error?.message).toContain(`a.bin is ${what}`);
  });

  test("a PDF is known by its mark, also a little after the beginning", () => {
    expect(isPdf(utf8("\n\n%PDF-1.4"))).toBe(true);
    expect(isPdf(utf8("a text about PDF"))).toBe(false);
  });
});

describe("the pages of a text", () => {
  test("together they are the text, none is too long, and no character is cut", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), fc.integer({ min: 2, max: 50 }), (text, size) => {
        const pages = pagesOfText(text, size);
        expect(pages.join("")).toBe(text);
        for (const page of pages) {
          expect(page.length).toBeLessThanOrEqual(size);
          expect(page.isWellFormed()).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("they end with a line where one ends in their second half", () => {
    expect(pagesOfText("aaaaaa\nbbbbbb\ncc", 10)).toEqual(["aaaaaa\n", "bbbbbb\ncc"]);
  });
});

describe("which pages", () => {
  test.each([
    [undefined, 1, 20],
    ["3", 3, 3],
    ["2-5", 2, 5],
    ["2 – 5", 2, 5],
    ["25-", 25, 30],
    ["-4", 1, 4],
    ["28-40", 28, 30],
  ])("%s of 30", (text, from, to) => {
    expect(pageRange(text, 30, 20)).toEqual({ from, to });
  });

  test.each([
    ["0", "invalid_input", "there are no pages 0: the file has 30 pages"],
    ["31", "invalid_input", "there are no pages 31: the file has 30 pages"],
    ["5-3", "invalid_input", "there are no pages 5-3"],
    ["all", "invalid_input", '"all" names no pages'],
    ["1-21", "too_large", "pages 1-21 are more than the 20 that are read at once"],
  ])("%s of 30 is refused", (text, code, message) => {
    const error = refused(() => pageRange(text, 30, 20));
    expect(error?.code).toBe(code);
    expect(error?.message).toContain(message);
  });
});
