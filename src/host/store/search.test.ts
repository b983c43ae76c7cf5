import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { describe, expect, test } from "vitest";
import { collect, exported, insertAll, testStore } from "./fixtures.test-support.ts";
import type { Json, JsonObject, QueryJson, Reader, SearchFilterJson, Store } from "./types.ts";

const schema = exported(
  defineSchema({
    notes: defineTable({
      text: v.optional(v.any()),
      thread: v.optional(v.string()),
      by: v.optional(v.object({ name: v.string() })),
      vector: v.optional(v.array(v.number())),
    })
      .searchIndex("by_text", { searchField: "text", filterFields: ["thread", "by.name"] })
      .vectorIndex("by_vector", { vectorField: "vector", dimensions: 3, filterFields: ["thread"] }),
  }),
);

function searchStore(): Store {
  const store = testStore();
  store.defineComponent("", schema);
  return store;
}

function find(text: string, filters: Record<string, Json> = {}, operators: QueryJson["operators"] = []): QueryJson {
  const equal: SearchFilterJson[] = Object.entries(filters).map(([fieldPath, value]) => ({
    type: "Eq",
    fieldPath,
    value,
  }));
  return {
    source: {
      type: "Search",
      indexName: "notes.by_text",
      filters: [{ type: "Search", fieldPath: "text", value: text }, ...equal],
    },
    operators,
  };
}

const texts = (reader: Reader, query: QueryJson) => collect(reader, query).map(({ text }) => text);
const inRead = async <T>(store: Store, body: (tx: Reader) => T): Promise<T> =>
  (await store.read(async (tx) => body(tx))).value;

describe("full-text search", () => {
  test("finds any of the words, completes the last one, ranks by relevance", async () => {
    const store = searchStore();
    await insertAll(store, "notes", [
      { text: "The deployment of the billing service" },
      { text: "Deploy now" },
      { text: "billing billing billing" },
      { text: "nothing of the kind" },
      { text: 5 },
      {},
    ]);
    await inRead(store, (tx) => {
      expect(texts(tx, find("billing"))).toEqual(["billing billing billing", "The deployment of the billing service"]);
      expect(texts(tx, find("deploy"))).toHaveLength(2);
      expect(texts(tx, find("deploy billing"))).toEqual(
        expect.arrayContaining(["Deploy now", "billing billing billing"]),
      );
      expect(texts(tx, find("KIND"))).toEqual(["nothing of the kind"]);
      expect(texts(tx, find("absent"))).toEqual([]);
      expect(texts(tx, find("  ... "))).toEqual([]);
    });
  });

  test.each(['"', "a AND", "NEAR(", "text:", "*", "-x", "(", "^", "a OR b)", "'; DROP TABLE docs", "ä ß \u{1f600}"])(
    "whatever is typed is text, not syntax: %s",
    async (typed) => {
      const store = searchStore();
      await insertAll(store, "notes", [{ text: "something else" }]);
      expect(await inRead(store, (tx) => texts(tx, find(typed)))).toEqual([]);
    },
  );

  test("filters narrow before the results are limited, missing fields included", async () => {
    const store = searchStore();
    await insertAll(store, "notes", [
      ...Array.from({ length: 1200 }, () => ({ text: "common common", thread: "busy" })),
      { text: "common and rare", thread: "quiet", by: { name: "Ann" } },
      { text: "common without thread" },
    ]);
    await inRead(store, (tx) => {
      expect(texts(tx, find("common", { thread: "quiet" }))).toEqual(["common and rare"]);
      expect(texts(tx, find("common", { thread: "quiet", "by.name": "Ann" }))).toEqual(["common and rare"]);
      expect(texts(tx, find("common", { thread: "quiet", "by.name": "Bob" }))).toEqual([]);
      expect(texts(tx, find("common", { thread: { $undefined: null } }))).toEqual(["common without thread"]);
      expect(texts(tx, find("common"))).toHaveLength(1024);
      expect(texts(tx, find("common", {}, [{ limit: 3 }]))).toHaveLength(3);
    });
  });

  test("follows changes, removals and rollbacks within the transaction and after it", async () => {
    const store = searchStore();
    const [id] = await insertAll(store, "notes", [{ text: "first" }]);
    await store.write(async (tx) => {
      tx.patch("", id!, { text: "second" });
      expect(texts(tx, find("second"))).toEqual(["second"]);
      expect(texts(tx, find("first"))).toEqual([]);
      const savepoint = tx.savepoint();
      tx.remove("", id!);
      expect(texts(tx, find("second"))).toEqual([]);
      savepoint.rollback();
      expect(texts(tx, find("second"))).toEqual(["second"]);
      expect(texts(store.snapshot(), find("first"))).toEqual(["first"]);
    });
    await store.write(async (tx) => tx.patch("", id!, { thread: "t" }));
    expect(await inRead(store, (tx) => texts(tx, find("second", { thread: "t" })))).toEqual(["second"]);
    await store.write(async (tx) => tx.remove("", id!));
    expect(await inRead(store, (tx) => texts(tx, find("second")))).toEqual([]);
  });

  test("pages through the results in order of relevance", async () => {
    const store = searchStore();
    await insertAll(
      store,
      "notes",
      Array.from({ length: 7 }, (_, i) => ({ text: `word ${"word ".repeat(i)}` })),
    );
    await inRead(store, (tx) => {
      const query = find("word");
      const found: string[] = [];
      for (let cursor: string | null = null; ; ) {
        const page = tx.page("", { query, cursor, endCursor: null, pageSize: 3 });
        found.push(...page.page);
        if (page.isDone) break;
        cursor = page.continueCursor;
      }
      expect(found.map((text) => (JSON.parse(text) as JsonObject).text)).toEqual(texts(tx, query));
      expect(found).toHaveLength(7);
    });
  });

  test.each<[string, QueryJson, RegExp]>([
    [
      "another field",
      {
        source: {
          type: "Search",
          indexName: "notes.by_text",
          filters: [{ type: "Search", fieldPath: "title", value: "x" }],
        },
        operators: [],
      },
      /must search the field "text"/,
    ],
    [
      "no expression",
      { source: { type: "Search", indexName: "notes.by_text", filters: [] }, operators: [] },
      /must contain a search expression/,
    ],
    ["a field that is no filter", find("x", { owner: 1 }), /"owner" is not a filter field/],
    [
      "an unknown index",
      { source: { type: "Search", indexName: "notes.by_title", filters: [] }, operators: [] },
      /Cannot use index "by_title"/,
    ],
  ])("%s -> refused", async (_, query, error) => {
    const store = searchStore();
    await expect(inRead(store, (tx) => collect(tx, query))).rejects.toThrow(error);
  });
});

