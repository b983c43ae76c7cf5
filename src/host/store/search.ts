/**
 * Full-text indexes: one contentless FTS5 table per index, changed in the document's own transaction.
 * Column `t` holds the text, column `f` one hashed word per filter field, so that filters narrow before ranking and limiting.
 * Ranking is SQLite's BM25 (Convex's own differs in detail); equal ranks give the newer document first.
 */
import { createHash } from "node:crypto";
import { HostError } from "../values/error.ts";
import { encodeKey, fieldAt } from "../values/key.ts";
import type { SearchIndex, Table } from "./catalog.ts";
import type { Sql } from "./sql.ts";
import type { Json, JsonObject, SearchFilterJson } from "./types.ts";

/** As in Convex: a search gives at most so many documents. */
export const MAX_RESULTS = 1024;
const MAX_TERMS = 16;
// What the tokenizer unicode61 takes for parts of a word.
const TERM = /[\p{L}\p{N}\p{M}\p{Co}]+/gu;

export function createSearchTable(sql: Sql, index: number): void {
  sql.db.exec(
    `CREATE VIRTUAL TABLE fts_${index} USING fts5(t, f, content = '', contentless_delete = 1, ` +
      `tokenize = "unicode61 remove_diacritics 0")`,
  );
}

export function dropSearchTable(sql: Sql, index: number): void {
  sql.db.exec(`DROP TABLE IF EXISTS fts_${index}`);
}

export function addToSearch(sql: Sql, index: SearchIndex, rid: number, document: JsonObject): void {
  const text = fieldAt(document, index.path);
  if (typeof text !== "string") return;
  sql.run(
    `INSERT INTO fts_${index.id}(rowid, t, f) VALUES(?, ?, ?)`,
    rid,
    text,
    filterWords(index.filterFields, document).join(" "),
  );
}

export function removeFromSearch(sql: Sql, index: SearchIndex, rid: number, document: JsonObject): void {
  if (typeof fieldAt(document, index.path) === "string") sql.run(`DELETE FROM fts_${index.id} WHERE rowid = ?`, rid);
}

/** One word per filter field, missing fields included. */
export function filterWords(fields: readonly string[], document: JsonObject): string[] {
  return fields.map((field, i) => filterWord(i, fieldAt(document, field.split("."))));
}

export function filterWord(position: number, value: Json | undefined): string {
  return `x${createHash("sha256")
    .update(encodeKey([position, value]))
    .digest("hex")
    .slice(0, 32)}`;
}

/**
 * Ids of the documents found, best first, at most `limit`. (Not row ids: those may be given to another document later.) Only as many as are
 * wanted are looked up: a common word is in a great many documents.
 */
export function search(
  sql: Sql,
  table: Table,
  index: SearchIndex,
  filters: readonly SearchFilterJson[],
  limit: number,
): string[] {
  const match = matchExpression(table, index, filters);
  if (match === null) return [];
  const name = `fts_${index.id}`;
  return sql
    .rows<[string]>(
      `SELECT d.id FROM (SELECT rowid AS rid, bm25(${name}, 1.0, 0.0) AS score FROM ${name} WHERE ${name} MATCH ? ` +
        `ORDER BY score, rowid DESC LIMIT ? + 0) s CROSS JOIN docs d ON d.rid = s.rid ORDER BY s.score, s.rid DESC`,
      match,
      limit,
    )
    .map(([id]) => id);
}

/** null when the text has no word to look for. */
function matchExpression(table: Table, index: SearchIndex, filters: readonly SearchFilterJson[]): string | null {
  let terms: string[] | null = null;
  const parts: string[] = [];
  for (const filter of filters) {
    if (filter.type === "Search") {
      if (filter.fieldPath !== index.searchField) {
        throw new HostError(
          `Search query against index "${table.name}.${index.name}" must search the field "${index.searchField}", ` +
            `got "${filter.fieldPath}".`,
        );
      }
      if (terms !== null) throw new HostError("A search query may have only one search expression.");
      terms = (filter.value.match(TERM) ?? []).slice(0, MAX_TERMS);
      continue;
    }
    const position = index.filterFields.indexOf(filter.fieldPath);
    if (position < 0) {
      throw new HostError(
        `The field "${filter.fieldPath}" is not a filter field of index "${table.name}.${index.name}".`,
      );
    }
    parts.push(`f : "${filterWord(position, filter.value)}"`);
  }
  if (terms === null) throw new HostError("Search queries must contain a search expression: `q.search(field, text)`.");
  if (terms.length === 0) return null;
  // Any of the words; the last may be unfinished, as while somebody types.
  const words = terms.map((term, i) => `"${term}"${i === terms.length - 1 ? " *" : ""}`);
  return [`t : (${words.join(" OR ")})`, ...parts].join(" AND ");
}
