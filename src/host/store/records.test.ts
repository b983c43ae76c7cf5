import { describe, expect, test } from "vitest";
import { document, insertAll, tableScan, testFolder, testStore, values } from "./fixtures.test-support.ts";
import { openStore } from "./index.ts";
import type { ScheduledRow, Writer } from "./types.ts";

const row = (id: string, ts: number, more: Partial<ScheduledRow> = {}): ScheduledRow => ({
  id,
  ts,
  component: "workflow",
  udfPath: "lib:run",
  owner: "",
  args: '{"x":1}',
  state: "pending",
  ...more,
});

describe("scheduled functions", () => {
  test("are due in the order of their time, and survive a restart", async () => {
    const path = `${testFolder()}/data.sqlite`;
    const store = openStore({ path, synchronous: "OFF" });
    await store.write(async (tx) => {
      for (const [id, ts] of [
        ["c", 30.5],
        ["a", 10],
        ["b", 20],
      ] as const)
        tx.schedule(row(id, ts));
    });
    store.close();
    const again = testStore({ path });
    expect(again.dueScheduled(25, 10)).toEqual([row("a", 10), row("b", 20)]);
    expect(again.dueScheduled(30.4, 1)).toEqual([row("a", 10)]);
    expect(again.nextScheduledTs()).toBe(10);
    expect(again.scheduledById("c")).toEqual(row("c", 30.5));
    expect(again.scheduledById("x")).toBeNull();
  });

  test("pending -> inProgress -> done leaves the queue at once", async () => {
    const store = testStore();
    await store.write(async (tx) => tx.schedule(row("a", 1)));
    await store.write(async (tx) => tx.setScheduledState("a", "inProgress"));
    expect([store.nextScheduledTs(), store.dueScheduled(99, 9)]).toEqual([null, []]);
    expect(store.inProgressScheduled()).toEqual([row("a", 1, { state: "inProgress" })]);
    await store.write(async (tx) => tx.setScheduledState("a", "done"));
    expect(store.inProgressScheduled()).toEqual([]);
    await store.write(async (tx) => tx.deleteScheduled("a"));
    expect(store.scheduledById("a")).toBeNull();
  });

  test("a rolled-back schedule is neither stored nor announced", async () => {
    const store = testStore();
    const wakeUps: (number | null)[] = [];
    store.onCommit((commit) => wakeUps.push(commit.wakeAt));
    await store.write(async (tx) => {
      tx.schedule(row("late", 50));
      const savepoint = tx.savepoint();
      tx.schedule(row("early", 5));
      expect(tx.scheduledById("early")).not.toBeNull();
      savepoint.rollback();
      expect(tx.scheduledById("early")).toBeNull();
    });
    await expect(
      store.write(async (tx) => {
        tx.schedule(row("never", 1));
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    await insertAll(store, "t", [{}]);
    expect(wakeUps).toEqual([50, null]);
    expect(store.nextScheduledTs()).toBe(50);
  });

  test("the earliest time of a group is announced", async () => {
    const store = testStore();
    const wakeUps: (number | null)[] = [];
    store.onCommit((commit) => wakeUps.push(commit.wakeAt));
    await Promise.all([30, 10, 20].map((ts) => store.write(async (tx) => tx.schedule(row(`r${ts}`, ts)))));
    expect(Math.min(...wakeUps.map(Number))).toBe(10);
  });

  test("the store's own reads do not see what is not committed", async () => {
    const store = testStore();
    await store.write(async (tx) => {
      tx.schedule(row("a", 1));
      tx.setMeta("k", "v");
      tx.saveSessionResult("s", 1, "r");
      expect([store.scheduledById("a"), store.nextScheduledTs(), store.meta("k"), store.sessionResult("s", 1)]).toEqual(
        [null, null, null, null],
      );
    });
    expect([store.nextScheduledTs(), store.meta("k"), store.sessionResult("s", 1)]).toEqual([1, "v", "r"]);
  });
});

describe("session results", () => {
  test("are stored with the effects of their mutation or not at all", async () => {
    const store = testStore();
    const mutation = (fails: boolean) =>
      store.write(async (tx) => {
        tx.insert("", "t", {});
        tx.saveSessionResult("session", 1, '"ok"');
        if (fails) throw new Error("no");
      });
    await expect(mutation(true)).rejects.toThrow("no");
    expect(store.sessionResult("session", 1)).toBeNull();
    await mutation(false);
    expect(store.sessionResult("session", 1)).toBe('"ok"');
    expect([store.sessionResult("session", 2), store.sessionResult("other", 1)]).toEqual([null, null]);
  });

  test("a resend that overtakes its first try finds the result inside its transaction", async () => {
    const store = testStore();
    const send = () =>
      store.write(async (tx) => {
        const known = tx.sessionResult("session", 7);
        if (known !== null) return known;
        tx.insert("", "t", {});
        tx.saveSessionResult("session", 7, '"first"');
        return '"first"';
      });
    const results = await Promise.all([send(), send()]);
    expect(results.map(({ value }) => value)).toEqual(['"first"', '"first"']);
    expect(await values(store, tableScan("t"), "_id")).toHaveLength(1);
  });

  test("a second result for one request -> that transaction is undone, whatever the caller makes of the error", async () => {
    const store = testStore();
    const careless = async (tx: Writer) => {
      tx.insert("", "t", {});
      try {
        tx.saveSessionResult("session", 1, "x");
      } catch {
        // Swallowed: the transaction must fail all the same.
      }
    };
    await store.write(careless);
    await expect(store.write(careless)).rejects.toThrow(/UNIQUE/);
    expect(await values(store, tableScan("t"), "_id")).toHaveLength(1);
  });
});

describe("the sweep", () => {
  test("a client's results are dropped earlier when it has made many calls since; another client's are not", async () => {
    let now = 1000;
    const store = testStore({ now: () => now });
    const save = (session: string, from: number, count: number) =>
      store.write(async (tx) => {
        for (let i = from; i < from + count; i++) tx.saveSessionResult(session, i, "r");
      });
    await save("busy", 0, 1_500);
    await save("quiet", 0, 3);
    expect(await store.sweep({ sessionsMs: 0, answeredMs: 2000, scheduledMs: 0 })).toBe(499);
    now = 3000;
    await save("busy", 1_500, 1_000);
    expect(await store.sweep({ sessionsMs: 0, answeredMs: 2000, scheduledMs: 0 })).toBe(1_000);
    const left = (session: string, ids: number[]) => ids.filter((id) => store.sessionResult(session, id) !== null);
    expect(left("busy", [0, 1_498, 1_499, 2_499])).toEqual([1_499, 2_499]);
    expect(left("quiet", [0, 2])).toEqual([0, 2]);
  });

  test("deletes old session results and long finished functions with their documents, nothing else", async () => {
    let now = 1000;
    const store = testStore({ now: () => now });
    const schedule = async (state: ScheduledRow["state"]) =>
      (
        await store.write(async (tx) => {
          const id = tx.insert("child", "_scheduled_functions", { name: "x" });
          tx.schedule(row(id, now, { owner: "child" }));
          tx.setScheduledState(id, state);
          tx.saveSessionResult("s", now + Math.random(), "r");
          return id;
        })
      ).value;
    const old = {
      done: await schedule("done"),
      running: await schedule("inProgress"),
      waiting: await schedule("pending"),
    };
    const gone = await schedule("done");
    await store.write(async (tx) => tx.remove("child", gone));
    now = 5000;
    const fresh = await schedule("done");
    expect(await store.sweep({ sessionsMs: 2000, scheduledMs: 2000 })).toBe(4 + 2);
    const { value: left } = await store.read(async (tx) =>
      [old.done, old.running, old.waiting, fresh].map((id) => tx.get("child", id) !== null),
    );
    expect(left).toEqual([false, true, true, true]);
    expect([store.scheduledById(old.done), store.scheduledById(gone)]).toEqual([null, null]);
    expect(store.scheduledById(fresh)).not.toBeNull();
    expect(await store.sweep({ sessionsMs: 2000, scheduledMs: 2000 })).toBe(0);
  });

  test("many rows are swept in several transactions", async () => {
    let now = 1000;
    const store = testStore({ now: () => now });
    await store.write(async (tx) => {
      for (let i = 0; i < 500; i++) tx.schedule(row(tx.insert("", "_scheduled_functions", {}), 1, { state: "done" }));
    });
    now = 2000;
    expect(await store.sweep({ sessionsMs: 1500, scheduledMs: 1500 })).toBe(500);
    expect((await store.read(async (tx) => tx.count("", "_scheduled_functions"))).value).toBe(0);
  });
});

describe("meta", () => {
  test("keeps texts by key, apart from the store's own", async () => {
    const store = testStore();
    await store.write(async (tx) => tx.setMeta("ts", "mine"));
    await insertAll(store, "t", [{}]);
    expect(store.meta("ts")).toBe("mine");
    expect(store.meta("other")).toBeNull();
  });
});

test("what a savepoint undid is not in the commit's write set", async () => {
  const store = testStore();
  const [id] = await insertAll(store, "t", [{ n: 1 }]);
  const written: number[] = [];
  store.onCommit(({ writes }) => written.push(writes.ids.size, writes.keys.length));
  await store.write(async (tx) => {
    tx.patch("", id!, { n: 2 });
    const savepoint = tx.savepoint();
    tx.insert("", "t", {});
    tx.insert("", "other", {});
    savepoint.rollback();
  });
  expect(written).toEqual([1, 1]);
  expect(await document(store, id!)).toMatchObject({ n: 2 });
});
