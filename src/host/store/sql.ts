/**
 * The home of all SQL that is known beforehand: layout, row types, named statements, each prepared once per connection.
 * Rows come back as tuples in the order of the columns. (Full-text tables are made per index: search.ts.)
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { storageError } from "./failures.ts";
import type { ScheduledRow, ScheduledState } from "./types.ts";

/** Version of the layout below, kept in `PRAGMA user_version`. */
export const LAYOUT_VERSION = 1;
/** Marks the file as ours (`PRAGMA application_id`): "cvxh". */
export const APPLICATION_ID = 0x63767868;

export const LAYOUT = `
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- validator: the documentType that all documents of the table are known to satisfy, null when none is enforced
CREATE TABLE tbls(num INTEGER PRIMARY KEY, component TEXT NOT NULL, name TEXT NOT NULL, validator TEXT, UNIQUE(component, name));
-- kind: db | search | vector. spec: JSON, see catalog.ts
CREATE TABLE idxs(id INTEGER PRIMARY KEY, tbl INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, spec TEXT NOT NULL,
  UNIQUE(tbl, kind, name));
CREATE TABLE docs(rid INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, tbl INTEGER NOT NULL, size INTEGER NOT NULL, json TEXT NOT NULL);
-- entries of all db indexes; every key ends with _creationTime and _id, so it is unique
CREATE TABLE idx(ix INTEGER NOT NULL, key BLOB NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY(ix, key)) WITHOUT ROWID;
CREATE TABLE vecs(row INTEGER PRIMARY KEY, ix INTEGER NOT NULL, rid INTEGER NOT NULL, filters TEXT NOT NULL, vector BLOB NOT NULL,
  UNIQUE(ix, rid));
CREATE TABLE sched(id TEXT PRIMARY KEY, ts REAL NOT NULL, component TEXT NOT NULL, udf TEXT NOT NULL, owner TEXT NOT NULL,
  args TEXT NOT NULL, state TEXT NOT NULL, changed REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX sched_pending ON sched(ts) WHERE state = 'pending';
CREATE INDEX sched_others ON sched(state, changed) WHERE state <> 'pending';
CREATE TABLE sess(sid TEXT NOT NULL, rid INTEGER NOT NULL, result TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY(sid, rid)) WITHOUT ROWID;
CREATE INDEX sess_at ON sess(at);
`;

export type DocRow = [rid: number, tbl: number, size: number, json: string];
export type EntryRow = [key: Uint8Array, rid: number, size: number, json: string];
export type IdRow = [id: string, rid: number, size: number, json: string];
export type TableRow = [num: number, component: string, name: string, validator: string | null];
export type IndexRow = [id: number, tbl: number, kind: "db" | "search" | "vector", name: string, spec: string];
export type VectorRow = [rid: number, filters: string, vector: Uint8Array];
type SchedRow = [string, number, string, string, string, string, ScheduledState];

/** A client numbers its calls; far fewer than this are unanswered at a time (see pausedAt of the websocket). */
const CALLS_UNANSWERED = 1_000;

// Why `LIMIT ? + 0`: of a bare `LIMIT ?` SQLite looks at the value while it plans, so that each new value makes it plan anew, which takes
// three times as long as a short scan itself.
const SCHED_COLUMNS = "id, ts, component, udf, owner, args, state";
// CROSS JOIN keeps SQLite from visiting docs first.
const SCAN =
  "SELECT i.key, d.rid, d.size, d.json FROM idx i CROSS JOIN docs d ON d.rid = i.rid WHERE i.ix = ? AND i.key >= ? AND i.key < ?";
const SCAN_IDS = "SELECT id, rid, size, json FROM docs WHERE id >= ? AND id < ? AND tbl = ?";

// OR FAIL: else SQLite keeps copies of the pages that such a statement changes, in case it fails half-way, which takes longer than one
// statement a row. A transaction that met a failure is undone as a whole, see `failure`.
const ADD_2 = "INSERT OR FAIL INTO idx VALUES(?, ?, ?), (?, ?, ?)";
const ADD_3 = `${ADD_2}, (?, ?, ?)`;

