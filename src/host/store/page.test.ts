import { describe, expect, test } from "vitest";
import { indexRange, insertAll, tableScan, testStore } from "./fixtures.test-support.ts";
import type { PageRequest, PageResult, QueryJson, Store } from "./types.ts";

const all = tableScan("t");
const onlyEven: QueryJson["operators"] = [
  { filter: { $eq: [{ $mod: [{ $field: "n" }, { $literal: 2 }] }, { $literal: 0 }] } },
];

async function filled(count: number): Promise<Store> {
  const store = testStore();
  await insertAll(
    store,
    "t",
    Array.from({ length: count }, (_, n) => ({ n })),
  );
  return store;
}

async function page(store: Store, request: Partial<PageRequest> = {}): Promise<PageResult & { n: number[] }> {
  const { value } = await store.read(async (tx) =>
    tx.page("", { query: all, cursor: null, endCursor: null, pageSize: 3, ...request }),
  );
  return { ...value, n: value.page.map((text) => (JSON.parse(text) as { n: number }).n) };
}

describe("pages", () => {
  test("the last full page is done when nothing follows it", async () => {
    const store = await filled(6);
    const first = await page(store);
    expect(first).toMatchObject({ n: [0, 1, 2], isDone: false, splitCursor: null, pageStatus: null });
    const second = await page(store, { cursor: first.continueCursor });
    expect(second).toMatchObject({ n: [3, 4, 5], isDone: true, continueCursor: "_end_cursor" });
    expect(await page(store, { cursor: "_end_cursor" })).toMatchObject({ n: [], isDone: true });
  });

  test("of an unknown table are empty and done", async () => {
    expect(await page(testStore(), { query: tableScan("none") })).toMatchObject({ n: [], isDone: true });
  });

  test("an end cursor bounds a page that grew; the end of the range grows with it", async () => {
    const store = testStore();
    const range = (order: "asc" | "desc") => indexRange("t.by_creation_time", [], order);
    await insertAll(store, "t", [{ n: 0 }, { n: 1 }]);
    const first = await page(store, { query: range("asc"), pageSize: 1 });
    await insertAll(store, "t", [{ n: 2 }]);
    const bounded = await page(store, { query: range("asc"), endCursor: first.continueCursor, pageSize: 1 });
    expect(bounded).toMatchObject({ n: [0], isDone: false, continueCursor: first.continueCursor });
    const rest = await page(store, {
      query: range("asc"),
      cursor: first.continueCursor,
      endCursor: "_end_cursor",
      pageSize: 1,
    });
    expect(rest).toMatchObject({ n: [1, 2], isDone: true });
    const latest = await page(store, { query: range("desc"), pageSize: 1 });
    await insertAll(store, "t", [{ n: 3 }]);
    expect(await page(store, { query: range("desc"), endCursor: latest.continueCursor, pageSize: 1 })).toMatchObject({
      n: [3, 2],
    });
  });

  test("reading too many rows -> SplitRequired, with a cursor in the middle", async () => {
    const store = await filled(10);
    const first = await page(store, { pageSize: 100, maximumRowsRead: 4 });
    expect(first).toMatchObject({ n: [0, 1, 2, 3], isDone: false, pageStatus: "SplitRequired" });
    expect(await page(store, { endCursor: first.splitCursor, pageSize: 100 })).toMatchObject({ n: [0, 1] });
    const right = await page(store, { cursor: first.splitCursor, endCursor: first.continueCursor, pageSize: 100 });
    expect(right).toMatchObject({ n: [2, 3] });
    expect(await page(store, { cursor: first.continueCursor, pageSize: 100 })).toMatchObject({ n: [4, 5, 6, 7, 8, 9] });
  });

  test("reading too many bytes -> SplitRequired", async () => {
    const store = await filled(10);
    expect(await page(store, { pageSize: 100, maximumBytesRead: 140 })).toMatchObject({
      n: [0, 1],
      pageStatus: "SplitRequired",
    });
  });

  test("a filter that drops many rows -> SplitRecommended", async () => {
    const store = await filled(10);
    const result = await page(store, { query: { ...all, operators: onlyEven }, pageSize: 3 });
    expect(result).toMatchObject({ n: [0, 2, 4], isDone: false, pageStatus: "SplitRecommended" });
    expect(result.splitCursor).not.toBeNull();
  });

  test("a page of size 0 reads nothing and leads on to everything", async () => {
    const store = await filled(3);
    const nothing = await page(store, { pageSize: 0 });
    expect(nothing).toMatchObject({ n: [], isDone: false });
    expect(await page(store, { cursor: nothing.continueCursor })).toMatchObject({ n: [0, 1, 2], isDone: true });
  });

  test("a limit ends the pages", async () => {
    const store = await filled(10);
    expect(await page(store, { query: { ...all, operators: [{ limit: 2 }] } })).toMatchObject({
      n: [0, 1],
      isDone: true,
    });
  });

  test.each([
    ["of another query", indexRange("t.by_creation_time", [], "desc"), null],
    ["that is garbage", all, "garbage"],
    ["that is empty", all, ""],
  ])("a cursor %s -> InvalidCursor", async (_, query, cursor) => {
    const store = await filled(5);
    const first = await page(store);
    await expect(page(store, { query, cursor: cursor ?? first.continueCursor })).rejects.toThrow(/^InvalidCursor/);
  });
});
