import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { pdfOf } from "../../test/pdf.ts";
import { demandModest, MAX_UNPACKED_BYTES } from "./pdf_guard.ts";
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

describe("what is packed in a PDF", () => {
  const packed = (dictionary: string, size: number) => {
    const data = deflateSync(new Uint8Array(size));
    return new Uint8Array(
      Buffer.concat([
        Buffer.from(`%PDF-1.4\n1 0 obj\n<< ${dictionary} >>\nstream\n`),
        data,
        Buffer.from("\nendstream\nendobj\n"),
      ]),
    );
  };
  const error = async (bytes: Uint8Array) =>
    await demandModest(bytes, "a.pdf").then(
      () => null,
      (thrown: { info: { code: string; message: string } }) => thrown.info,
    );

  test("a few kilobytes that unpack to very much are refused before they are opened", async () => {
    const bomb = packed("/Filter /FlateDecode", MAX_UNPACKED_BYTES + 1);
    expect(bomb.length).toBeLessThan(100_000);
    expect(await error(bomb)).toMatchObject({
      code: "too_large",
      message: expect.stringContaining("unpacks to more than"),
    });
  });

  test("packed twice is refused, a large picture and usual pages are not", async () => {
    expect(await error(packed("/Filter [/FlateDecode /FlateDecode]", 10))).toMatchObject({ code: "too_large" });
    expect(await error(packed("/Subtype /Image /Filter /FlateDecode", MAX_UNPACKED_BYTES + 1))).toBeNull();
    expect(await error(packed("/Filter /FlateDecode", 1_000_000))).toBeNull();
    expect(await error(pdfOf(["one", "two"]))).toBeNull();
  });
});
