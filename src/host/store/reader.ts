/** Reads of one connection: a transaction's own view, or the last committed state. */
import { HostError } from "../values/error.ts";
import { tableNumberOf } from "../values/ids.ts";
import type { Catalog, Table } from "./catalog.ts";
import { readPage } from "./page.ts";
import { expectedRows, openSource, Pipeline, type ReadContext, undeclared } from "./query.ts";
import { missingTable } from "./readset.ts";
import type { DocRow, Sql } from "./sql.ts";
import type {
  ComponentPath,
  JsonObject,
  PageRequest,
  PageResult,
  QueryJson,
  QueryStream,
  Reader,
  ReadSet,
} from "./types.ts";
import type { Vectors } from "./vectors.ts";

export interface Metrics {
  documentsRead: number;
  bytesRead: number;
  documentsWritten: number;
  bytesWritten: number;
}

/** A document as stored, with where it belongs. */
export interface Found {
  rid: number;
  table: Table;
  size: number;
  json: string;
}

export class StoreReader implements Reader, ReadContext {
  readonly sql: Sql;
  readonly catalog: Catalog;
  readonly vectors: Vectors;
  readonly reads: ReadSet | null;
  readonly seen: ReadContext["seen"] = null;
  readonly counters: Metrics = { documentsRead: 0, bytesRead: 0, documentsWritten: 0, bytesWritten: 0 };
  snapshotTs = 0n;
  /** False on the connection that must not use the writer's copy of the vectors. */
  readonly usesVectorCopy: boolean;

  constructor(sql: Sql, catalog: Catalog, vectors: Vectors, reads: ReadSet | null, usesVectorCopy = true) {
    this.sql = sql;
    this.catalog = catalog;
    this.vectors = vectors;
    this.reads = reads;
    this.usesVectorCopy = usesVectorCopy;
  }

  get(component: ComponentPath, id: string, table?: string): string | null {
    const found = this.find(component, id, table);
    return found === null ? null : found.json;
  }

  normalizeId(component: ComponentPath, table: string, id: string): string | null {
    this.checkOpen();
    const owner = this.tableOfId(id);
    return owner !== null && owner.component === component && owner.table === table ? id : null;
  }

  tableOfId(id: string): { component: ComponentPath; table: string } | null {
    const num = tableNumberOf(id);
    const table = num === null ? undefined : this.catalog.byNum(num);
    return table === undefined ? null : { component: table.component, table: table.name };
  }

  stream(component: ComponentPath, query: QueryJson): QueryStream {
    this.checkOpen();
    const pipeline = new Pipeline(query.operators);
    const source = openSource(this, component, query, expectedRows(query.operators));
    return {
      next: () => {
        this.checkOpen();
        while (!pipeline.spent) {
          const entry = source.next();
          if (entry === null) return null;
          if (pipeline.passes(entry)) return entry.json;
        }
        return null;
      },
    };
  }

  page(component: ComponentPath, request: PageRequest): PageResult {
    this.checkOpen();
    return readPage(this, component, request);
  }

  count(component: ComponentPath, name: string): number {
    this.checkOpen();
    const table = this.catalog.table(component, name);
    if (table === undefined) {
      this.reads?.ids.add(missingTable(component, name));
      return 0;
    }
    this.reads?.tables.add(table.num);
    return this.sql.countEntries(table.indexes[0]!.id);
  }

  vectorSearch(component: ComponentPath, query: JsonObject): { _id: string; _score: number }[] {
    this.checkOpen();
    const [tableName, indexName] = String(query.indexName).split(".") as [string, string];
    const table = this.catalog.table(component, tableName);
    const index = table?.vectors.find(({ name }) => name === indexName);
    if (table === undefined || index === undefined) throw undeclared(tableName, indexName);
    this.reads?.tables.add(table.num);
    return this.vectors.search(this.sql, table, index, query, this.usesVectorCopy).flatMap(({ rid, score }) => {
      const id = this.sql.idByRid(rid);
      return id === null ? [] : [{ _id: id, _score: score }];
    });
  }

  metrics(): Metrics {
    return { ...this.counters };
  }

  #over: (() => Error) | null = null;

  /**
   * Ends the transaction for this reader: whatever still holds it gets the reason from every call. The first reason stays. Made only
   * when it is needed, because every transaction ends and an error with its stack is costly.
   */
  end(reason: () => Error): void {
    this.#over ??= reason;
  }

  checkOpen(): void {
    if (this.#over !== null) throw this.#over();
  }

  /** Looks up, checks component and table, counts and records the read. */
  protected find(component: ComponentPath, id: string, tableName: string | undefined): Found | null {
    this.checkOpen();
    if (typeof id !== "string") {
      throw new HostError(`Invalid argument \`id\`, expected string but got '${typeof id}': ${id}`);
    }
    this.reads?.ids.add(id);
    const row = this.docById(id);
    const table = row === undefined ? this.#tableOfMissing(id, tableName) : this.catalog.byNum(row[1]);
    if (table !== undefined) checkTable(table, component, tableName, id);
    if (row === undefined || table === undefined) return null;
    this.counters.documentsRead++;
    this.counters.bytesRead += row[2];
    return { rid: row[0], table, size: row[2], json: row[3] };
  }

  protected docById(id: string): DocRow | undefined {
    return this.sql.docById(id);
  }

  #tableOfMissing(id: string, expected: string | undefined): Table | undefined {
    const num = tableNumberOf(id);
    if (num !== null) return this.catalog.byNum(num);
    throw new HostError(
      expected === undefined
        ? `Invalid argument \`id\`, expected ID value but got '${id}'`
        : `Invalid argument \`id\`, expected ID in table '${expected}' but got '${id}'`,
    );
  }
}

function checkTable(table: Table, component: ComponentPath, expected: string | undefined, id: string): void {
  if (table.component !== component) {
    throw new HostError(
      `Invalid argument \`id\`: the document '${id}' belongs to another component and cannot be used here.`,
    );
  }
  if (expected !== undefined && table.name !== expected) {
    throw new HostError(
      `Invalid argument \`id\`, expected ID in table '${expected}' but got ID in table '${table.name}'`,
    );
  }
}
