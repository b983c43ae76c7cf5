/** Which commits invalidate which reads. */

import { tableNumberOf } from "../values/ids.ts";
import { compareKeys, encodeKey } from "../values/key.ts";
import type { Invalidates, ReadSet, WriteSet } from "./types.ts";

export function emptyReadSet(): ReadSet {
  return { ranges: [], ids: new Set(), tables: new Set() };
}

/** `by_id` has no entries and no number of its own; its ranges carry the table's number, negated. */
export function byIdIndex(table: number): number {
  return -table;
}

/** Stands in `ids` for a table that did not exist when it was read. */
export function missingTable(component: string, table: string): string {
  return `table:${component}:${table}`;
}

export const invalidates: Invalidates = (reads, writes) =>
  overlap(reads.tables, writes.tables) || overlap(reads.ids, writes.ids) || touchesRange(reads, writes);

function overlap<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  for (const item of small) if (large.has(item)) return true;
  return false;
}

function touchesRange(reads: ReadSet, writes: WriteSet): boolean {
  for (const range of reads.ranges) {
    if (range.index < 0) {
      for (const id of writes.ids) {
        if (tableNumberOf(id) === -range.index && isWithin(encodeKey([id]), range)) return true;
      }
      continue;
    }
    for (const touched of writes.keys) if (touched.index === range.index && isWithin(touched.key, range)) return true;
  }
  return false;
}

function isWithin(key: Uint8Array, range: { low: Uint8Array; high: Uint8Array }): boolean {
  return compareKeys(range.low, key) <= 0 && compareKeys(key, range.high) < 0;
}
