/**
 * Text of a PDF's pages, through PDF.js as `unpdf` packs it for runtimes without a browser. It is large and seldom needed: loaded with the
 * first PDF, never at a start. It runs in this thread, so what it may read is bounded, and it stops between two pages.
 */
import { FactoryError } from "../../src/contract/errors.ts";
import { demandModest } from "./pdf_guard.ts";

export interface PdfPages {
  pageCount: number;
  /** Text of page `from`, `from + 1`, …; fewer than asked for when the time was over. */
  texts: string[];
}

const TIME_LIMIT_MS = 10_000;
const MAX_PDF_PAGES = 5000;

/** `pick` says which pages, once their number is known; what it throws is thrown. */
export async function readPdf(
  bytes: Uint8Array,
  name: string,
  pick: (pageCount: number) => { from: number; to: number },
): Promise<PdfPages> {
  await demandModest(bytes, name);
  const { getDocumentProxy } = await import("unpdf");
  const end = Date.now() + TIME_LIMIT_MS;
  // A copy: PDF.js takes the bytes for itself. Nothing is fetched, no font is drawn, no script is run.
  const options = {
    isEvalSupported: false,
    disableFontFace: true,
    useSystemFonts: false,
    verbosity: 0,
    stopAtErrors: false,
  };
  const document = await getDocumentProxy(bytes.slice(), options).catch((thrown: unknown) => refuse(thrown, name));
  try {
    const pageCount = document.numPages;
    if (pageCount > MAX_PDF_PAGES) {
      throw new FactoryError("too_large", `${name} has ${pageCount} pages; at most ${MAX_PDF_PAGES} are read`, {
        field: "file",
      });
    }
    const { from, to } = pick(pageCount);
    const texts: string[] = [];
    for (let number = from; number <= to && Date.now() < end; number++) {
      const page = await document
        .getPage(number)
        .catch((thrown: unknown) => refuse(thrown, `page ${number} of ${name}`));
      const { items } = await page.getTextContent();
      texts.push(items.map((item) => ("str" in item ? item.str + (item.hasEOL ? "\n" : "") : "")).join(""));
      page.cleanup();
    }
    if (texts.length === 0) {
      throw new FactoryError("limit_reached", `${name} could not be opened in ${TIME_LIMIT_MS / 1000} s`, {
        field: "file",
        remedy: "add it in parts",
        retryable: false,
      });
    }
    return { pageCount, texts };
  } finally {
    await document.loadingTask.destroy();
  }
}

function refuse(thrown: unknown, name: string): never {
  const { name: kind, message } = thrown instanceof Error ? thrown : { name: "", message: String(thrown) };
  if (kind === "PasswordException") {
    throw new FactoryError("invalid_input", `${name} is protected with a password`, {
      field: "file",
      remedy: "save it without one and add it again",
    });
  }
  throw new FactoryError("invalid_input", `${name} cannot be read as a PDF: ${message.slice(0, 200)}`, {
    field: "file",
    remedy: "open it in a PDF reader, save it anew, and add it again",
  });
}
