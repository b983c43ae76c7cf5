/**
 * Vector indexes: normalised float32 vectors in a side table, searched exactly (no approximation). The writer's connection keeps
 * each searched index in memory and follows its writes; a rollback drops the copy, the next search reads it again.
 */
import { HostError } from "../values/error.ts";
import { fieldAt } from "../values/key.ts";
import { isPlainObject } from "../values/special.ts";
import type { Table, VectorIndex } from "./catalog.ts";
import { filterWord, filterWords } from "./search.ts";
import type { Sql } from "./sql.ts";
import type { Json, JsonObject } from "./types.ts";

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 256;
const READ_BATCH = 500;

interface Matrix {
  rows: Map<number, { filters: string[]; vector: Float32Array }>;
}

export interface VectorHit {
  rid: number;
  score: number;
}

export class Vectors {
  readonly #sql: Sql;
  #loaded = new Map<number, Matrix>();
  /** Grows with every write, so that a savepoint knows whether there was one. */
  version = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  add(index: VectorIndex, rid: number, document: JsonObject): void {
    const vector = vectorOf(index, document);
    if (vector === null) return;
    const filters = filterWords(index.filterFields, document);
    this.version++;
    this.#sql.setVector(index.id, rid, filters.join(" "), new Uint8Array(vector.buffer));
    this.#loaded.get(index.id)?.rows.set(rid, { filters, vector });
  }

  remove(index: VectorIndex, rid: number): void {
    this.version++;
    this.#sql.dropVector(index.id, rid);
    this.#loaded.get(index.id)?.rows.delete(rid);
  }

  /** After a rollback or a change of indexes. */
  forget(): void {
    this.#loaded.clear();
  }

  /** `cached` is false for the committed state, which the writer's copy may be ahead of. */
  search(sql: Sql, table: Table, index: VectorIndex, query: JsonObject, cached: boolean): VectorHit[] {
    const target = normalise(queryVector(table, index, query.vector));
    const limit = queryLimit(query.limit);
    const accepts = compileVectorFilter(table, index, query.expressions ?? null);
    const best: VectorHit[] = [];
    for (const [rid, { filters, vector }] of this.#rows(sql, index, cached)) {
      if (!accepts(filters)) continue;
      const score = dot(target, vector);
      if (best.length === limit && score <= best[limit - 1]!.score) continue;
      let at = best.length === limit ? limit - 1 : best.length;
      while (at > 0 && best[at - 1]!.score < score) at--;
      best.splice(at, 0, { rid, score });
      if (best.length > limit) best.pop();
    }
    return best;
  }

  #rows(sql: Sql, index: VectorIndex, cached: boolean): Matrix["rows"] {
    const known = cached ? this.#loaded.get(index.id) : undefined;
    if (known !== undefined) return known.rows;
    const rows: Matrix["rows"] = new Map();
    for (let after = -1; ; ) {
      const batch = sql.vectors(index.id, after, READ_BATCH);
      for (const [rid, filters, bytes] of batch) {
        // Copied: a Float32Array needs an aligned buffer of its own.
        rows.set(rid, { filters: filters.split(" "), vector: new Float32Array(bytes.slice().buffer) });
        after = rid;
      }
      if (batch.length < READ_BATCH) break;
    }
    if (cached) this.#loaded.set(index.id, { rows });
    return rows;
  }
}

/** Documents without a fitting vector are not in the index. */
function vectorOf(index: VectorIndex, document: JsonObject): Float32Array | null {
  const value = fieldAt(document, index.path);
  if (!Array.isArray(value) || value.length !== index.dimensions) return null;
  return value.every((item) => typeof item === "number") ? normalise(value as number[]) : null;
}

function queryVector(table: Table, index: VectorIndex, value: Json | undefined): number[] {
  if (Array.isArray(value) && value.length === index.dimensions && value.every((item) => typeof item === "number")) {
    return value as number[];
  }
  throw new HostError(
    `Vector search on index "${table.name}.${index.name}" needs a vector of ${index.dimensions} numbers, ` +
      `got ${Array.isArray(value) ? value.length : typeof value}.`,
  );
}

function queryLimit(value: Json | undefined): number {
  if (value === undefined || value === null) return DEFAULT_LIMIT;
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= MAX_LIMIT) return value;
  throw new HostError(`Vector search limit must be between 1 and ${MAX_LIMIT}, got ${JSON.stringify(value)}.`);
}

/** Scores of unit vectors are cosines; a zero vector scores 0 against everything. */
function normalise(values: readonly number[]): Float32Array {
  const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return Float32Array.from(values, (value) => (norm === 0 ? 0 : value / norm));
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** `q.eq(field, value)` and `q.or(…)` over the index's filter fields. */
function compileVectorFilter(
  table: Table,
  index: VectorIndex,
  expression: Json,
): (filters: readonly string[]) => boolean {
  if (expression === null) return () => true;
  if (isPlainObject(expression) && Array.isArray(expression.$or)) {
    const parts = expression.$or.map((part) => compileVectorFilter(table, index, part));
    return (filters) => parts.some((part) => part(filters));
  }
  if (isPlainObject(expression) && Array.isArray(expression.$eq)) {
    const [left, right] = expression.$eq as [JsonObject, JsonObject];
    const position = index.filterFields.indexOf(String(left.$field));
    if (position < 0) {
      throw new HostError(`The field "${left.$field}" is not a filter field of index "${table.name}.${index.name}".`);
    }
    const word = filterWord(position, right.$literal);
    return (filters) => filters[position] === word;
  }
  throw new HostError(`Vector search does not know the filter ${JSON.stringify(expression)}.`);
}
