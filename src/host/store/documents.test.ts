import { describe, expect, test } from "vitest";
import { collect, document, indexRange, insertAll, tableScan, testStore, values } from "./fixtures.test-support.ts";
import type { Writer } from "./types.ts";

async function failure(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("expected a failure");
}

function gone(tx: Writer, id: string): Writer {
  tx.remove("", id);
  return tx;
}

describe("documents", () => {
  test("are read as the canonical text that was written", async () => {
    const store = testStore({ now: () => 1000 });
    const [id] = await insertAll(store, "notes", [{ b: [1, { y: 2, x: null }], a: { $integer: "AQAAAAAAAAA=" } }]);
    const { value } = await store.read(async (tx) => tx.get("", id!));
    expect(value).toBe(`{"_creationTime":1000,"_id":"${id}","a":{"$integer":"AQAAAAAAAAA="},"b":[1,{"y":2,"x":null}]}`);
  });

  test("creation times increase strictly, by at least a microsecond, and never go back with the clock", async () => {
    let now = 5000;
    const store = testStore({ now: () => now });
    await insertAll(store, "t", [{}, {}, {}]);
    now = 4000;
    await insertAll(store, "t", [{}]);
    now = 6000;
    await insertAll(store, "t", [{}]);
    const times = (await values(store, tableScan("t"), "_creationTime")) as number[];
    expect(times[0]).toBe(5000);
    for (let i = 1; i < times.length; i++) expect(times[i]! - times[i - 1]!).toBeGreaterThan(0.0009);
    expect(times.at(-1)).toBe(6000);
  });

  test("patch merges, $undefined removes, replace replaces; system fields stay", async () => {
    const store = testStore();
    const [id] = await insertAll(store, "t", [{ a: 1, b: 2, c: 3 }]);
    const before = await document(store, id!);
    await store.write(async (tx) => tx.patch("", id!, { a: 9, b: { $undefined: null }, _id: id! }));
    expect(await document(store, id!)).toEqual({ ...before, a: 9, b: undefined });
    await store.write(async (tx) => tx.replace("", id!, { z: 1 }));
    expect(await document(store, id!)).toEqual({ _id: id, _creationTime: before!._creationTime, z: 1 });
    await store.write(async (tx) => tx.remove("", id!));
    expect(await document(store, id!)).toBeNull();
  });

  test.each<[string, (tx: Writer, id: string) => unknown, RegExp]>([
    ["patch of a missing document", (tx, id) => gone(tx, id).patch("", id, {}), /Update on nonexistent document ID/],
    ["replace of a missing document", (tx, id) => gone(tx, id).replace("", id, {}), /Replace on nonexistent/],
    ["remove of a missing document", (tx, id) => gone(tx, id).remove("", id), /Delete on nonexistent document ID/],
    ["an id that is none", (tx) => tx.get("", "abc"), /expected ID value but got 'abc'/],
    [
      "an id of another table",
      (tx, id) => tx.get("", id, "other"),
      /expected ID in table 'other' but got ID in table 't'/,
    ],
    ["an id of another component", (tx, id) => tx.get("child", id), /belongs to another component/],
    ["writing to another component's document", (tx, id) => tx.patch("child", id, {}), /belongs to another component/],
    ["another _id", (tx, id) => tx.patch("", id, { _id: "x" }), /`_id` field value "x" does not match/],
    [
      "another _creationTime",
      (tx, id) => tx.replace("", id, { _creationTime: 1 }),
      /`_creationTime` field value 1 does not match/,
    ],
    ["a system field", (tx) => tx.insert("", "t", { _secret: 1 }), /Field '_secret' starts with an underscore/],
    ["a table with a bad name", (tx) => tx.insert("", "a.b", {}), /Table names must be valid identifiers/],
    ["an index nobody declared", (tx) => collect(tx, indexRange("t.by_x")), /Cannot use index "by_x" for table "t"/],
  ])("%s -> refused", async (_, act, expected) => {
    const store = testStore();
    const [id] = await insertAll(store, "t", [{ a: 1 }]);
    expect(await failure(store.write(async (tx) => act(tx, id!)))).toMatch(expected);
    // The whole transaction is undone.
    expect(await document(store, id!)).toMatchObject({ a: 1 });
  });

  test("a table nobody wrote to reads as empty", async () => {
    const store = testStore();
    const { value } = await store.read(async (tx) => [collect(tx, tableScan("none")), tx.count("", "none")]);
    expect(value).toEqual([[], 0]);
  });

  test("components see their own tables only", async () => {
    const store = testStore();
    await store.write(async (tx) => {
      tx.insert("", "t", { who: "app" });
      tx.insert("child", "t", { who: "child" });
      tx.insert("child/grandchild", "t", { who: "grandchild" });
    });
    const { value } = await store.read(async (tx) => [collect(tx, tableScan("t"), "child"), tx.count("", "t")]);
    expect(value).toEqual([[expect.objectContaining({ who: "child" })], 1]);
  });

  test("normalizeId and tableOfId know the table of an id", async () => {
    const store = testStore();
    const [id] = await insertAll(store, "t", [{}]);
    const { value } = await store.read(async (tx) => [
      tx.normalizeId("", "t", id!),
      tx.normalizeId("", "other", id!),
      tx.normalizeId("child", "t", id!),
      tx.normalizeId("", "t", "nonsense"),
      tx.tableOfId(id!),
      tx.tableOfId("nonsense"),
    ]);
    expect(value).toEqual([id, null, null, null, { component: "", table: "t" }, null]);
  });

  test("a stream may be read while the same transaction writes", async () => {
    const store = testStore();
    const many = Array.from({ length: 300 }, (_, n) => ({ n }));
    await insertAll(store, "t", many);
    await store.write(async (tx) => {
      const stream = tx.stream("", tableScan("t"));
      for (let text = stream.next(); text !== null; text = stream.next()) {
        tx.remove("", (JSON.parse(text) as { _id: string })._id);
        await null;
      }
    });
    expect(await values(store, tableScan("t"), "n")).toEqual([]);
  });

  test("metrics count documents and bytes; what a savepoint undid was not written", async () => {
    const store = testStore();
    const [id] = await insertAll(store, "t", [{ a: "x" }]);
    const { value } = await store.write(async (tx) => {
      tx.get("", id!);
      const savepoint = tx.savepoint();
      tx.insert("", "t", { a: "y" });
      const during = tx.metrics();
      savepoint.rollback();
      return [during, tx.metrics()];
    });
    expect(value[0]).toMatchObject({ documentsRead: 1, documentsWritten: 1 });
    expect(value[1]).toMatchObject({ documentsRead: 1, documentsWritten: 0, bytesWritten: 0 });
    expect(value[1]!.bytesRead).toBeGreaterThan(60);
  });

  test("a commit time is filled in at the commit, and indexed", async () => {
    const store = testStore();
    const first = await store.write(async (tx) => {
      const id = tx.insert("", "t", { at: { $commitTs: null }, list: [{ $commitTs: null }] });
      expect(JSON.parse(tx.get("", id)!).at).toEqual({ $commitTs: null });
      return id;
    });
    const second = await store.write(async (tx) => tx.insert("", "t", { at: { $commitTs: null } }));
    const at = async (id: string) =>
      Buffer.from(((await document(store, id))!.at as { $integer: string }).$integer, "base64").readBigInt64LE();
    expect(await at(first.value)).toBe(first.ts);
    expect(await at(second.value)).toBe(second.ts);
    expect(second.ts).toBeGreaterThan(first.ts);
  });
});
