import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { HostError } from "../values/error.ts";
import { collect, insertAll, tableScan, testFolder, testStore, values } from "./fixtures.test-support.ts";
import { openStore } from "./index.ts";
import type { Commit, Writer } from "./types.ts";

const later = () => new Promise((resolve) => setImmediate(resolve));

describe("transactions", () => {
  test("run one after another in the order of the calls", async () => {
    const store = testStore();
    const log: string[] = [];
    const body = (name: string) => async () => {
      log.push(`${name} begins`);
      await later();
      log.push(`${name} ends`);
    };
    await Promise.all([
      store.write(body("a")),
      store.read(body("b")),
      store.write(body("c")),
      store.exclusive(() => log.push("d")),
    ]);
    expect(log).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends", "d"]);
  });

  test("a failed one leaves nothing, its neighbours in the same COMMIT stay", async () => {
    const store = testStore();
    const insert = (n: number) => store.write(async (tx) => tx.insert("", "t", { n }));
    const failing = store.write(async (tx) => {
      tx.insert("", "t", { n: 99 });
      tx.insert("", "onlyHere", {});
      await later();
      throw new Error("no");
    });
    const results = await Promise.allSettled([insert(1), failing, insert(2)]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(await values(store, tableScan("t"), "n")).toEqual([1, 2]);
    expect((await store.write(async (tx) => tx.insert("", "onlyHere", {}))).value).toBeTypeOf("string");
  });

  test("nested savepoints: the inner ones roll back alone", async () => {
    const store = testStore();
    await store.write(async (tx) => {
      tx.insert("", "t", { n: 1 });
      const outer = tx.savepoint();
      tx.insert("", "t", { n: 2 });
      const inner = tx.savepoint();
      tx.insert("", "t", { n: 3 });
      tx.insert("", "created", { n: 3 });
      inner.rollback();
      tx.insert("", "t", { n: 4 });
      outer.release();
      expect(tx.tableOfId("nothing")).toBeNull();
    });
    expect(await values(store, tableScan("t"), "n")).toEqual([1, 2, 4]);
    expect(await values(store, tableScan("created"), "n")).toEqual([]);
  });

  test("savepoints that end out of order -> refused, everything undone", async () => {
    const store = testStore();
    const work = store.write(async (tx) => {
      const outer = tx.savepoint();
      tx.savepoint();
      tx.insert("", "t", {});
      outer.release();
    });
    await expect(work).rejects.toThrow(/reverse order/);
    expect(await values(store, tableScan("t"), "_id")).toEqual([]);
  });

  test("a savepoint left open -> the whole transaction is undone", async () => {
    const store = testStore();
    const work = store.write(async (tx) => {
      tx.savepoint();
      tx.insert("", "t", {});
    });
    await expect(work).rejects.toThrow(/still open when the function ended/);
    expect(await values(store, tableScan("t"), "_id")).toEqual([]);
  });

  test("a call after the end -> refused", async () => {
    const store = testStore();
    let escaped: Writer | undefined;
    await store.write(async (tx) => {
      escaped = tx;
    });
    expect(() => escaped!.insert("", "t", {})).toThrow(/after the function had ended/);
    expect(() => escaped!.stream("", tableScan("t"))).toThrow(/after the function had ended/);
  });

  test("too slow -> rolled back and rejected, the next one runs, late calls throw", async () => {
    const store = testStore();
    let late: unknown;
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = store.write(
      async (tx) => {
        tx.insert("", "t", { n: 1 });
        await gate;
        try {
          tx.insert("", "t", { n: 2 });
        } catch (error) {
          late = error;
        }
        finish();
      },
      { timeoutMs: 10 },
    );
    const next = store.write(async (tx) => tx.insert("", "t", { n: 3 }));
    await expect(slow).rejects.toMatchObject({ name: "HostError", reason: "timeout" });
    await next;
    release();
    await finished;
    expect(late).toBeInstanceOf(HostError);
    expect(await values(store, tableScan("t"), "n")).toEqual([3]);
  });

  test("times increase over transactions, groups and a restart with the clock set back", async () => {
    const path = `${testFolder()}/data.sqlite`;
    let now = 10_000;
    const first = openStore({ path, synchronous: "OFF", now: () => now });
    const results = await Promise.all([1, 2, 3].map((n) => first.write(async (tx) => tx.insert("", "t", { n }))));
    const times = results.map(({ ts }) => ts);
    expect([...times].sort((a, b) => Number(a - b))).toEqual(times);
    expect(new Set(times).size).toBe(3);
    first.close();
    now = 1;
    const second = testStore({ path, now: () => now });
    expect(second.lastTs()).toBe(times[2]);
    expect((await second.write(async (tx) => tx.insert("", "t", { n: 4 }))).ts).toBeGreaterThan(times[2]!);
    const creation = (await values(second, tableScan("t"), "_creationTime")) as number[];
    expect([...creation].sort((a, b) => a - b)).toEqual(creation);
    expect(await values(second, tableScan("t"), "n")).toEqual([1, 2, 3, 4]);
  });
});

describe("group commit", () => {
  test("nobody hears of a result before it is durable", async () => {
    const path = `${testFolder()}/data.sqlite`;
    const store = testStore({ path });
    const durable = new DatabaseSync(path, { readOnly: true });
    const onDisk = () => Number(durable.prepare("SELECT count(*) AS n FROM docs").get()!.n);
    const seen: [number, number][] = [];
    const read: number[] = [];
    await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        await store.write(async (tx) => tx.insert("", "t", { i }));
        seen.push([i, onDisk()]);
        const { value } = await store.read(async (tx) => tx.count("", "t"));
        read.push(value - onDisk());
      }),
    );
    durable.close();
    // The n-th in the order of the calls is told no earlier than n documents are on the disk.
    for (const [i, n] of seen) expect(n).toBeGreaterThan(i);
    for (const ahead of read) expect(ahead).toBeLessThanOrEqual(0);
  });

  test("the listener hears of a commit once, before its writers, in order", async () => {
    const store = testStore({ groupSize: 4 });
    const commits: Commit[] = [];
    const order: string[] = [];
    store.onCommit((commit) => {
      commits.push(commit);
      order.push("commit");
    });
    const writes = Array.from({ length: 8 }, (_, i) =>
      store
        .write(async (tx) => tx.insert("", "t", { i }))
        .then(({ value }) => {
          order.push("told");
          return value;
        }),
    );
    const ids = await Promise.all(writes);
    expect(order[0]).toBe("commit");
    expect(commits.length).toBeLessThan(8);
    expect(
      commits.flatMap(({ writes: { ids: written } }) => [...written]).filter((id) => ids.includes(id)),
    ).toHaveLength(8);
    expect(commits.map(({ ts }) => ts)).toEqual([...commits.map(({ ts }) => ts)].sort((a, b) => Number(a - b)));
  });

  test("what only read makes no commit", async () => {
    const store = testStore();
    await insertAll(store, "t", [{}]);
    let commits = 0;
    store.onCommit(() => commits++);
    const before = store.lastTs();
    await store.write(async (tx) => tx.count("", "t"));
    await store.write(async (tx) => {
      const savepoint = tx.savepoint();
      tx.insert("", "t", {});
      savepoint.rollback();
    });
    expect([commits, store.lastTs()]).toEqual([0, before]);
  });

  test("a listener that throws does not keep the others or the writer from their news", async () => {
    const store = testStore();
    const uncaught: unknown[] = [];
    const existing = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => uncaught.push(error));
    let heard = 0;
    store.onCommit(() => {
      throw new Error("a bug");
    });
    store.onCommit(() => heard++);
    await insertAll(store, "t", [{}]);
    await later();
    process.removeAllListeners("uncaughtException");
    for (const listener of existing) process.on("uncaughtException", listener);
    expect(heard).toBe(1);
    expect(uncaught).toHaveLength(1);
  });
});

