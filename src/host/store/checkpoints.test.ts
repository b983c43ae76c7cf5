import { statSync, truncateSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { type CheckpointLimits, Checkpoints } from "./checkpoints.ts";
import { testFolder } from "./fixtures.test-support.ts";
import { openConnections } from "./open.ts";
import { Sql } from "./sql.ts";

const PAGE = 4096;
const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function log(limits: CheckpointLimits, threadsPath: string | null = null) {
  const connections = openConnections({ path: `${testFolder()}/data.sqlite`, synchronous: "NORMAL" });
  const { path, writer, committed } = connections;
  const failures: Error[] = [];
  const copied = threadsPath === null ? writer : new Sql(writer.db, threadsPath);
  const checkpoints = new Checkpoints(copied, (error) => failures.push(error), limits);
  onTestFinished(() => {
    checkpoints.close();
    connections.close();
  });
  writer.db.exec("CREATE TABLE t(x)");
  const insert = (pages: number) => {
    writer.begin();
    writer.run("INSERT INTO t VALUES(zeroblob(?))", pages * PAGE);
    writer.commit();
  };
  const commit = (pages: number) => {
    insert(pages);
    checkpoints.committed();
  };
  return {
    ...{ writer, committed, checkpoints, failures, insert, commit },
    async untilBegunAnew() {
      for (let [before, all] = [0, 1]; all > before; ) {
        before = all;
        commit(10);
        ({ all } = writer.logPages());
        await later(0);
      }
    },
    /** The most it ever held: the file is written anew from its beginning, not cut. */
    pages: () => statSync(`${path}-wal`).size / PAGE,
  };
}

test("the log is copied into the database beside the commits, and begins anew again and again", async () => {
  const { writer, commit, failures } = log({ copyAfter: 400, beginAfter: 400, few: 100, waitAfter: 1_000_000 });
  let [commits, begun, before] = [0, 0, 0];
  while (begun < 3) {
    commit(40);
    commits++;
    const { all } = writer.logPages();
    if (all < before) begun++;
    before = all;
    // Others have their turn, as the thread's answer has.
    await later(0);
  }
  expect(failures).toEqual([]);
  expect(writer.row("SELECT count(*) FROM t")).toEqual([commits]);
});

test("it is copied in smaller parts than those after which it begins anew", async () => {
  const { writer, commit, pages, failures } = log({ copyAfter: 100, beginAfter: 800, few: 50, waitAfter: 1_000_000 });
  const lengths: number[] = [];
  let [before, copiedEarly] = [0, false];
  while (lengths.length < 4) {
    commit(10);
    const { all, left } = writer.logPages();
    if (all < before) lengths.push(before);
    else if (all < 800 && left < all) copiedEarly = true;
    before = all;
    await later(0);
  }
  expect(copiedEarly).toBe(true);
  expect(Math.min(...lengths)).toBeGreaterThanOrEqual(800);
  expect(pages()).toBeLessThan(4_000);
  expect(failures).toEqual([]);
});

test("a writer that never lets an event in hears of the copy too", () => {
  const { writer, commit } = log({ copyAfter: 400, beginAfter: 400, few: 400, waitAfter: 1_000_000 });
  const cell = new Int32Array(new SharedArrayBuffer(4));
  let [commits, before, begun] = [0, 0, false];
  // The thread takes its time to start; then the log begins anew after the first copy.
  while (!begun && commits < 20_000) {
    commit(10);
    commits++;
    const { all } = writer.logPages();
    begun = all < before;
    before = all;
    Atomics.wait(cell, 0, 0, 1);
  }
  expect(begun).toBe(true);
});

test("where the thread is too slow for the writer, the writer waits for it: the log stays below its limit", () => {
  const { writer, commit, pages } = log({ copyAfter: 100, beginAfter: 100, few: 50, waitAfter: 1_000 });
  // Without a pause the thread's answer is never heard.
  for (let n = 0; n < 300; n++) commit(10);
  expect(writer.row("SELECT count(*) FROM t")).toEqual([300]);
  // Between two looks 8 commits are made.
  expect(pages()).toBeLessThan(1_200);
});

test("while a reader needs the database as it was, commits go on; what was left is copied the next time", async () => {
  const limits = { copyAfter: 400, beginAfter: 400, few: 1, waitAfter: 100_000 };
  const { writer, committed, commit, failures } = log(limits);
  commit(10);
  committed.db.exec("BEGIN");
  expect(committed.row("SELECT count(*) FROM t")).toEqual([1]);
  for (let i = 0; i < 8; i++) commit(100);
  await later(100);
  expect(writer.logPages().left).toBeGreaterThanOrEqual(400);
  committed.db.exec("COMMIT");
  while (writer.logPages().left >= 400) {
    for (let i = 0; i < 8; i++) commit(1);
    await later(5);
  }
  expect(failures).toEqual([]);
});

test("closing leaves nothing to be copied, though the thread's connection may end last", async () => {
  const { writer, checkpoints, untilBegunAnew, insert } = log({
    copyAfter: 100,
    beginAfter: 100,
    few: 50,
    waitAfter: 1_000_000,
  });
  await untilBegunAnew();
  insert(300);
  checkpoints.close();
  expect(writer.logPages().left).toBe(0);
});

test("a copy that fails on the thread is told with the system's words", async () => {
  const { writer, checkpoints, untilBegunAnew, insert, failures } = log({
    copyAfter: 100,
    beginAfter: 100,
    few: 0,
    waitAfter: 1_000_000,
  });
  await untilBegunAnew();
  insert(700);
  truncateSync(`${writer.path}-wal`, PAGE);
  while (failures.length === 0) {
    checkpoints.committed();
    await later(1);
  }
  expect(failures[0]).toBeInstanceOf(Error);
  expect(failures[0]!.message).toBe("disk I/O error");
});

test("where there can be no thread the writer copies", async () => {
  const limits = { copyAfter: 100, beginAfter: 100, few: 50, waitAfter: 1_000_000 };
  const { untilBegunAnew, failures } = log(limits, "/no/such/folder/data.sqlite");
  await untilBegunAnew();
  expect(failures).toEqual([]);
});
