/**
 * Walks an index in batches that grow, resumed by key: no SQLite cursor stays open between two calls, so the function may
 * write, await and roll back in between. Rows already fetched are given as they were when their batch was read.
 */
import { afterKey, compareKeys, encodeKey } from "../values/key.ts";
import type { DbIndex, Table } from "./catalog.ts";
import type { ReadContext } from "./query.ts";
import type { Interval } from "./range.ts";

export interface Entry {
  key: Uint8Array;
  size: number;
  json: string;
}

const FIRST_BATCH = 32;
const MAX_BATCH = 1024;
/** Bytes of documents a batch may hold, estimated from the batch before; documents may be 1 MiB each. */
const MAX_BATCH_BYTES = 4 << 20;

export class Scan {
  readonly #context: Pick<ReadContext, "sql" | "seen">;
  readonly #table: Table;
  /** null: `by_id`, which needs no entries of its own. */
  readonly #index: DbIndex | null;
  readonly #descending: boolean;
  #low: Uint8Array;
  #high: Uint8Array;
  #batch: Entry[] = [];
  #next = 0;
  #limit: number;
  #ended = false;

  /** `expected`: how many rows the caller is likely to take; 0 when unknown. */
  constructor(
    context: Pick<ReadContext, "sql" | "seen">,
    table: Table,
    index: DbIndex | null,
    interval: Interval,
    descending: boolean,
    expected: number,
  ) {
    this.#context = context;
    this.#table = table;
    this.#index = index;
    this.#descending = descending;
    this.#low = interval.low;
    this.#high = interval.high;
    this.#limit = expected > 0 ? Math.min(expected, MAX_BATCH) : FIRST_BATCH;
    this.#ended = compareKeys(interval.low, interval.high) >= 0;
  }

  /** null at the end of the interval. */
  next(): Entry | null {
    if (this.#next === this.#batch.length) {
      if (this.#ended) return null;
      this.#fetch();
      if (this.#batch.length === 0) return null;
    }
    return this.#batch[this.#next++]!;
  }

  #fetch(): void {
    this.#batch = this.#index === null ? this.#readIds() : this.#readEntries(this.#index);
    this.#next = 0;
    if (this.#batch.length < this.#limit) this.#ended = true;
    const last = this.#batch.at(-1);
    if (last === undefined) return;
    if (this.#descending) this.#high = last.key;
    else this.#low = afterKey(last.key);
    const bytes = this.#batch.reduce((sum, entry) => sum + entry.size, 0);
    const fit = Math.floor(MAX_BATCH_BYTES / (bytes / this.#batch.length));
    this.#limit = Math.max(1, Math.min(this.#limit * 4, MAX_BATCH, fit));
  }

  #readEntries(index: DbIndex): Entry[] {
    const { sql, seen } = this.#context;
    const rows = sql.scan(index.id, this.#low, this.#high, this.#descending, this.#limit);
    if (seen !== null) for (const [, rid, size, json] of rows) seen([rid, this.#table.num, size, json]);
    return rows.map(([key, , size, json]) => ({ key, size, json }));
  }

  #readIds(): Entry[] {
    const low = textBound(this.#low);
    const high = textBound(this.#high);
    const { ids, num } = this.#table;
    return this.#context.sql
      .scanIds(num, later(low, ids.low), earlier(high, ids.high), this.#descending, this.#limit)
      .map(([id, , size, json]) => ({ key: encodeKey([id]), size, json }));
  }
}

const STRING_TAG = 6;

/** The bound of an encoded `_id` as text: `id >= text` holds exactly when the id's key is >= the bound. */
function textBound(bound: Uint8Array): string {
  if (bound.length === 0 || bound[0]! < STRING_TAG) return "";
  if (bound[0]! > STRING_TAG) return "~";
  const end = bound.indexOf(0);
  const text = Buffer.from(bound.subarray(1, end < 0 ? undefined : end)).toString();
  // Anything after the terminator means "just after this text". Ids have no character below "0".
  return end >= 0 && end < bound.length - 1 ? `${text}\u0001` : text;
}

function later(a: string, b: string): string {
  return a < b ? b : a;
}

function earlier(a: string, b: string): string {
  return later(a, b) === a ? b : a;
}
