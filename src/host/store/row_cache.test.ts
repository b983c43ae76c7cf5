import { expect, test } from "vitest";
import { insertAll, testStore } from "./fixtures.test-support.ts";
import type { JsonObject, QueryJson, Writer } from "./types.ts";

const scan: QueryJson = { source: { type: "FullTableScan", tableName: "t", order: "asc" }, operators: [] };
const get = (tx: Writer, id: string) => {
  const text = tx.get("", id);
  return text === null ? null : (JSON.parse(text) as JsonObject).n;
};
const readAll = (tx: Writer) => {
  const stream = tx.stream("", scan);
  while (stream.next() !== null);
};

test("within a transaction a document is what its last write made of it, however it was read before", async () => {
  const store = testStore();
  const [a, b] = (await insertAll(store, "t", [{ n: 1 }, { n: 2 }])) as [string, string];
  await store.write(async (tx) => {
    readAll(tx);
    tx.patch("", a, { n: 10 });
    expect([get(tx, a), get(tx, b)]).toEqual([10, 2]);
    // Rows of a batch that was read before the change are given as they were; what is known of them stays.
    const stream = tx.stream("", scan);
    stream.next();
    tx.patch("", b, { n: 20 });
    expect(JSON.parse(stream.next()!)).toMatchObject({ n: 2 });
    expect(get(tx, b)).toBe(20);
    tx.remove("", b);
    expect(get(tx, b)).toBeNull();
    readAll(tx);
    expect(get(tx, b)).toBeNull();
  });
  await store.read(async (tx) => expect(JSON.parse(tx.get("", a)!)).toMatchObject({ n: 10 }));
});

test("what a nested transaction wrote is forgotten with it", async () => {
  const store = testStore();
  const [a] = (await insertAll(store, "t", [{ n: 1 }])) as [string];
  await store.write(async (tx) => {
    tx.patch("", a, { n: 2 });
    const nested = tx.savepoint();
    tx.patch("", a, { n: 3 });
    const added = tx.insert("", "t", { n: 4 });
    nested.rollback();
    expect([get(tx, a), get(tx, added)]).toEqual([2, null]);
    tx.patch("", a, { m: 5 });
  });
  await store.read(async (tx) => expect(JSON.parse(tx.get("", a)!)).toMatchObject({ n: 2, m: 5 }));
});

test("a nested field called _id is not taken for the document's, whatever comes before it", async () => {
  const store = testStore();
  const [a] = (await insertAll(store, "t", [{ n: 1 }])) as [string];
  await insertAll(store, "t", [{ Above: { _id: a }, n: 2 }]);
  await store.write(async (tx) => {
    readAll(tx);
    expect(get(tx, a)).toBe(1);
  });
});

test("more documents than are remembered", async () => {
  const store = testStore();
  const ids = (await insertAll(
    store,
    "t",
    Array.from({ length: 600 }, (_, n) => ({ n })),
  )) as string[];
  await store.write(async (tx) => {
    readAll(tx);
    for (const [n, id] of ids.entries()) tx.patch("", id, { n: n * 2 });
    for (const [n, id] of ids.entries()) expect(get(tx, id)).toBe(n * 2);
  });
});
