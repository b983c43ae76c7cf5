/** What is handed out of a file that was read: a few pages, or the places where words stand. Pure; every limit has its own words. */

/** What fits into an answer beside everything else. */
export const MAX_CHARACTERS = 24_000;
const MAX_FOUND = 12;
const AROUND = 120;

export interface FilePage {
  page: number;
  text: string;
}
export interface Found {
  word: string;
  page: number;
  /** With what stands around it, on one line. */
  excerpt: string;
}

/** Whole pages as long as they fit; the first is cut where it alone is too long. `notRead` says what is missing, and how to get it. */
export function fitting(pages: FilePage[], pageCount: number): { pages: FilePage[]; notRead: string | null } {
  const told: FilePage[] = [];
  let left = MAX_CHARACTERS;
  for (const { page, text } of pages) {
    if (text.length > left) {
      if (told.length > 0) break;
      const cut = `page ${page} has ${text.length} characters, only the first ${left} are here`;
      return { pages: [{ page, text: text.slice(0, left) }], notRead: cut };
    }
    left -= text.length;
    told.push({ page, text });
  }
  const last = told.at(-1)?.page ?? 0;
  if (last >= pageCount) return { pages: told, notRead: null };
  const rest = last + 1 === pageCount ? `page ${pageCount}` : `pages ${last + 1}-${pageCount}`;
  return { pages: told, notRead: `${rest} of ${pageCount} are not here; ask for pages "${last + 1}-" to read on` };
}

/** Case and kinds of blanks do not matter; each word on each page at most twice. */
export function findWords(pages: FilePage[], words: string[]): Found[] {
  const found: Found[] = [];
  for (const word of words) {
    const wanted = word.trim().replace(/\s+/g, " ").toLowerCase();
    if (wanted === "") continue;
    for (const { page, text } of pages) {
      const line = text.replace(/\s+/g, " ");
      const lower = line.toLowerCase();
      for (
        let at = lower.indexOf(wanted), times = 0;
        at >= 0 && times < 2;
        at = lower.indexOf(wanted, at + 1), times++
      ) {
        if (found.length === MAX_FOUND) return found;
        const excerpt = line.slice(Math.max(0, at - AROUND), at + wanted.length + AROUND).trim();
        found.push({ word, page, excerpt });
      }
    }
  }
  return found;
}
