/**
 * Serial transactions with group commit. Several writes share one SQLite transaction, which stays open while others wait for their
 * turn: one that fails takes back what it wrote itself (undo_log.ts), and one COMMIT keeps all others. Nobody learns of a result before the COMMIT it depends on is durable:
 * reads and failed writes that saw the open group, or one that is not synced yet, wait for it too.
 */
import { HostError } from "../values/error.ts";
import type { Catalog } from "./catalog.ts";
import { Checkpoints } from "./checkpoints.ts";
import type { Clock } from "./clock.ts";
import { type Durability, syncFailed } from "./durability.ts";
import { inUse } from "./failures.ts";
import { Mutex } from "./mutex.ts";
import { StoreReader } from "./reader.ts";
import { emptyReadSet } from "./readset.ts";
import type { Sql } from "./sql.ts";
import { withTimeout } from "./timeout.ts";
import type { Commit, Reader, ReadSet, WriteResult, Writer } from "./types.ts";
import { lost } from "./undo_log.ts";
import type { Vectors } from "./vectors.ts";
import { StoreWriter } from "./writer.ts";

// Captured here: a test's fake timers must not stop the store's own limits.
const { setImmediate, clearImmediate } = globalThis;

/**
 * A group closes after this long even if more callers wait: its first members must not wait for the last. Long enough for several
 * mutations of some milliseconds each, whose commits mostly write the same pages.
 */
export const MAX_GROUP_MS = 20;

/**
 * Transactions follow one another without letting in events for this long at most: a sync that has ended, requests that have come and
 * answers that could leave would wait for the whole queue, and their clients with them.
 */
const MAX_TURN_MS = 4;

interface Group {
  members: number;
  openedAt: number;
  commit: Commit;
  hasWrites: boolean;
  settled: Promise<void>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export interface TransactionOptions {
  sql: Sql;
  catalog: Catalog;
  vectors: Vectors;
  clock: Clock;
  groupSize: number;
  maxGroupMs: number;
  /** null: a COMMIT is as durable as it shall be. */
  durability: Durability | null;
  /** SQLite itself does not copy the log back. */
  copiesAside: boolean;
  committed: () => Reader;
  onCommit: (commit: Commit) => void;
}

export class Transactions {
  readonly #options: TransactionOptions;
  readonly #checkpoints: Checkpoints | null;
  readonly #mutex = new Mutex();
  #group: Group | null = null;
  /** Until what it wrote is settled one way or the other. */
  #running: StoreReader | null = null;
  #isExclusive = false;
  #closed: HostError | null = null;
  /** Time of the last COMMIT, and of the last one that is durable. */
  #committedTs: bigint;
  #durableTs: bigint;
  /** Committed, in order, and not durable yet. */
  readonly #unsynced: Group[] = [];
  #isSyncing = false;
  #soon: NodeJS.Immediate | null = null;
  /** When the transactions that follow one another began. */
  #turnAt = 0;

  constructor(options: TransactionOptions) {
    this.#options = options;
    this.#checkpoints = options.copiesAside ? new Checkpoints(options.sql, (error) => this.#refuseAll(error)) : null;
    this.#committedTs = options.clock.lastTs;
    this.#durableTs = options.clock.lastTs;
  }

  get durableTs(): bigint {
    return this.#durableTs;
  }

  /** True when nothing is running, queued or to be committed, or inside `exclusive`. */
  get isQuiet(): boolean {
    return this.#isExclusive || (!this.#mutex.held && this.#group === null);
  }

  async write<T>(body: (tx: Writer) => Promise<T>, timeoutMs: number | undefined): Promise<WriteResult<T>> {
    await this.#enter();
    const { sql, catalog, vectors, clock, committed } = this.#options;
    let group: Group;
    const tx = new StoreWriter(sql, catalog, vectors, clock, committed);
    const versions = [catalog.version, vectors.version] as const;
    try {
      group = this.#join();
    } catch (error) {
      this.#breakGroup(error);
      this.#mutex.release();
      throw error;
    }
    tx.snapshotTs = group.commit.ts;
    const outcome = await this.#run(tx, body, timeoutMs);
    this.#refuseIfClosed();
    let ts = group.commit.ts;
    // A failure of the storage comes first: what the function made of it is not the cause.
    let failure = sql.failure ?? (outcome.ok ? null : outcome.error);
    try {
      if (outcome.ok && failure === null) {
        tx.assertBalanced();
        if (tx.hasWritten) ts = clock.nextTs();
        tx.resolveCommitTs(ts);
      }
    } catch (error) {
      failure = error;
    }
    const isFailed = !outcome.ok || failure !== null;
    this.#endWrite(tx, ts, isFailed, versions);
    this.#running = null;
    this.#leave();
    await group.settled;
    if (isFailed) throw failure;
    return { value: (outcome as { value: T }).value, ts };
  }

