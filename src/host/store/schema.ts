/** Brings tables and indexes of all components to what their schemas say, in one SQLite transaction: all of it or nothing. */
import { HostError } from "../values/error.ts";
import { tableNumberOf } from "../values/ids.ts";
import { afterKey, MAX_KEY, MIN_KEY } from "../values/key.ts";
import { validateJson } from "../values/validate.ts";
import { BY_CREATION_TIME, BY_ID, type Catalog, type Table } from "./catalog.ts";
import { IndexWriter } from "./documents.ts";
import { createSearchTable, dropSearchTable } from "./search.ts";
import type { Sql } from "./sql.ts";
import type { ComponentPath, Json, JsonObject, SchemaExport, TableExport } from "./types.ts";
import type { Vectors } from "./vectors.ts";

const BATCH = 500;
/** Convex's, https://docs.convex.dev/production/state/limits */
const MAX_INDEXES = 32;
const MAX_INDEX_FIELDS = 16;
/** A shorter start needs no words. */
const TELL_EVERY_MS = 500;

type Kind = "db" | "search" | "vector";
interface Wanted {
  kind: Kind;
  name: string;
  spec: string;
}

export type ComponentSchema = readonly [component: ComponentPath, schema: SchemaExport | null];

/** Called after each batch of documents; a text now and then, when there is much to do. */
export type Progress = (text: string | null) => void;

interface Change {
  sql: Sql;
  catalog: Catalog;
  vectors: Vectors;
  progress: Progress;
}

export function applySchemas(
  sql: Sql,
  catalog: Catalog,
  vectors: Vectors,
  schemas: Iterable<ComponentSchema>,
  progress: Progress,
): void {
  sql.begin();
  try {
    for (const [component, schema] of schemas) {
      changeComponent({ sql, catalog, vectors, progress }, component, schema);
    }
    sql.commit();
  } catch (error) {
    if (sql.db.isTransaction) sql.rollback();
    throw error;
  } finally {
    catalog.reload();
    vectors.forget();
  }
}

function changeComponent(change: Change, component: ComponentPath, schema: SchemaExport | null): void {
  const { catalog } = change;
  const declared = new Set(schema?.tables.map(({ tableName }) => tableName));
  for (const table of catalog.tablesOf(component)) {
    // A table that left the schema keeps its documents; only what the schema gave it goes.
    if (declared.has(table.name) || table.name.startsWith("_")) continue;
    changeTable(change, table, [], null);
  }
  for (const exported of schema?.tables ?? []) {
    const table = catalog.table(component, exported.tableName) ?? catalog.create(component, exported.tableName);
    const validator = schema?.schemaValidation ? exported.documentType : null;
    changeTable(change, table, wantedIndexes(exported), validator);
  }
}

/** Staged indexes are built like the others: there is no traffic here that a slow build could disturb. */
function wantedIndexes(table: TableExport): Wanted[] {
  const staged = table as TableExport & {
    stagedSearchIndexes?: TableExport["searchIndexes"];
    stagedVectorIndexes?: TableExport["vectorIndexes"];
  };
  const wanted: Wanted[] = [];
  for (const { indexDescriptor, fields } of [...table.indexes, ...(table.stagedDbIndexes ?? [])]) {
    if (indexDescriptor === BY_CREATION_TIME || indexDescriptor === BY_ID) {
      throw new HostError(
        `Index "${indexDescriptor}" of table "${table.tableName}" is built in. Give the index another name.`,
        "invalid_schema",
      );
    }
    if (fields.length > MAX_INDEX_FIELDS) {
      throw new HostError(
        `Index "${indexDescriptor}" of table "${table.tableName}" has ${fields.length} fields; ${MAX_INDEX_FIELDS} are allowed.`,
        "invalid_schema",
      );
    }
    wanted.push({ kind: "db", name: indexDescriptor, spec: JSON.stringify(fields) });
  }
  if (wanted.length > MAX_INDEXES) {
    throw new HostError(
      `Table "${table.tableName}" has ${wanted.length} indexes; ${MAX_INDEXES} are allowed.`,
      "invalid_schema",
    );
  }
  for (const index of [...table.searchIndexes, ...(staged.stagedSearchIndexes ?? [])]) {
    const { indexDescriptor, searchField, filterFields } = index;
    wanted.push({ kind: "search", name: indexDescriptor, spec: JSON.stringify({ searchField, filterFields }) });
  }
  for (const index of [...table.vectorIndexes, ...(staged.stagedVectorIndexes ?? [])]) {
    const { indexDescriptor, vectorField, dimensions, filterFields } = index;
    wanted.push({
      kind: "vector",
      name: indexDescriptor,
      spec: JSON.stringify({ vectorField, dimensions, filterFields }),
    });
  }
  return wanted;
}

