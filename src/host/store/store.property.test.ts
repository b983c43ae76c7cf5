import { describe, expect, test } from "vitest";
import fc from "../../../test/property.ts";
import { build, define, indexes, querySpec, run, TABLES, transactionArbitrary } from "./commands.test-support.ts";
import { collect, testStore } from "./fixtures.test-support.ts";
import { Model } from "./model.test-support.ts";
import type { JsonObject, PageResult, QueryJson, Reader } from "./types.ts";

function allPages(
  reader: Reader,
  query: QueryJson,
  sizes: readonly number[],
): { rows: JsonObject[]; pages: PageResult[] } {
  const rows: JsonObject[] = [];
  const pages: PageResult[] = [];
  for (let cursor: string | null = null; ; ) {
    const pageSize = sizes[pages.length % sizes.length]!;
    const page = reader.page("", { query, cursor, endCursor: null, pageSize });
    pages.push(page);
    rows.push(...page.page.map((text) => JSON.parse(text) as JsonObject));
    if (page.isDone) return { rows, pages };
    cursor = page.continueCursor;
  }
}

const texts = (documents: readonly JsonObject[]) => documents.map((document) => JSON.stringify(sorted(document)));
const sorted = (document: JsonObject) =>
  Object.fromEntries(Object.entries(document).sort(([a], [b]) => (a < b ? -1 : 1)));

describe("the store equals a naive model", () => {
  test("for any transactions, savepoints, indexes, ranges, orders and limits", async () => {
    await fc.assert(
      fc.asyncProperty(
        indexes,
        fc.array(transactionArbitrary, { maxLength: 5 }),
        fc.array(querySpec, { minLength: 1, maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
        async (declared, transactions, queries, sizes) => {
          const store = testStore();
          define(store, declared);
          const model = new Model();
          for (const transaction of transactions) await run(store, model, transaction);
          await store.read(async (tx) => {
            for (const name of TABLES) expect(tx.count("", name)).toBe(model.all(name).length);
            for (const spec of queries) {
              const { query, expected } = build(spec, declared, model);
              expect(texts(collect(tx, query))).toEqual(texts(expected()));
              expect(texts(allPages(tx, query, sizes).rows)).toEqual(texts(expected()));
              const limited = { ...query, operators: spec.limit === null ? [] : [{ limit: spec.limit }] };
              expect(texts(collect(tx, limited))).toEqual(texts(expected().slice(0, spec.limit ?? undefined)));
            }
          });
          store.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  test("an index declared later holds what one declared from the start would", async () => {
    await fc.assert(
      fc.asyncProperty(
        indexes,
        fc.array(transactionArbitrary, { maxLength: 3 }),
        fc.array(querySpec, { maxLength: 5 }),
        async (declared, transactions, queries) => {
          const store = testStore();
          define(store, []);
          const model = new Model();
          for (const transaction of transactions) await run(store, model, transaction);
          define(store, declared);
          await store.read(async (tx) => {
            for (const spec of queries) {
              const { query, expected } = build(spec, declared, model);
              expect(texts(collect(tx, query))).toEqual(texts(expected()));
            }
          });
          store.close();
        },
      ),
      { numRuns: 50 },
    );
  });

  test("a page between two cursors covers exactly what is between them after any further writes", async () => {
    await fc.assert(
      fc.asyncProperty(
        indexes,
        transactionArbitrary,
        transactionArbitrary,
        querySpec,
        fc.integer({ min: 1, max: 4 }),
        async (declared, before, after, spec, size) => {
          const store = testStore();
          define(store, declared);
          const model = new Model();
          await run(store, model, before);
          const { query, expected } = build(spec, declared, model);
          const { pages } = (await store.read(async (tx) => allPages(tx, query, [size]))).value;
          await run(store, model, after);
          await store.read(async (tx) => {
            // The pages of the first walk, read again: together they are the whole range as it is now.
            const rows: JsonObject[] = [];
            let cursor: string | null = null;
            for (const { continueCursor } of pages) {
              const page = tx.page("", { query, cursor, endCursor: continueCursor, pageSize: size });
              expect(page.continueCursor).toBe(continueCursor);
              rows.push(...page.page.map((text) => JSON.parse(text) as JsonObject));
              cursor = continueCursor;
            }
            expect(texts(rows)).toEqual(texts(expected()));
          });
          store.close();
        },
      ),
      { numRuns: 60 },
    );
  });
});
