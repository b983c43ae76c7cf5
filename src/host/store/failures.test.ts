import { copyFileSync, statSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { Catalog } from "./catalog.ts";
import { Clock } from "./clock.ts";
import { collect, insertAll, tableScan, testFolder, testStore, values } from "./fixtures.test-support.ts";
import { openStore } from "./index.ts";
import { openConnections } from "./open.ts";
import { StoreReader } from "./reader.ts";
import { LAYOUT_VERSION } from "./sql.ts";
import { Transactions } from "./transactions.ts";
import { Vectors } from "./vectors.ts";

/** Transactions with the database in the test's hands, so that real failures can be provoked in it. */
function transactions() {
  const connections = openConnections({ path: ":memory:", synchronous: "OFF" });
  const { writer: sql } = connections;
  const catalog = new Catalog(sql);
  const vectors = new Vectors(sql);
  const clock = new Clock(Date.now, 0n);
  const committed = () => new StoreReader(connections.committed, catalog, vectors, null, false);
  const tx = new Transactions({
    sql,
    catalog,
    vectors,
    clock,
    groupSize: 64,
    maxGroupMs: 60_000,
    durability: null,
    copiesAside: false,
    committed,
    onCommit: () => {},
  });
  const count = () => committed().count("", "t");
  const insert = (text = "x") => tx.write(async (writer) => writer.insert("", "t", { text }), undefined);
  return { sql, tx, count, insert, close: connections.close };
}

describe("when COMMIT fails", () => {
  test("every waiter of the group is rejected and nothing is kept; the next group works", async () => {
    const { sql, tx, count, insert, close } = transactions();
    await insert();
    // A deferred constraint is checked at COMMIT and nowhere else.
    sql.db.exec(
      "PRAGMA foreign_keys = ON; CREATE TABLE a(x INTEGER PRIMARY KEY); CREATE TABLE b(x REFERENCES a DEFERRABLE INITIALLY DEFERRED)",
    );
    const results = await Promise.allSettled([
      insert(),
      tx.write(async (writer) => {
        writer.insert("", "createdInVain", {});
        sql.db.exec("INSERT INTO b VALUES(7)");
      }, undefined),
      insert(),
      tx.read(async (reader) => reader.count("", "t"), false, undefined),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected", "rejected"]);
    expect(count()).toBe(1);
    await insert();
    expect(count()).toBe(2);
    expect((await tx.write(async (writer) => writer.insert("", "createdInVain", {}), undefined)).value).toBeTypeOf(
      "string",
    );
    close();
  });

  test("a second process that wrote to the file -> the group is refused", async () => {
    const { sql, count, insert, close } = transactions();
    await insert();
    const other = new DatabaseSync(sql.path);
    other.exec("UPDATE meta SET value = '1' WHERE key = 'ts'");
    other.close();
    await expect(insert()).rejects.toMatchObject({ reason: "in_use" });
    expect(count()).toBe(1);
    close();
  });
});

describe("when the disk is full", () => {
  test("the transaction fails with the remedy, even if the function swallowed the error; later ones work again", async () => {
    const { sql, tx, count, insert, close } = transactions();
    await insert();
    const pages = Number(sql.db.prepare("PRAGMA page_count").get()!.page_count);
    sql.db.exec(`PRAGMA max_page_count = ${pages + 20}`);
    const swallowing = tx.write(async (writer) => {
      for (let i = 0; i < 10; i++) {
        try {
          writer.insert("", "t", { text: "y".repeat(100_000) });
        } catch {
          // As a function with a catch-all would.
        }
      }
    }, undefined);
    const results = await Promise.allSettled([swallowing, insert("y".repeat(500_000))]);
    for (const result of results) {
      expect(result.status).toBe("rejected");
      const { reason } = result as PromiseRejectedResult;
      expect(reason).toMatchObject({ reason: "disk_full", message: expect.stringMatching(/disk is full.*Free space/) });
    }
    expect(count()).toBe(1);
    sql.db.exec("PRAGMA max_page_count = 1000000");
    await insert("y".repeat(500_000));
    expect(count()).toBe(2);
    close();
  });
});

test("a function that goes on after a failure of the storage writes nothing, in or out of a transaction", async () => {
  const { sql, tx, count, insert, close } = transactions();
  await insert();
  const pages = Number(sql.db.prepare("PRAGMA page_count").get()!.page_count);
  sql.db.exec(`PRAGMA max_page_count = ${pages + 20}`);
  const before = insert();
  const swallowing = tx.write(async (writer) => {
    // SQLite may have undone the whole transaction by itself now: a further write would stand alone and be kept.
    expect(() => writer.insert("", "t", { text: "y".repeat(200_000) })).toThrow(/disk is full/);
    const nested = writer.savepoint();
    expect(() => writer.insert("", "t", { text: "small" })).toThrow(/disk is full/);
    nested.rollback();
    expect(() => writer.setMeta("a", "1")).toThrow(/disk is full/);
  }, undefined);
  await expect(swallowing).rejects.toMatchObject({ reason: "disk_full" });
  const kept = (await Promise.allSettled([before])).filter(({ status }) => status === "fulfilled").length;
  expect(count()).toBe(1 + kept);
  await insert();
  expect(count()).toBe(2 + kept);
  close();
});

test("a full disk in a nested transaction after which SQLite has undone everything: no step of it is done by itself", async () => {
  const { sql, tx, count, insert, close } = transactions();
  const { value: id } = await insert("as it was");
  const read = async () =>
    (await tx.read(async (reader) => reader.get("", id), false, undefined)).value!.match(/"text":"(\w+ \w+ \w+)"/)?.[1];
  const pages = Number(sql.db.prepare("PRAGMA page_count").get()!.page_count);
  sql.db.exec(`PRAGMA max_page_count = ${pages + 20}`);
  const results = await Promise.allSettled([
    tx.write(async (writer) => writer.patch("", id, { text: "by a neighbour" }), undefined),
    tx.write(async (writer) => {
      writer.patch("", id, { text: "the outer one" });
      const nested = writer.savepoint();
      writer.patch("", id, { text: "the inner one" });
      try {
        writer.insert("", "t", { text: "y".repeat(500_000) });
      } catch {
        nested.rollback();
      }
    }, undefined),
    insert("begun after it"),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
  expect(await read()).toBe("as it was");
  expect(count()).toBe(2);
  expect(sql.rows("SELECT 1 FROM idx")).toHaveLength(2);
  close();
});

test("transactions that fail leave nothing in the log, however many", async () => {
  const path = `${testFolder()}/data.sqlite`;
  const store = openStore({ path, synchronous: "FULL" });
  await insertAll(store, "t", [{ n: 1 }]);
  const before = statSync(`${path}-wal`).size;
  for (let i = 0; i < 20; i++) {
    const failing = store.write(async (tx) => {
      for (let n = 0; n < 40; n++) tx.insert("", "t", { text: "z".repeat(3000) });
      throw new Error("fails");
    });
    await expect(failing).rejects.toThrow("fails");
  }
  expect(statSync(`${path}-wal`).size).toBe(before);
  store.close();
});

test("what a failed transaction wrote cannot be taken back -> the whole group is given up, and told so", async () => {
  const { sql, tx, count, insert, close } = transactions();
  await insert();
  const results = await Promise.allSettled([
    insert(),
    tx.write(async (writer) => {
      writer.insert("", "t", { text: "half" });
      sql.db.exec("CREATE TEMP TRIGGER stuck BEFORE DELETE ON docs BEGIN SELECT RAISE(FAIL, 'disk I/O error'); END");
      throw new Error("fails");
    }, undefined),
    tx.read(async (reader) => reader.count("", "t"), false, undefined),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
  // The read came after the group: it sees none of it.
  expect(results[2]).toMatchObject({ value: { value: 1 } });
  expect(count()).toBe(1);
  await insert();
  expect(count()).toBe(2);
  close();
});

describe("opening", () => {
  test("a file of a newer version -> refused, file unchanged", async () => {
    const path = `${testFolder()}/data.sqlite`;
    openStore({ path, synchronous: "OFF" }).close();
    const db = new DatabaseSync(path);
    db.exec(`PRAGMA user_version = ${LAYOUT_VERSION + 1}`);
    db.close();
    expect(() => openStore({ path, synchronous: "OFF" })).toThrow(
      /newer version of this program \(layout 2, this version knows 1\)/,
    );
  });

  test("a file that is no database -> refused with the remedy", () => {
    const path = `${testFolder()}/data.sqlite`;
    writeFileSync(path, "This is not a database. ".repeat(100));
    expect(() => openStore({ path, synchronous: "OFF" })).toThrow(/is damaged.*restore the file from a backup/);
  });

  test("a torn file -> refused", async () => {
    const folder = testFolder();
    const store = openStore({ path: `${folder}/a.sqlite`, synchronous: "OFF" });
    await insertAll(
      store,
      "t",
      Array.from({ length: 200 }, () => ({ text: "x".repeat(1000) })),
    );
    store.close();
    copyFileSync(`${folder}/a.sqlite`, `${folder}/b.sqlite`);
    const torn = new DatabaseSync(`${folder}/b.sqlite`);
    const page = Number(torn.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'tbls'").get()!.rootpage);
    torn.close();
    const { openSync, writeSync, closeSync } = await import("node:fs");
    const file = openSync(`${folder}/b.sqlite`, "r+");
    writeSync(file, Buffer.alloc(4096, 0xee), 0, 4096, (page - 1) * 4096);
    closeSync(file);
    expect(() => openStore({ path: `${folder}/b.sqlite`, synchronous: "OFF" })).toThrow(/is damaged/);
  });

  test("somebody else's SQLite file -> refused", () => {
    const path = `${testFolder()}/data.sqlite`;
    const db = new DatabaseSync(path);
    db.exec("CREATE TABLE theirs(x)");
    db.close();
    expect(() => openStore({ path, synchronous: "OFF" })).toThrow(/not one of the embedded Convex host/);
  });

  test("a file that is in use -> refused, free again after close", () => {
    const path = `${testFolder()}/data.sqlite`;
    const store = openStore({ path, synchronous: "OFF" });
    expect(() => openStore({ path, synchronous: "OFF" })).toThrow(/in use by another process/);
    store.close();
    openStore({ path, synchronous: "OFF" }).close();
  });

  test("a folder that does not exist is made", async () => {
    const store = testStore({ path: `${testFolder()}/deep/folder/data.sqlite` });
    await insertAll(store, "t", [{ n: 1 }]);
    expect(await values(store, tableScan("t"), "n")).toEqual([1]);
    expect((await store.read(async (tx) => collect(tx, tableScan("t")))).value).toHaveLength(1);
  });
});
