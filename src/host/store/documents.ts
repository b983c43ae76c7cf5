/** A document's text, its index entries and what a commit reports of it. Schema checks are done before (writer.ts). */
import { encodeKey, fieldAt } from "../values/key.ts";
import type { DbIndex, Table } from "./catalog.ts";
import { addToSearch, removeFromSearch } from "./search.ts";
import type { Sql } from "./sql.ts";
import type { JsonObject, WriteSet } from "./types.ts";
import type { UndoLog } from "./undo_log.ts";
import type { Vectors } from "./vectors.ts";

/** With `_id` and `_creationTime`, keys in ascending order: one value has one text. */
export function canonical(value: JsonObject): { text: string; document: JsonObject } {
  const keys = Object.keys(value);
  // Mostly they are in order, as `convexToJson` and a stored text give them.
  if (isAscending(keys)) return { text: JSON.stringify(value), document: value };
  const document: JsonObject = {};
  for (const key of keys.sort()) document[key] = value[key]!;
  return { text: JSON.stringify(document), document };
}

function isAscending(keys: readonly string[]): boolean {
  for (let i = 1; i < keys.length; i++) if (keys[i - 1]! > keys[i]!) return false;
  return true;
}

export function indexKey(index: DbIndex, document: JsonObject): Uint8Array {
  return encodeKey(index.paths.map((path) => fieldAt(document, path)));
}

/** Of an index that a change leaves alone: only who reads that index wants to know it, and mostly nobody does. */
class UnchangedKey {
  readonly index: number;
  readonly #index: DbIndex;
  readonly #document: JsonObject;
  constructor(index: DbIndex, document: JsonObject) {
    this.index = index.id;
    this.#index = index;
    this.#document = document;
  }
  get key(): Uint8Array {
    return indexKey(this.#index, this.#document);
  }
}

/** How a transaction takes its entries back: by steps, or (full text, vectors) by what `cover` opens. */
export interface Reversal {
  undo: UndoLog;
  cover(): void;
}

/** Keeps every index of one connection's tables in step with the documents. */
export class IndexWriter {
  readonly #sql: Sql;
  readonly #vectors: Vectors;
  /** null: whoever writes takes back everything by himself. */
  readonly #reversal: Reversal | null;
  /** Old and new keys, for the write set. */
  readonly touched: WriteSet["keys"];

  constructor(sql: Sql, vectors: Vectors, touched: WriteSet["keys"], reversal: Reversal | null) {
    this.#sql = sql;
    this.#vectors = vectors;
    this.touched = touched;
    this.#reversal = reversal;
  }

  add(table: Table, rid: number, document: JsonObject): void {
    const entries = table.indexes.map((index) => ({ index: index.id, key: indexKey(index, document) }));
    this.#reversal?.undo.add(() => {
      for (const { index, key } of entries) this.#sql.dropEntry(index, key);
    });
    this.#sql.addEntries(entries, rid);
    for (const entry of entries) this.touched.push(entry);
    this.#coverOthers(table);
    for (const index of table.searches) addToSearch(this.#sql, index, rid, document);
    for (const index of table.vectors) this.#vectors.add(index, rid, document);
  }

  remove(table: Table, rid: number, document: JsonObject): void {
    for (const index of table.indexes) {
      const key = indexKey(index, document);
      this.#reversal?.undo.add(() => this.#sql.putEntry(index.id, key, rid));
      this.#sql.dropEntry(index.id, key);
      this.touched.push({ index: index.id, key });
    }
    this.#coverOthers(table);
    for (const index of table.searches) removeFromSearch(this.#sql, index, rid, document);
    for (const index of table.vectors) this.#vectors.remove(index, rid);
  }

  /** `changed`: first parts of the fields that may differ; null: any. */
  update(table: Table, rid: number, before: JsonObject, after: JsonObject, changed: ReadonlySet<string> | null): void {
    for (const index of table.indexes) {
      if (!mayDiffer(index.roots, changed)) {
        this.touched.push(new UnchangedKey(index, after));
        continue;
      }
      const key = indexKey(index, after);
      this.touched.push({ index: index.id, key });
      const old = indexKey(index, before);
      if (Buffer.compare(old, key) === 0) continue;
      this.touched.push({ index: index.id, key: old });
      this.#reversal?.undo.add(() => {
        this.#sql.dropEntry(index.id, key);
        this.#sql.putEntry(index.id, old, rid);
      });
      this.#sql.dropEntry(index.id, old);
      this.#sql.addEntry(index.id, key, rid);
    }
    this.#coverOthers(table);
    for (const index of table.searches) {
      if (!mayDiffer(rootsOf([index.searchField, ...index.filterFields]), changed)) continue;
      removeFromSearch(this.#sql, index, rid, before);
      addToSearch(this.#sql, index, rid, after);
    }
    for (const index of table.vectors) {
      if (!mayDiffer(rootsOf([index.path[0]!, ...index.filterFields]), changed)) continue;
      this.#vectors.remove(index, rid);
      this.#vectors.add(index, rid, after);
    }
  }

  #coverOthers(table: Table): void {
    if (table.searches.length > 0 || table.vectors.length > 0) this.#reversal?.cover();
  }
}

function mayDiffer(roots: ReadonlySet<string>, changed: ReadonlySet<string> | null): boolean {
  if (changed === null) return true;
  for (const root of roots) if (changed.has(root)) return true;
  return false;
}

function rootsOf(fields: readonly string[]): Set<string> {
  return new Set(fields.map((field) => field.split(".")[0]!));
}
