/** Shorthand for tests of the store. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineSchema, type GenericSchema, type SchemaDefinition } from "convex/server";
import { afterEach } from "vitest";
import { openStore } from "./index.ts";
import type { Json, JsonObject, QueryJson, RangeJson, Reader, SchemaExport, Store, StoreOptions } from "./types.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

/** Closed at the end of the test. */
export function testStore(options: Partial<StoreOptions> = {}): Store {
  const store = openStore({ path: ":memory:", synchronous: "OFF", ...options });
  cleanups.push(() => store.close());
  return store;
}

export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "store-test-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** As the deployment hands a schema over. `export` is not part of the public type. */
export function exported(schema: SchemaDefinition<GenericSchema, boolean>): SchemaExport {
  return JSON.parse((schema as unknown as { export(): string }).export()) as SchemaExport;
}

export const noSchema = exported(defineSchema({}));

export function tableScan(
  tableName: string,
  operators: QueryJson["operators"] = [],
  order: "asc" | "desc" | null = null,
): QueryJson {
  return { source: { type: "FullTableScan", tableName, order }, operators };
}

export function indexRange(
  indexName: string,
  range: [RangeJson["type"], string, Json][] = [],
  order: "asc" | "desc" | null = null,
  operators: QueryJson["operators"] = [],
): QueryJson {
  return {
    source: {
      type: "IndexRange",
      indexName,
      range: range.map(([type, fieldPath, value]) => ({ type, fieldPath, value })),
      order,
    },
    operators,
  };
}

export function collect(reader: Reader, query: QueryJson, component = ""): JsonObject[] {
  const out: JsonObject[] = [];
  const stream = reader.stream(component, query);
  for (let text = stream.next(); text !== null; text = stream.next()) out.push(JSON.parse(text) as JsonObject);
  return out;
}

/** The value of one field of every row. */
export async function values(store: Store, query: QueryJson, field: string): Promise<unknown[]> {
  return (await store.read(async (tx) => collect(tx, query))).value.map((document) => document[field]);
}

export async function insertAll(store: Store, table: string, documents: JsonObject[]): Promise<string[]> {
  return (await store.write(async (tx) => documents.map((document) => tx.insert("", table, document)))).value;
}

export async function document(store: Store, id: string): Promise<JsonObject | null> {
  const { value } = await store.read(async (tx) => tx.get("", id));
  return value === null ? null : (JSON.parse(value) as JsonObject);
}
