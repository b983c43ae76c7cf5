/** From the query of a syscall to rows: finds the source, applies filters and limits in their order, records what was read. */
import { HostError } from "../values/error.ts";
import { afterKey, compareKeys, encodeKey, kept } from "../values/key.ts";
import { BY_CREATION_TIME, BY_ID, type Catalog, type DbIndex, type Table } from "./catalog.ts";
import { compileFilter, type Predicate } from "./filter.ts";
import { EVERYTHING, type Interval, intervalOf } from "./range.ts";
import { byIdIndex, missingTable } from "./readset.ts";
import { type Entry, Scan } from "./scan.ts";
import { MAX_RESULTS, search } from "./search.ts";
import type { DocRow, Sql } from "./sql.ts";
import type { ComponentPath, JsonObject, QueryJson, ReadSet, SearchFilterJson } from "./types.ts";

/** What every read of one transaction shares. */
export interface ReadContext {
  sql: Sql;
  catalog: Catalog;
  /** null: nobody asks what was read. */
  reads: ReadSet | null;
  counters: { documentsRead: number; bytesRead: number };
  /** Told of each document as it is read. */
  seen: ((row: DocRow) => void) | null;
}

/** Rows before filters, within `interval`. */
export interface Source {
  next(): Entry | null;
  interval: Interval;
  descending: boolean;
}

/** Where a page may begin and end: narrows the query's own interval. */
export type Narrow = (interval: Interval, descending: boolean) => Interval;

export function openSource(
  context: ReadContext,
  component: ComponentPath,
  query: QueryJson,
  expected: number,
  narrow: Narrow = (interval) => interval,
): Source {
  const { source } = query;
  const [tableName, indexName] =
    source.type === "FullTableScan" ? [source.tableName, BY_CREATION_TIME] : split(source.indexName);
  const table = context.catalog.table(component, tableName);
  if (table === undefined) {
    const isBuiltIn = indexName === BY_CREATION_TIME || indexName === BY_ID;
    if (!isBuiltIn) throw undeclared(tableName, indexName);
    context.reads?.ids.add(missingTable(component, tableName));
    return { next: () => null, interval: EVERYTHING, descending: false };
  }
  if (source.type === "Search") return openSearch(context, table, indexName, source.filters, narrow(EVERYTHING, false));
  const index = dbIndex(table, indexName);
  const descending = source.order === "desc";
  const range = source.type === "IndexRange" ? source.range : [];
  const interval = narrow(intervalOf(range, index === null ? ["_id"] : index.fields), descending);
  const scan = new Scan(context, table, index, interval, descending, expected);
  const record = recordRange(context.reads, index?.id ?? byIdIndex(table.num), interval, descending);
  return { next: () => count(context, record(scan.next())), interval, descending };
}

const FIRST_RESULTS = 32;

/** The key of a result is its rank. Documents are fetched as they are wanted: a search finds many, most callers take a few. */
function openSearch(
  context: ReadContext,
  table: Table,
  indexName: string,
  filters: readonly SearchFilterJson[],
  interval: Interval,
): Source {
  const index = table.searches.find(({ name }) => name === indexName);
  if (index === undefined) throw undeclared(table.name, indexName);
  context.reads?.tables.add(table.num);
  let limit = FIRST_RESULTS;
  let ids = search(context.sql, table, index, filters, limit);
  let rank = 0;
  const next = (): Entry | null => {
    // All of the rest at once: whoever takes more than a few mostly takes many. What was given keeps its rank, whatever was written since.
    if (rank === limit && limit < MAX_RESULTS) {
      limit = MAX_RESULTS;
      const given = new Set(ids);
      ids = [...ids, ...search(context.sql, table, index, filters, limit).filter((id) => !given.has(id))];
    }
    while (rank < ids.length) {
      const key = encodeKey([rank]);
      const row = contains(interval, key) ? context.sql.docById(ids[rank]!) : undefined;
      rank++;
      if (row !== undefined) return count(context, { key, size: row[2], json: row[3] });
    }
    return null;
  };
  return { next, interval, descending: false };
}

function contains({ low, high }: Interval, key: Uint8Array): boolean {
  return compareKeys(low, key) <= 0 && compareKeys(key, high) < 0;
}

function split(indexName: string): [string, string] {
  const dot = indexName.indexOf(".");
  return [indexName.slice(0, dot), indexName.slice(dot + 1)];
}

function dbIndex(table: Table, name: string): DbIndex | null {
  if (name === BY_ID) return null;
  const index = table.indexes.find((candidate) => candidate.name === name);
  if (index === undefined) throw undeclared(table.name, name);
  return index;
}

export function undeclared(table: string, index: string): HostError {
  return new HostError(`Cannot use index "${index}" for table "${table}" because it is not declared in the schema.`);
}

function count(context: ReadContext, entry: Entry | null): Entry | null {
  if (entry !== null) {
    context.counters.documentsRead++;
    context.counters.bytesRead += entry.size;
  }
  return entry;
}

/** The recorded range grows with the rows handed out: a `take(3)` depends on nothing behind its third row. */
function recordRange(
  reads: ReadSet | null,
  index: number,
  { low, high }: Interval,
  descending: boolean,
): (entry: Entry | null) => Entry | null {
  if (reads === null) return (entry) => entry;
  const range = descending ? { index, low: kept(high), high: kept(high) } : { index, low: kept(low), high: kept(low) };
  reads.ranges.push(range);
  return (entry) => {
    if (descending) range.low = kept(entry === null ? low : entry.key);
    else range.high = kept(entry === null ? high : afterKey(entry.key));
    return entry;
  };
}

type Step = (entry: Entry) => boolean;

/** Filters and limits in the order they were written. One per stream: limits count. */
export class Pipeline {
  readonly #steps: Step[] = [];
  #spent = false;

  constructor(operators: QueryJson["operators"]) {
    for (const operator of operators) {
      if ("limit" in operator) this.#steps.push(this.#limit(operator.limit));
      else this.#steps.push(filterStep(compileFilter(operator.filter)));
    }
  }

  /** True when no further row can pass: the next one need not be read. */
  get spent(): boolean {
    return this.#spent;
  }

  passes(entry: Entry): boolean {
    return this.#steps.every((step) => step(entry));
  }

  #limit(limit: number): Step {
    let left = limit;
    if (left <= 0) this.#spent = true;
    return () => {
      if (left <= 0) return false;
      left--;
      if (left === 0) this.#spent = true;
      return true;
    };
  }
}

function filterStep(predicate: Predicate): Step {
  return (entry) => predicate(JSON.parse(entry.json) as JsonObject);
}

/** Rows the source will probably have to give: the limit when nothing filters before it. 0 when unknown. */
export function expectedRows(operators: QueryJson["operators"]): number {
  const [first] = operators;
  return first !== undefined && "limit" in first ? Math.max(first.limit, 1) : 0;
}