function changeTable(change: Change, table: Table, wanted: readonly Wanted[], validator: Json | null): void {
  const { sql, catalog, vectors } = change;
  const existing = sql
    .indexes()
    .filter(([, tbl, kind, name]) => tbl === table.num && !(kind === "db" && name === BY_CREATION_TIME));
  const isSame = (a: Wanted, [, , kind, name, spec]: (typeof existing)[number]) =>
    a.kind === kind && a.name === name && a.spec === spec;
  for (const row of existing) {
    if (wanted.some((index) => isSame(index, row))) continue;
    sql.dropIndex(row[0]);
    if (row[2] === "search") dropSearchTable(sql, row[0]);
  }
  const added = new Set<number>();
  for (const index of wanted) {
    if (existing.some((row) => isSame(index, row))) continue;
    const id = catalog.createIndex(table, index.kind, index.name, index.spec);
    if (index.kind === "search") createSearchTable(sql, id);
    added.add(id);
  }
  const text = validator === null ? null : JSON.stringify(validator);
  const isNewValidator = text !== (table.validator === null ? null : JSON.stringify(table.validator));
  if (isNewValidator) sql.setValidator(table.num, text);
  const toCheck = isNewValidator ? validator : null;
  if (added.size === 0 && toCheck === null) return;
  const isAdded = ({ id }: { id: number }) => added.has(id);
  const fill: Table = {
    ...table,
    indexes: table.indexes.filter(isAdded),
    searches: table.searches.filter(isAdded),
    vectors: table.vectors.filter(isAdded),
  };
  const names = [...fill.indexes, ...fill.searches, ...fill.vectors].map(({ name }) => name).join(", ");
  const doing = names === "" ? "checking" : `filling ${names} of`;
  visitDocuments(change, table, doing, (rid, document) => {
    if (toCheck !== null) checkDocument(catalog, table, toCheck, document);
    new IndexWriter(sql, vectors, [], null).add(fill, rid, document);
  });
}

function visitDocuments(
  { sql, progress }: Change,
  table: Table,
  doing: string,
  visit: (rid: number, document: JsonObject) => void,
): void {
  const byCreationTime = table.indexes[0]!.id;
  const total = sql.countEntries(byCreationTime);
  const where = table.component === "" ? table.name : `${table.component}/${table.name}`;
  let done = 0;
  let told = performance.now();
  for (let low = MIN_KEY; ; ) {
    const batch = sql.scan(byCreationTime, low, MAX_KEY, false, BATCH);
    for (const [key, rid, , json] of batch) {
      visit(rid, JSON.parse(json) as JsonObject);
      low = afterKey(key);
    }
    done += batch.length;
    const isTime = performance.now() - told > TELL_EVERY_MS;
    if (isTime) told = performance.now();
    progress(isTime ? `${doing} ${where}: ${done} of ${total} documents` : null);
    if (batch.length < BATCH) return;
  }
}

function checkDocument(catalog: Catalog, table: Table, validator: Json, document: JsonObject): void {
  const { _id, _creationTime, ...fields } = document;
  const reason = validateJson(validator, fields, catalog.tableOfId(table.component, tableNumberOf));
  if (reason === null) return;
  const where = table.component === "" ? "" : ` of component "${table.component}"`;
  throw new HostError(
    `Schema validation failed: document with ID "${_id}" in table "${table.name}"${where} does not match the schema: ${reason}\n` +
      "Nothing was changed. Make the schema accept the document (a new field as `v.optional(...)`), or bring the document into the " +
      "new form while the old schema is in force, then start again.",
    "invalid_schema",
  );
}
