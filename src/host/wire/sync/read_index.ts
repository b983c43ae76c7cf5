import { byIdIndex } from "../../store/readset.ts";
import type { ReadSet, WriteSet } from "../../store/types.ts";
import { tableNumberOf } from "../../values/ids.ts";
import { encodeKey } from "../../values/key.ts";
import { RangeIndex } from "./range_index.ts";

/** Finds whose reads a commit touches, without looking at those it does not touch. */
export class ReadIndex<T> {
  readonly #reads = new Map<T, ReadSet | null>();
  readonly #byId = new Map<string, Set<T>>();
  readonly #byTable = new Map<number, Set<T>>();
  readonly #byIndex = new Map<number, RangeIndex<T>>();
  /** How many ranges of ids there are. */
  #idRanges = 0;
  /** Owners whose reads are not known: every commit touches them. */
  readonly #unknown = new Set<T>();

  /** null: not known. The same reads again (the usual case) change nothing. */
  set(owner: T, reads: ReadSet | null): void {
    const before = this.#reads.get(owner);
    if (before !== undefined && sameReads(before, reads)) return;
    this.delete(owner);
    this.#reads.set(owner, reads);
    if (reads === null) {
      this.#unknown.add(owner);
      return;
    }
    for (const id of reads.ids) addTo(this.#byId, id, owner);
    for (const table of reads.tables) addTo(this.#byTable, table, owner);
    for (const { index, low, high } of reads.ranges) {
      if (index < 0) this.#idRanges++;
      let ranges = this.#byIndex.get(index);
      if (ranges === undefined) {
        ranges = new RangeIndex();
        this.#byIndex.set(index, ranges);
      }
      ranges.add(owner, low, high);
    }
  }

  delete(owner: T): void {
    const reads = this.#reads.get(owner);
    if (reads === undefined) return;
    this.#reads.delete(owner);
    this.#unknown.delete(owner);
    if (reads === null) return;
    for (const id of reads.ids) removeFrom(this.#byId, id, owner);
    for (const table of reads.tables) removeFrom(this.#byTable, table, owner);
    for (const { index } of reads.ranges) if (index < 0) this.#idRanges--;
    for (const index of new Set(reads.ranges.map((range) => range.index))) {
      const ranges = this.#byIndex.get(index)!;
      ranges.remove(owner);
      if (ranges.size === 0) this.#byIndex.delete(index);
    }
  }

  /** Calls back for each owner whose reads the commit may have changed; possibly more than once. */
  touched(writes: WriteSet, found: (owner: T) => void): void {
    if (this.#reads.size === 0) return;
    this.#unknown.forEach(found);
    if (this.#byId.size > 0) for (const id of writes.ids) this.#byId.get(id)?.forEach(found);
    if (this.#byTable.size > 0) for (const table of writes.tables) this.#byTable.get(table)?.forEach(found);
    if (this.#byIndex.size === 0) return;
    for (const touched of writes.keys) this.#byIndex.get(touched.index)?.stab(touched.key, found);
    // Ranges of ids are kept under the table's number, negated (see the store's read sets); ids have no index entries.
    if (this.#idRanges === 0) return;
    for (const id of writes.ids) {
      const table = tableNumberOf(id);
      if (table !== null) this.#byIndex.get(byIdIndex(table))?.stab(encodeKey([id]), found);
    }
  }
}

function sameReads(a: ReadSet | null, b: ReadSet | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.ranges.length === b.ranges.length &&
    a.ids.size === b.ids.size &&
    a.tables.size === b.tables.size &&
    [...a.ids].every((id) => b.ids.has(id)) &&
    [...a.tables].every((table) => b.tables.has(table)) &&
    a.ranges.every((range, i) => {
      const other = b.ranges[i]!;
      return (
        range.index === other.index &&
        Buffer.compare(range.low, other.low) === 0 &&
        Buffer.compare(range.high, other.high) === 0
      );
    })
  );
}

function addTo<K, T>(map: Map<K, Set<T>>, key: K, owner: T): void {
  const owners = map.get(key);
  if (owners === undefined) map.set(key, new Set([owner]));
  else owners.add(owner);
}

function removeFrom<K, T>(map: Map<K, Set<T>>, key: K, owner: T): void {
  const owners = map.get(key);
  if (owners?.delete(owner) && owners.size === 0) map.delete(key);
}
