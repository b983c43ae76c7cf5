import { describe, expect, test } from "vitest";
import { pdfOf } from "../../test/pdf.ts";
import { readPdf } from "./pdf_text.ts";

const all = (pageCount: number) => ({ from: 1, to: pageCount });

describe("text of a PDF", () => {
  test("page by page, lines kept", async () => {
    const read = await readPdf(pdfOf(["First page\nwith (two) lines", "Second page"]), "a.pdf", all);
    expect(read).toEqual({ pageCount: 2, texts: ["First page\nwith (two) lines", "Second page"] });
  });

  test("only the pages that are picked", async () => {
    const read = await readPdf(pdfOf(["one", "two", "three"]), "a.pdf", () => ({ from: 2, to: 2 }));
    expect(read).toEqual({ pageCount: 3, texts: ["two"] });
  });

  test("the bytes stay the caller's", async () => {
    const bytes = pdfOf(["one"]);
    const before = bytes.slice();
    await readPdf(bytes, "a.pdf", all);
    expect(bytes).toEqual(before);
  });

  test("what is no PDF after its first bytes is refused by name", async () => {
    const broken = new TextEncoder().encode("%PDF-1.7\nnothing of the kind\n%%EOF");
    await expect(readPdf(broken, "bad.pdf", all)).rejects.toMatchObject({
      info: {
        code: "invalid_input",
        message: expect.stringMatching(/^bad\.pdf cannot be read as a PDF: /),
        field: "file",
      },
    });
  });
});
