/**
 * Rows of a list, bounded by what they hold and not only by their number: one transaction reads at most 16 MiB, and a row may hold
 * almost one. What is left out is asked for again, or the answer says "at least".
 */

/** A list is one of a few reads in its transaction, and what it names is often read once more. */
const MAX_LIST_CHARACTERS = 2_000_000;

/** How much of a transaction's reading one list may still take. */
export interface Room {
  characters: number;
}

/** `lists`: how many share it. */
export const room = (lists = 1): Room => ({ characters: MAX_LIST_CHARACTERS / lists });

/** In the order of `rows`, at most `limit`, until the room is used up; the row that uses it up is the last. */
export async function takeWithin<Row>(
  rows: AsyncIterable<Row>,
  limit: number,
  sizeOf: (row: Row) => number,
  left: Room = room(),
): Promise<Row[]> {
  const taken: Row[] = [];
  if (limit <= 0 || left.characters <= 0) return taken;
  for await (const row of rows) {
    taken.push(row);
    left.characters -= sizeOf(row);
    if (taken.length >= limit || left.characters <= 0) break;
  }
  return taken;
}
