import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { describe, expect, test } from "vitest";
import {
  collect,
  exported,
  indexRange,
  insertAll,
  noSchema,
  tableScan,
  testFolder,
  testStore,
  values,
} from "./fixtures.test-support.ts";
import { openStore } from "./index.ts";
import type { SchemaExport, Store } from "./types.ts";

const anything = exported(defineSchema({ notes: defineTable(v.any()) }));
const withNumber = exported(
  defineSchema({ notes: defineTable({ n: v.number(), text: v.optional(v.string()) }).index("by_n", ["n"]) }),
);
const byN = indexRange("notes.by_n");

function defined(schema: SchemaExport, store: Store = testStore()): Store {
  store.defineComponent("", schema);
  return store;
}

describe("schemas", () => {
  test("documents that do not fit -> refused with table, id, path and remedy, nothing changed", async () => {
    const store = defined(anything);
    const [, id] = await insertAll(store, "notes", [{ n: 1 }, { n: "two" }]);
    expect(() => store.defineComponent("", withNumber)).toThrow(
      new RegExp(
        `document with ID "${id}" in table "notes" does not match the schema[^]*Path: \\.n[^]*Nothing was changed[^]*v\\.optional`,
      ),
    );
    await expect(values(store, byN, "n")).rejects.toThrow(/not declared/);
    await insertAll(store, "notes", [{ n: "still allowed" }]);
    expect(await values(store, tableScan("notes"), "n")).toEqual([1, "two", "still allowed"]);
  });

  test("a violation in one component -> nothing changes in any of them", async () => {
    const store = defined(anything);
    store.defineComponent("child", anything);
    await insertAll(store, "notes", [{ n: 1 }]);
    await store.write(async (tx) => tx.insert("child", "notes", { n: "violates" }));
    const both = [
      ["", withNumber],
      ["child", withNumber],
    ] as const;
    expect(() => store.defineComponents(both)).toThrow(/table "notes" of component "child" does not match/);
    await expect(values(store, byN, "n")).rejects.toThrow(/not declared/);
    await insertAll(store, "notes", [{ n: "still allowed" }]);
  });

  test("tells how far it is, and gives a sign of life after every batch", async () => {
    const store = defined(anything);
    for (let i = 0; i < 3; i++)
      await insertAll(
        store,
        "notes",
        Array.from({ length: 500 }, (_, n) => ({ n })),
      );
    const told: (string | null)[] = [];
    const slow = (text: string | null) => {
      told.push(text);
      for (const until = performance.now() + 300; performance.now() < until; );
    };
    store.defineComponents([["", withNumber]], slow);
    expect(told.length).toBeGreaterThanOrEqual(3);
    expect(told.find((text) => text !== null)).toMatch(/^filling by_n of notes: 1[05]00 of 1500 documents$/);
  });

  test("checks writes, and survives a restart without being declared again", async () => {
    const path = `${testFolder()}/data.sqlite`;
    const store = defined(withNumber, openStore({ path, synchronous: "OFF" }));
    await insertAll(store, "notes", [{ n: 2 }, { n: 1 }]);
    store.close();
    const again = testStore({ path });
    await expect(insertAll(again, "notes", [{ n: "x" }])).rejects.toThrow(
      /table "notes" because it does not match the schema/,
    );
    expect(await values(again, byN, "n")).toEqual([1, 2]);
  });

  test("schemaValidation: false -> indexes without checks", async () => {
    const store = defined({ ...withNumber, schemaValidation: false });
    await insertAll(store, "notes", [{ n: "x" }, { n: 1 }]);
    expect(await values(store, byN, "n")).toEqual([1, "x"]);
  });

  test("an index that is removed cannot be used, one that is changed holds the new fields", async () => {
    const store = defined(withNumber);
    await insertAll(store, "notes", [
      { n: 2, text: "a" },
      { n: 1, text: "b" },
    ]);
    const byText = exported(
      defineSchema({ notes: defineTable({ n: v.number(), text: v.optional(v.string()) }).index("by_n", ["text"]) }),
    );
    store.defineComponent("", byText);
    expect(await values(store, byN, "text")).toEqual(["a", "b"]);
    store.defineComponent("", noSchema);
    await expect(values(store, byN, "n")).rejects.toThrow(/not declared/);
    // The table left the schema; its documents and their free form did not.
    await insertAll(store, "notes", [{ anything: true }]);
    expect(await values(store, tableScan("notes"), "n")).toEqual([2, 1, undefined]);
    store.defineComponent("", null);
    expect(await values(store, tableScan("notes"), "n")).toHaveLength(3);
  });

  test("staged indexes are built at once", async () => {
    const staged = exported(
      defineSchema({ notes: defineTable({ n: v.number() }).index("by_n", { fields: ["n"], staged: true } as never) }),
    );
    expect(staged.tables[0]!.stagedDbIndexes).toHaveLength(1);
    const store = defined(anything);
    await insertAll(store, "notes", [{ n: 2 }, { n: 1 }]);
    store.defineComponent("", staged);
    expect(await values(store, byN, "n")).toEqual([1, 2]);
  });

  test("search and vector indexes declared later hold the documents that were there", async () => {
    const store = defined(anything);
    await insertAll(store, "notes", [{ text: "hello", vector: [1, 0] }]);
    const table = defineTable(v.any());
    const searchable = table
      .searchIndex("by_text", { searchField: "text" as never })
      .vectorIndex("by_vector", { vectorField: "vector" as never, dimensions: 2 });
    store.defineComponent("", exported(defineSchema({ notes: searchable })));
    await store.read(async (tx) => {
      const source = {
        type: "Search" as const,
        indexName: "notes.by_text",
        filters: [{ type: "Search" as const, fieldPath: "text", value: "hel" }],
      };
      expect(collect(tx, { source, operators: [] })).toHaveLength(1);
      expect(tx.vectorSearch("", { indexName: "notes.by_vector", vector: [1, 0], expressions: null })).toHaveLength(1);
    });
    store.defineComponent("", anything);
    store.defineComponent("", exported(defineSchema({ notes: searchable })));
    await insertAll(store, "notes", [{ text: "help" }]);
  });

  test("ids are checked against the component's own tables", async () => {
    const linked = exported(defineSchema({ a: defineTable({}), b: defineTable({ a: v.id("a") }) }));
    const store = defined(linked);
    store.defineComponent("child", linked);
    const [a] = await insertAll(store, "a", [{}]);
    const { value: foreign } = await store.write(async (tx) => tx.insert("child", "a", {}));
    const [b] = await insertAll(store, "b", [{ a: a! }]);
    await expect(insertAll(store, "b", [{ a: b! }])).rejects.toThrow(/from table `b`, which does not match/);
    await expect(insertAll(store, "b", [{ a: foreign }])).rejects.toThrow(/does not match validator/);
  });

  test("an index with the name of a built-in one -> refused", () => {
    const schema = structuredClone(withNumber);
    schema.tables[0]!.indexes[0]!.indexDescriptor = "by_id";
    expect(() => defined(schema)).toThrow(/"by_id" of table "notes" is built in/);
  });

  test("more indexes or fields than Convex takes -> refused", () => {
    const schema = structuredClone(withNumber);
    const { indexes } = schema.tables[0]!;
    for (let i = 0; i < 32; i++) indexes.push({ indexDescriptor: `more${i}`, fields: ["n"] });
    expect(() => defined(schema)).toThrow(/has 33 indexes; 32 are allowed/);
    indexes.length = 1;
    indexes[0]!.fields = Array.from({ length: 17 }, (_, i) => `f${i}`);
    expect(() => defined(schema)).toThrow(/has 17 fields; 16 are allowed/);
  });

  test("while transactions run -> refused, inside exclusive -> done in its turn", async () => {
    const store = defined(anything);
    const inside = store.write(async (tx) => {
      tx.insert("", "notes", { n: 1 });
      store.defineComponent("", withNumber);
    });
    await expect(inside).rejects.toThrow(/inside `exclusive`/);
    const before = insertAll(store, "notes", [{ n: 1 }]);
    const change = store.exclusive(() => store.defineComponent("", withNumber));
    const after = values(store, byN, "n");
    await Promise.all([before, change]);
    expect(await after).toEqual([1]);
    await expect(
      store.exclusive(() => {
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    expect(await values(store, byN, "n")).toEqual([1]);
  });
});