describe("snapshots", () => {
  test("show the last committed state while a transaction is open", async () => {
    const store = testStore();
    await insertAll(store, "t", [{ n: 1 }]);
    await store.write(async (tx) => {
      expect(tx.snapshot()).toBe(tx);
      tx.insert("", "t", { n: 2 });
      expect(collect(tx.snapshot(), tableScan("t"))).toHaveLength(1);
      expect(store.snapshot().count("", "t")).toBe(1);
      expect(tx.count("", "t")).toBe(2);
    });
    expect(store.snapshot().count("", "t")).toBe(2);
  });
});

describe("closing", () => {
  test("keeps what was acknowledged, rejects what runs or waits, and refuses afterwards", async () => {
    const path = `${testFolder()}/data.sqlite`;
    const store = openStore({ path, synchronous: "OFF" });
    await insertAll(store, "t", [{ n: 1 }]);
    const running = store.write(async (tx) => {
      tx.insert("", "t", { n: 2 });
      await later();
      tx.insert("", "t", { n: 3 });
    });
    const waiting = [1, 2, 3].map(() => store.write(async () => {}));
    const outcomes = Promise.allSettled([running, ...waiting]);
    await null;
    store.close();
    store.close();
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { reason: "closed" } });
    }
    await expect(store.read(async () => {})).rejects.toMatchObject({ reason: "closed" });
    const again = testStore({ path });
    expect(await values(again, tableScan("t"), "n")).toEqual([1]);
  });

  test("at any moment around the end of a function that fails: nothing of it is kept", async () => {
    for (let moment = 0; moment < 12; moment++) {
      const path = `${testFolder()}/data.sqlite`;
      const store = openStore({ path, synchronous: "OFF" });
      // A neighbour that has written: its group is committed by closing.
      const neighbour = store.write(async (tx) => tx.insert("", "t", { half: false }));
      const failing = store.write(async (tx) => {
        tx.insert("", "t", { half: true });
        let turns = 0;
        const turn = () => (turns++ < moment ? queueMicrotask(turn) : store.close());
        queueMicrotask(turn);
        throw new Error("fails");
      });
      await Promise.allSettled([neighbour, failing]);
      await expect(failing).rejects.toThrow();
      const again = testStore({ path });
      expect(await values(again, tableScan("t"), "half")).not.toContain(true);
      again.close();
    }
  });
});