export class Sql {
  readonly db: DatabaseSync;
  readonly path: string;
  /**
   * The first failure since it was last set to null. A transaction that met one is rolled back even if the function caught
   * the error: a document might have been written without its index entries.
   */
  failure: unknown = null;
  readonly #cache = new Map<string, StatementSync>();

  constructor(db: DatabaseSync, path: string) {
    this.db = db;
    this.path = path;
  }

  /** Prepared at first use, then kept. The text must not contain data. */
  prepared(text: string): StatementSync {
    let statement = this.#cache.get(text);
    if (statement === undefined) {
      statement = this.db.prepare(text);
      statement.setReturnArrays(true);
      this.#cache.set(text, statement);
    }
    return statement;
  }

  // node:sqlite types rows as objects; with setReturnArrays they are tuples. The casts live only in these two.
  row<T>(text: string, ...values: Bindable[]): T | undefined {
    try {
      return this.prepared(text).get(...values) as unknown as T | undefined;
    } catch (error) {
      throw this.#failed(error);
    }
  }
  rows<T>(text: string, ...values: Bindable[]): T[] {
    try {
      return this.prepared(text).all(...values) as unknown as T[];
    } catch (error) {
      throw this.#failed(error);
    }
  }
  run(text: string, ...values: Bindable[]): number {
    try {
      return Number(this.prepared(text).run(...values).changes);
    } catch (error) {
      throw this.#failed(error);
    }
  }
  /** Returns the row id. */
  insert(text: string, ...values: Bindable[]): number {
    try {
      return Number(this.prepared(text).run(...values).lastInsertRowid);
    } catch (error) {
      throw this.#failed(error);
    }
  }
  #failed(error: unknown): unknown {
    const failure = storageError(error, this.path);
    this.failure ??= failure;
    return failure;
  }

  begin = (): number => this.run("BEGIN IMMEDIATE");
  commit = (): number => this.run("COMMIT");
  rollback = (): number => this.run("ROLLBACK");
  // These two are no part of a transaction, so that their failure is none of one.
  /** Pages in the write-ahead log, and those of them that are not in the database yet. */
  logPages(): { all: number; left: number } {
    const [, all, copied] = this.#checkpoint("NOOP");
    return { all, left: all - copied };
  }
  /** Writes the log's pages into the database, syncing both, as far as no reader needs it as it was. False while another connection does. */
  copyLog = (): boolean => this.#checkpoint("PASSIVE")[0] === 0;
  #checkpoint(mode: "NOOP" | "PASSIVE"): [busy: number, all: number, copied: number] {
    return this.prepared(`PRAGMA wal_checkpoint(${mode})`).get() as unknown as [number, number, number];
  }
  savepoint = (depth: number): number => this.run(`SAVEPOINT s${depth}`);
  releaseTo = (depth: number): number => this.run(`RELEASE s${depth}`);
  rollbackTo = (depth: number): number => this.run(`ROLLBACK TO s${depth}`);

  meta = (key: string): string | null => this.row<[string]>("SELECT value FROM meta WHERE key = ?", key)?.[0] ?? null;
  setMeta = (key: string, value: string): number =>
    this.run("INSERT INTO meta VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value", key, value);
  /** 0 when the value is no longer `from`: somebody else has written to the file. */
  replaceMeta = (key: string, from: string, to: string): number =>
    this.run("UPDATE meta SET value = ? WHERE key = ? AND value = ?", to, key, from);

  tables = (): TableRow[] => this.rows<TableRow>("SELECT num, component, name, validator FROM tbls ORDER BY num");
  addTable = (num: number, component: string, name: string): number =>
    this.run("INSERT INTO tbls VALUES(?, ?, ?, NULL)", num, component, name);
  setValidator = (num: number, validator: string | null): number =>
    this.run("UPDATE tbls SET validator = ? WHERE num = ?", validator, num);
  indexes = (): IndexRow[] => this.rows<IndexRow>("SELECT id, tbl, kind, name, spec FROM idxs ORDER BY id");
  addIndex = (id: number, tbl: number, kind: IndexRow[2], name: string, spec: string): number =>
    this.run("INSERT INTO idxs VALUES(?, ?, ?, ?, ?)", id, tbl, kind, name, spec);
  dropIndex(id: number): void {
    this.run("DELETE FROM idxs WHERE id = ?", id);
    this.run("DELETE FROM idx WHERE ix = ?", id);
    this.run("DELETE FROM vecs WHERE ix = ?", id);
  }

  docById = (id: string): DocRow | undefined =>
    this.row<DocRow>("SELECT rid, tbl, size, json FROM docs WHERE id = ?", id);
  docByRid = (rid: number): DocRow | undefined =>
    this.row<DocRow>("SELECT rid, tbl, size, json FROM docs WHERE rid = ?", rid);
  idByRid = (rid: number): string | null => this.row<[string]>("SELECT id FROM docs WHERE rid = ?", rid)?.[0] ?? null;
  /** Returns the row id. */
  addDoc = (id: string, tbl: number, size: number, json: string): number =>
    this.insert("INSERT INTO docs(id, tbl, size, json) VALUES(?, ?, ?, ?)", id, tbl, size, json);
  /** With the row id it had. */
  putDoc = (rid: number, id: string, tbl: number, size: number, json: string): number =>
    this.run("INSERT OR REPLACE INTO docs VALUES(?, ?, ?, ?, ?)", rid, id, tbl, size, json);
  setDoc = (rid: number, size: number, json: string): number =>
    this.run("UPDATE docs SET size = ?, json = ? WHERE rid = ?", size, json, rid);
  dropDoc = (rid: number): number => this.run("DELETE FROM docs WHERE rid = ?", rid);

  addEntry = (ix: number, key: Uint8Array, rid: number): number =>
    this.run("INSERT INTO idx VALUES(?, ?, ?)", ix, key, rid);
  /** Whether it is there or not. */
  putEntry = (ix: number, key: Uint8Array, rid: number): number =>
    this.run("INSERT OR REPLACE INTO idx VALUES(?, ?, ?)", ix, key, rid);
  /** All of one new document. */
  addEntries(entries: readonly { index: number; key: Uint8Array }[], rid: number): void {
    let i = 0;
    for (; i + 3 <= entries.length; i += 3) {
      const [a, b, c] = [entries[i]!, entries[i + 1]!, entries[i + 2]!];
      this.run(ADD_3, a.index, a.key, rid, b.index, b.key, rid, c.index, c.key, rid);
    }
    const [a, b] = [entries[i], entries[i + 1]];
    if (a !== undefined && b !== undefined) this.run(ADD_2, a.index, a.key, rid, b.index, b.key, rid);
    else if (a !== undefined) this.addEntry(a.index, a.key, rid);
  }
  dropEntry = (ix: number, key: Uint8Array): number => this.run("DELETE FROM idx WHERE ix = ? AND key = ?", ix, key);
  countEntries = (ix: number): number => this.row<[number]>("SELECT count(*) FROM idx WHERE ix = ?", ix)![0];

  /** Entries with low <= key < high. */
  scan(ix: number, low: Uint8Array, high: Uint8Array, descending: boolean, limit: number): EntryRow[] {
    const text = descending ? `${SCAN} ORDER BY i.key DESC LIMIT ? + 0` : `${SCAN} ORDER BY i.key LIMIT ? + 0`;
    return this.rows<EntryRow>(text, ix, low, high, limit);
  }
  /** Documents of a table with low <= id < high. */
  scanIds(tbl: number, low: string, high: string, descending: boolean, limit: number): IdRow[] {
    const text = descending ? `${SCAN_IDS} ORDER BY id DESC LIMIT ? + 0` : `${SCAN_IDS} ORDER BY id LIMIT ? + 0`;
    return this.rows<IdRow>(text, low, high, tbl, limit);
  }

  setVector = (ix: number, rid: number, filters: string, vector: Uint8Array): number =>
    this.run("INSERT INTO vecs(ix, rid, filters, vector) VALUES(?, ?, ?, ?)", ix, rid, filters, vector);
  dropVector = (ix: number, rid: number): number => this.run("DELETE FROM vecs WHERE ix = ? AND rid = ?", ix, rid);
  vectors = (ix: number, afterRid: number, limit: number): VectorRow[] =>
    this.rows<VectorRow>(
      "SELECT rid, filters, vector FROM vecs WHERE ix = ? AND rid > ? ORDER BY rid LIMIT ? + 0",
      ix,
      afterRid,
      limit,
    );

  addScheduled = (row: ScheduledRow, now: number): number =>
    this.run(
      "INSERT INTO sched VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
      row.id,
      row.ts,
      row.component,
      row.udfPath,
      row.owner,
      row.args,
      row.state,
      now,
    );
  setScheduledState = (id: string, state: ScheduledState, now: number): number =>
    this.run("UPDATE sched SET state = ?, changed = ? WHERE id = ?", state, now, id);
  dropScheduled = (id: string): number => this.run("DELETE FROM sched WHERE id = ?", id);
  scheduledById = (id: string): ScheduledRow | null =>
    this.#scheduled(`SELECT ${SCHED_COLUMNS} FROM sched WHERE id = ?`, id)[0] ?? null;
  dueScheduled = (now: number, limit: number): ScheduledRow[] =>
    this.#scheduled(
      `SELECT ${SCHED_COLUMNS} FROM sched WHERE state = 'pending' AND ts <= ? ORDER BY ts, id LIMIT ? + 0`,
      now,
      limit,
    );
  nextScheduledTs = (): number | null =>
    this.row<[number | null]>("SELECT min(ts) FROM sched WHERE state = 'pending'")?.[0] ?? null;
  inProgressScheduled = (): ScheduledRow[] =>
    this.#scheduled(
      `SELECT ${SCHED_COLUMNS} FROM sched WHERE state <> 'pending' AND state = 'inProgress' ORDER BY changed`,
    );
  doneScheduled = (before: number, limit: number): ScheduledRow[] =>
    this.#scheduled(
      `SELECT ${SCHED_COLUMNS} FROM sched WHERE state <> 'pending' AND state = 'done' AND changed < ? ORDER BY changed LIMIT ? + 0`,
      before,
      limit,
    );
  #scheduled(text: string, ...values: Bindable[]): ScheduledRow[] {
    return this.rows<SchedRow>(text, ...values).map(([id, ts, component, udfPath, owner, args, state]) => ({
      id,
      ts,
      component,
      udfPath,
      owner,
      args,
      state,
    }));
  }

  addSession = (sid: string, rid: number, result: string, now: number): number =>
    this.run("INSERT INTO sess VALUES(?, ?, ?, ?)", sid, rid, result, now);
  setSession = (sid: string, rid: number, result: string): number =>
    this.run("UPDATE sess SET result = ? WHERE sid = ? AND rid = ?", result, sid, rid);
  dropSession = (sid: string, rid: number): number => this.run("DELETE FROM sess WHERE sid = ? AND rid = ?", sid, rid);
  session = (sid: string, rid: number): string | null =>
    this.row<[string]>("SELECT result FROM sess WHERE sid = ? AND rid = ?", sid, rid)?.[0] ?? null;
  dropSessions = (before: number): number => this.run("DELETE FROM sess WHERE at < ?", before);
  dropAnswered = (before: number): number =>
    this.run(
      `DELETE FROM sess WHERE at < ? AND rid < (SELECT max(later.rid) - ${CALLS_UNANSWERED} FROM sess later WHERE later.sid = sess.sid)`,
      before,
    );
}

type Bindable = string | number | null | Uint8Array;