  async read<T>(
    body: (tx: Reader) => Promise<T>,
    track: boolean,
    timeoutMs: number | undefined,
  ): Promise<{ value: T; ts: bigint; reads: ReadSet }> {
    await this.#enter();
    const { sql, catalog, vectors } = this.#options;
    const reads = emptyReadSet();
    const group = this.#group;
    const seen = group ?? this.#unsynced.at(-1);
    const ts = group === null ? this.#committedTs : group.commit.ts;
    sql.failure = null;
    const tx = new StoreReader(sql, catalog, vectors, track ? reads : null);
    tx.snapshotTs = ts;
    const outcome = await this.#run(tx, body, timeoutMs);
    this.#refuseIfClosed();
    this.#running = null;
    if (group !== null) {
      group.members++;
      // A failing read can take the open transaction with it.
      if (!sql.db.isTransaction) this.#breakGroup(sql.failure ?? lost());
    }
    this.#leave();
    if (seen !== undefined) await seen.settled;
    if (!outcome.ok) throw outcome.error;
    return { value: outcome.value, ts, reads };
  }

  async exclusive<T>(body: () => T): Promise<T> {
    await this.#enter();
    this.#flush();
    this.#isExclusive = true;
    try {
      return body();
    } finally {
      this.#isExclusive = false;
      this.#mutex.release();
    }
  }

  /** What was acknowledged is kept; what is still running is rolled back and rejects. */
  close(): void {
    if (this.#closed !== null) return;
    const closed = new HostError("The store is closed.", "closed");
    this.#closed = closed;
    this.#running?.end(() => closed);
    if (this.#running instanceof StoreWriter) {
      this.#endWrite(this.#running, 0n, true, null);
    }
    if (this.#soon !== null) clearImmediate(this.#soon);
    this.#flush();
    this.#checkpoints?.close();
    const { durability } = this.#options;
    if (durability === null) return;
    try {
      if (this.#unsynced.length > 0) durability.syncNow();
      for (const group of this.#unsynced.splice(0)) this.#settle(group);
    } catch (error) {
      this.#refuseAll(error);
    }
  }

  async #enter(): Promise<void> {
    if (this.#closed !== null) throw this.#closed;
    const turn = this.#mutex.acquire();
    if (turn === null) {
      this.#turnAt = performance.now();
      return;
    }
    await turn;
    this.#refuseIfClosed();
  }

  /** For holders of the lock: passes it on, so that everyone in the queue is refused too. */
  #refuseIfClosed(): void {
    if (this.#closed === null) return;
    this.#mutex.release();
    throw this.#closed;
  }

  #join(): Group {
    const { sql } = this.#options;
    sql.failure = null;
    if (this.#group === null) {
      sql.begin();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      // Whoever waits gets the rejection; with nobody waiting it must not end the process.
      promise.catch(() => {});
      const commit: Commit = {
        ts: this.#committedTs,
        writes: { ids: new Set(), tables: new Set(), keys: [] },
        wakeAt: null,
      };
      this.#group = {
        members: 0,
        openedAt: performance.now(),
        commit,
        hasWrites: false,
        settled: promise,
        resolve,
        reject,
      };
    }
    this.#group.members++;
    return this.#group;
  }

  async #run<R extends StoreReader, T>(
    tx: R,
    body: (tx: R) => Promise<T>,
    timeoutMs: number | undefined,
  ): Promise<{ ok: true; value: T } | { ok: false; error: unknown }> {
    this.#running = tx;
    try {
      const value = timeoutMs === undefined ? await body(tx) : await withTimeout(body, tx, timeoutMs);
      return { ok: true, value };
    } catch (error) {
      return { ok: false, error };
    } finally {
      tx.end(over);
    }
  }

  #endWrite(tx: StoreWriter, ts: bigint, isFailed: boolean, versions: readonly [number, number] | null): void {
    const { sql, catalog, vectors } = this.#options;
    const group = this.#group!;
    try {
      // Some failures (a full disk among them) make SQLite roll back everything by itself.
      if (!sql.db.isTransaction) throw sql.failure ?? lost();
      if (isFailed) {
        tx.undoAll();
        if (versions === null || catalog.version !== versions[0]) catalog.reload();
        if (versions === null || vectors.version !== versions[1]) vectors.forget();
      }
      tx.keepAll();
    } catch (error) {
      this.#breakGroup(error);
      return;
    }
    const { log } = tx;
    if (isFailed || (log.ids.length === 0 && log.rows === 0)) return;
    group.hasWrites = true;
    const { commit } = group;
    commit.ts = ts;
    for (const id of log.ids) commit.writes.ids.add(id);
    for (const table of log.tables) commit.writes.tables.add(table);
    for (const key of log.keys) commit.writes.keys.push(key);
    if (log.wakeAt !== null && (commit.wakeAt === null || log.wakeAt < commit.wakeAt)) commit.wakeAt = log.wakeAt;
  }

