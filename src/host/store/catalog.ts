/** Tables and indexes in memory: a copy of `tbls` and `idxs`, reloaded when a transaction that changed them is rolled back. */
import { idRange } from "../values/ids.ts";
import { compileValidator, type Matcher, type TableOfId } from "../values/validate.ts";
import type { Sql } from "./sql.ts";
import type { ComponentPath, Json } from "./types.ts";

/** Convex gives numbers below this to its own system tables. */
const FIRST_TABLE = 10001;

export interface Table {
  num: number;
  component: ComponentPath;
  name: string;
  /** null: documents are not checked. */
  validator: Json | null;
  matches: Matcher | null;
  /** First is always `by_creation_time`. */
  indexes: DbIndex[];
  searches: SearchIndex[];
  vectors: VectorIndex[];
  ids: { low: string; high: string };
}
export interface DbIndex {
  id: number;
  name: string;
  /** Declared fields followed by `_creationTime` and `_id`. */
  fields: string[];
  paths: string[][];
  /** First parts of the declared fields: a patch of other fields leaves the key alone. */
  roots: Set<string>;
}
export interface SearchIndex {
  id: number;
  name: string;
  path: string[];
  searchField: string;
  filterFields: string[];
}
export interface VectorIndex {
  id: number;
  name: string;
  path: string[];
  dimensions: number;
  filterFields: string[];
}
export type SearchSpec = { searchField: string; filterFields: string[] };
export type VectorSpec = { vectorField: string; dimensions: number; filterFields: string[] };

export const BY_CREATION_TIME = "by_creation_time";
export const BY_ID = "by_id";

export class Catalog {
  readonly #sql: Sql;
  #byNum = new Map<number, Table>();
  #byName = new Map<ComponentPath, Map<string, Table>>();
  #nextIndex = 1;
  /** Changes whenever a table or an index does. */
  version = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
    this.reload();
  }

  reload(): void {
    this.#byNum = new Map();
    this.#byName = new Map();
    this.#nextIndex = 1;
    for (const [num, component, name, validator] of this.#sql.tables()) {
      this.#remember(num, component, name, validator === null ? null : JSON.parse(validator));
    }
    for (const [id, tbl, kind, name, spec] of this.#sql.indexes()) {
      this.#nextIndex = Math.max(this.#nextIndex, id + 1);
      const table = this.#byNum.get(tbl);
      if (table !== undefined) addIndex(table, id, kind, name, JSON.parse(spec));
    }
    this.version++;
  }

  table(component: ComponentPath, name: string): Table | undefined {
    return this.#byName.get(component)?.get(name);
  }
  byNum(num: number): Table | undefined {
    return this.#byNum.get(num);
  }
  tablesOf(component: ComponentPath): Table[] {
    return [...(this.#byName.get(component)?.values() ?? [])];
  }

  /** Inside a write transaction only. */
  create(component: ComponentPath, name: string): Table {
    const num = Math.max(FIRST_TABLE - 1, ...this.#byNum.keys()) + 1;
    this.#sql.addTable(num, component, name);
    const table = this.#remember(num, component, name, null);
    this.createIndex(table, "db", BY_CREATION_TIME, JSON.stringify([]));
    return table;
  }
  /** Inside a write transaction only. The index is empty. */
  createIndex(table: Table, kind: "db" | "search" | "vector", name: string, spec: string): number {
    const id = this.#nextIndex++;
    this.#sql.addIndex(id, table.num, kind, name, spec);
    addIndex(table, id, kind, name, JSON.parse(spec));
    this.version++;
    return id;
  }

  #remember(num: number, component: ComponentPath, name: string, validator: Json | null): Table {
    const matches = validator === null ? null : compileValidator(validator);
    const table: Table = {
      num,
      component,
      name,
      validator,
      matches,
      indexes: [],
      searches: [],
      vectors: [],
      ids: idRange(num),
    };
    this.#byNum.set(num, table);
    let names = this.#byName.get(component);
    if (names === undefined) {
      names = new Map();
      this.#byName.set(component, names);
    }
    names.set(name, table);
    return table;
  }

  /** How validators of a component see ids: by the name of the table, null for another component's. */
  tableOfId(component: ComponentPath, numberOf: (id: string) => number | null): TableOfId {
    return (id) => {
      const num = numberOf(id);
      const table = num === null ? undefined : this.#byNum.get(num);
      return table === undefined || table.component !== component ? null : table.name;
    };
  }
}

function addIndex(table: Table, id: number, kind: string, name: string, spec: unknown): void {
  if (kind === "db") {
    const declared = spec as string[];
    const fields = [...declared, "_creationTime", "_id"];
    const roots = new Set(declared.map((field) => field.split(".")[0]!));
    table.indexes.push({ id, name, fields, paths: fields.map((field) => field.split(".")), roots });
  } else if (kind === "search") {
    const { searchField, filterFields } = spec as SearchSpec;
    table.searches.push({ id, name, searchField, path: searchField.split("."), filterFields });
  } else {
    const { vectorField, dimensions, filterFields } = spec as VectorSpec;
    table.vectors.push({ id, name, path: vectorField.split("."), dimensions, filterFields });
  }
}
