/** Which pages are asked for: `3`, `2-5`, `7-`, `-4`. Pure. */
import { fail } from "./errors.ts";

export interface PageRange {
  from: number;
  to: number;
}

/** Absent: from the beginning, as many as are read at once. Throws what is no range, and one that is too long or beyond the end. */
export function pageRange(text: string | undefined, pageCount: number, maxPages: number): PageRange {
  if (text === undefined || text.trim() === "") return { from: 1, to: Math.min(pageCount, maxPages) };
  const match = /^\s*(\d{1,6})?\s*(?:(-|–|to)\s*(\d{1,6})?)?\s*$/i.exec(text);
  const [, first, dash, last] = match ?? [];
  if (match === null || (first === undefined && last === undefined)) {
    fail("invalid_input", `"${text.slice(0, 40)}" names no pages`, {
      field: "pages",
      remedy: "write 3, 2-5, 7- or -4",
    });
  }
  const from = first === undefined ? 1 : Number(first);
  const open = Math.min(pageCount, from + maxPages - 1);
  const to = last !== undefined ? Number(last) : dash === undefined ? from : open;
  if (from < 1 || from > pageCount || to < from) {
    const has = pageCount === 1 ? "one page" : `${pageCount} pages`;
    fail("invalid_input", `there are no pages ${text.trim()}: the file has ${has}`, { field: "pages" });
  }
  if (Math.min(to, pageCount) - from + 1 > maxPages) {
    fail("too_large", `pages ${text.trim()} are more than the ${maxPages} that are read at once`, {
      field: "pages",
      remedy: `ask for ${from}-${from + maxPages - 1} first`,
    });
  }
  return { from, to: Math.min(to, pageCount) };
}
