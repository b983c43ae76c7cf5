import { describe, expect, test } from "vitest";
import { Catalog } from "./catalog.ts";
import { Clock } from "./clock.ts";
import type { Durability } from "./durability.ts";
import { insertAll, tableScan, testFolder, testStore, values } from "./fixtures.test-support.ts";
import { openStore } from "./index.ts";
import { openConnections } from "./open.ts";
import { StoreReader } from "./reader.ts";
import { Transactions } from "./transactions.ts";
import type { Commit } from "./types.ts";
import { Vectors } from "./vectors.ts";

/** Everything that can be done without the disk has been. */
const later = () => new Promise<void>((resolve) => setTimeout(resolve, 2));

/** A disk that answers when the test says so. */
class SlowDisk implements Durability {
  readonly asked: { resolve: () => void; reject: (error: Error) => void }[] = [];
  now = 0;
  sync(): Promise<void> {
    return new Promise((resolve, reject) => this.asked.push({ resolve, reject }));
  }
  syncNow(): void {
    this.now++;
  }
  close(): void {}
}

function transactions({ copiesAside = false } = {}) {
  const connections = openConnections({ path: ":memory:", synchronous: "OFF" });
  const { writer: sql } = connections;
  const catalog = new Catalog(sql);
  const vectors = new Vectors(sql);
  const disk = new SlowDisk();
  const committed = () => new StoreReader(connections.committed, catalog, vectors, null, false);
  const commits: Commit[] = [];
  const tx = new Transactions({
    ...{ sql, catalog, vectors, clock: new Clock(Date.now, 0n), groupSize: 64, maxGroupMs: 60_000, committed },
    durability: disk,
    copiesAside,
    onCommit: (commit) => commits.push(commit),
  });
  const told: string[] = [];
  const tell = <T>(name: string, work: Promise<T>) =>
    work.then(
      () => void told.push(name),
      () => void told.push(`${name} failed`),
    );
  const insert = (name: string) =>
    tell(
      name,
      tx.write(async (writer) => writer.insert("", "t", { name }), undefined),
    );
  const read = (name: string) =>
    tell(
      name,
      tx.read(async (reader) => reader.count("", "t"), false, undefined),
    );
  const asked = async (count: number) => {
    while (disk.asked.length < count) await later();
  };
  return { sql, tx, disk, commits, told, insert, read, asked, close: connections.close };
}

describe("a commit that the disk has not confirmed", () => {
  test("is told to nobody, neither its writers, nor readers that saw it, nor listeners", async () => {
    const { tx, disk, commits, told, insert, read, asked, close } = transactions();
    const work = [insert("write")];
    await asked(1);
    work.push(read("read"));
    await later();
    expect([told, commits.length, tx.durableTs]).toEqual([[], 0, 0n]);
    disk.asked[0]!.resolve();
    await Promise.all(work);
    expect([told, commits.length, tx.durableTs]).toEqual([["write", "read"], 1, commits[0]!.ts]);
    await read("later read");
    expect(told).toEqual(["write", "read", "later read"]);
    close();
  });

  test("lets others run meanwhile, who share the next sync", async () => {
    const { disk, told, insert, asked, close } = transactions();
    const work = [insert("a")];
    await asked(1);
    work.push(insert("b"), insert("c"));
    await later();
    work.push(insert("d"));
    await later();
    disk.asked[0]!.resolve();
    await asked(2);
    expect(told).toEqual(["a"]);
    disk.asked[1]!.resolve();
    await Promise.all(work);
    expect([told, disk.asked.length]).toEqual([["a", "b", "c", "d"], 2]);
    close();
  });

  test("and never will -> what is not known to be kept is reported as failed, and nothing is begun any more", async () => {
    const { tx, disk, commits, told, insert, read, asked, close } = transactions();
    const work = [insert("a")];
    await asked(1);
    work.push(insert("b"), read("c"));
    await later();
    disk.asked[0]!.reject(new Error("EIO"));
    await Promise.all(work);
    expect([[...told].sort(), commits.length]).toEqual([["a failed", "b failed", "c failed"], 0]);
    await expect(tx.write(async () => {}, undefined)).rejects.toMatchObject({ reason: "io_failed" });
    close();
  });

  test("is confirmed by closing", async () => {
    const { tx, disk, told, insert, asked, close } = transactions();
    const work = [insert("a")];
    await asked(1);
    work.push(insert("b"));
    await later();
    tx.close();
    await Promise.all(work);
    expect([told, disk.now]).toEqual([["a", "b"], 1]);
    disk.asked[0]!.resolve();
    await later();
    close();
  });
});

test("the log cannot be copied back -> whoever commits just then is told too, and nothing is begun any more", async () => {
  const { sql, tx, disk, told, insert, read, asked, close } = transactions({ copiesAside: true });
  sql.logPages = () => {
    throw Object.assign(new Error("disk I/O error"), { errcode: 10 });
  };
  let commits = 0;
  for (; told.every((how) => !how.endsWith("failed")); commits++) {
    const work = insert(`${commits}`);
    await asked(commits + 1);
    disk.asked[commits]!.resolve();
    await work;
  }
  expect(told).toEqual([...Array.from({ length: commits - 1 }, (_, n) => `${n}`), `${commits - 1} failed`]);
  await read("read");
  expect(told.at(-1)).toBe("read failed");
  await expect(tx.write(async () => {}, undefined)).rejects.toMatchObject({
    reason: "io_failed",
    message: expect.stringContaining("disk I/O error"),
  });
  close();
});

test("with FULL every acknowledged write is in the file, over many groups, beside reads", async () => {
  const path = `${testFolder()}/data.sqlite`;
  const store = openStore({ path, synchronous: "FULL" });
  await Promise.all(
    Array.from({ length: 200 }, async (_, n) => {
      await store.write(async (tx) => tx.insert("", "t", { n }));
      await store.read(async (tx) => tx.count("", "t"));
    }),
  );
  await insertAll(store, "t", [{ n: 200 }]);
  store.close();
  const again = testStore({ path });
  expect(((await values(again, tableScan("t"), "n")) as number[]).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 201 }, (_, n) => n),
  );
});

test("a long queue lets events in: the first are told of their commit, and others may come, before the last has begun", async () => {
  const store = openStore({ path: `${testFolder()}/data.sqlite`, synchronous: "FULL", groupSize: 8 });
  const order: string[] = [];
  const busy = (ms: number) => {
    for (const until = performance.now() + ms; performance.now() < until; );
  };
  const write = (name: string) =>
    store
      .write(async (tx) => {
        order.push(`${name} begins`);
        busy(2);
        tx.insert("", "t", { name });
      })
      .then(() => order.push(`${name} is told`));
  setImmediate(() => order.push("an event"));
  await Promise.all(Array.from({ length: 100 }, (_, i) => write(String(i))));
  const before = (first: string, then: string) => {
    expect(order).toEqual(expect.arrayContaining([first, then]));
    expect(order.indexOf(first)).toBeLessThan(order.indexOf(then));
  };
  before("an event", "10 begins");
  before("0 is told", "99 begins");
  store.close();
});