  #leave(): void {
    const group = this.#group;
    if (group !== null) {
      const { groupSize, maxGroupMs, durability } = this.#options;
      const isWanted = this.#mutex.waiting > 0 || durability !== null;
      const isDue = group.members >= groupSize || performance.now() - group.openedAt > maxGroupMs;
      if (isDue || !isWanted) this.#flush();
      else if (this.#mutex.waiting === 0) this.#flushSoon();
    }
    if (this.#mutex.waiting === 0 || performance.now() - this.#turnAt < MAX_TURN_MS) this.#mutex.release();
    else setImmediate(() => this.#nextTurn());
  }

  #nextTurn(): void {
    this.#turnAt = performance.now();
    this.#mutex.release();
  }

  /** Nobody waits, but requests may have come that this thread has not looked at yet. Nor is there a hurry while the disk is busy. */
  #flushSoon(): void {
    this.#soon ??= setImmediate(() => {
      this.#soon = null;
      if (!this.#mutex.held && !this.#isSyncing) this.#flush();
    });
  }

  #flush(): void {
    const group = this.#group;
    if (group === null) return;
    const { sql } = this.#options;
    try {
      if (group.hasWrites) {
        // The time is written only over the one this process wrote before: a second writer would have changed it.
        const isOurs = sql.replaceMeta("ts", String(this.#committedTs), String(group.commit.ts)) === 1;
        if (!isOurs) throw inUse(sql.path);
      }
      // What failed and was taken back need not go through the log.
      if (group.hasWrites) sql.commit();
      else sql.rollback();
    } catch (error) {
      this.#breakGroup(error);
      return;
    }
    this.#group = null;
    if (group.hasWrites) this.#committedTs = group.commit.ts;
    const isDurable = this.#options.durability === null || (!group.hasWrites && this.#unsynced.length === 0);
    if (isDurable) this.#settle(group);
    else {
      this.#unsynced.push(group);
      if (!this.#isSyncing && this.#closed === null) void this.#sync();
    }
    // Last: a copy that fails refuses whatever is not durable, this group too.
    if (group.hasWrites && this.#closed === null) this.#checkpoints?.committed();
  }

  /** One sync at a time: what is committed meanwhile shares the next. */
  async #sync(): Promise<void> {
    this.#isSyncing = true;
    try {
      while (this.#unsynced.length > 0) {
        const covered = [...this.#unsynced];
        await this.#options.durability?.sync();
        // Unless `close` was faster.
        if (this.#unsynced[0] !== covered[0]) break;
        this.#unsynced.splice(0, covered.length);
        for (const group of covered) this.#settle(group);
        if (!this.#mutex.held && this.#soon === null) this.#flush();
      }
    } catch (error) {
      if (this.#closed === null) this.#refuseAll(error);
    }
    this.#isSyncing = false;
  }

  /** Durable: its members may hear of it. */
  #settle(group: Group): void {
    if (group.hasWrites) {
      this.#durableTs = group.commit.ts;
      this.#options.onCommit(group.commit);
    }
    group.resolve();
  }

  /** A sync has failed: whatever is not known to be durable is reported as failed, and nothing is begun on top of it. */
  #refuseAll(error: unknown): void {
    const failure = syncFailed(this.#options.sql.path, error);
    this.#closed = failure;
    this.#checkpoints?.stop();
    this.#running?.end(() => failure);
    for (const group of this.#unsynced.splice(0)) group.reject(failure);
    this.#breakGroup(failure);
  }

  /** Nothing of the group is kept; everyone in it is told so. */
  #breakGroup(error: unknown): void {
    const { sql, catalog, vectors } = this.#options;
    const group = this.#group;
    this.#group = null;
    try {
      if (sql.db.isTransaction) sql.rollback();
      catalog.reload();
      vectors.forget();
    } catch {
      // The file cannot even be read: the error below says why, and every later transaction will say so again.
    }
    group?.reject(error);
  }
}

const over = () => new HostError("This transaction is over: a database call came after the function had ended.");