describe("vector search", () => {
  const near = (reader: Reader, more: JsonObject = {}) =>
    reader.vectorSearch("", { indexName: "notes.by_vector", vector: [1, 0, 0], limit: 10, expressions: null, ...more });
  const eq = (thread: Json): JsonObject => ({ $eq: [{ $field: "thread" }, { $literal: thread }] });

  test("gives the nearest by cosine, best first; other vectors are not in the index", async () => {
    const store = searchStore();
    const ids = await insertAll(store, "notes", [
      { vector: [0, 1, 0] },
      { vector: [10, 0, 0] },
      { vector: [1, 1, 0] },
      { vector: [-1, 0, 0] },
      { vector: [1, 0] },
      {},
    ]);
    const hits = await inRead(store, (tx) => near(tx));
    expect(hits.map(({ _id }) => _id)).toEqual([ids[1], ids[2], ids[0], ids[3]]);
    expect(hits.map(({ _score }) => Math.round(_score * 10))).toEqual([10, 7, 0, -10]);
    expect(await inRead(store, (tx) => near(tx, { limit: 2 }))).toHaveLength(2);
  });

  test("filters by eq and or", async () => {
    const store = searchStore();
    const ids = await insertAll(
      store,
      "notes",
      ["a", "b", "c"].map((thread) => ({ thread, vector: [1, 0, 0] })),
    );
    await inRead(store, (tx) => {
      expect(near(tx, { expressions: eq("b") }).map(({ _id }) => _id)).toEqual([ids[1]]);
      expect(near(tx, { expressions: { $or: [eq("a"), eq("c")] } }).map(({ _id }) => _id)).toEqual([ids[0], ids[2]]);
      expect(() => near(tx, { expressions: { $eq: [{ $field: "text" }, { $literal: 1 }] } })).toThrow(
        /not a filter field/,
      );
    });
  });

  test("the copy in memory follows writes and forgets what was rolled back; the snapshot sees the committed state", async () => {
    const store = searchStore();
    const [id] = await insertAll(store, "notes", [{ vector: [1, 0, 0] }]);
    expect(await inRead(store, (tx) => near(tx))).toHaveLength(1);
    await store.write(async (tx) => {
      tx.insert("", "notes", { vector: [1, 0, 1] });
      expect(near(tx)).toHaveLength(2);
      const savepoint = tx.savepoint();
      tx.remove("", id!);
      expect(near(tx)).toHaveLength(1);
      savepoint.rollback();
      expect(near(tx)).toHaveLength(2);
      expect(near(store.snapshot())).toHaveLength(1);
    });
    const failing = store.write(async (tx) => {
      tx.patch("", id!, { vector: [0, 0, 1] });
      expect(near(tx)[0]!._id).not.toBe(id);
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect((await inRead(store, (tx) => near(tx)))[0]!._id).toBe(id);
  });

  test.each<[string, JsonObject, RegExp]>([
    ["a vector of another length", { vector: [1, 2] }, /needs a vector of 3 numbers, got 2/],
    ["a limit of 0", { limit: 0 }, /between 1 and 256/],
    ["a limit of 257", { limit: 257 }, /between 1 and 256/],
    ["an unknown index", { indexName: "notes.other" }, /Cannot use index "other"/],
  ])("%s -> refused", async (_, more, error) => {
    const store = searchStore();
    await expect(inRead(store, (tx) => near(tx, more))).rejects.toThrow(error);
  });
});
