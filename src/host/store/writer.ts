/** One write transaction: documents, scheduler rows, session results, nested savepoints, and a log of what it touched. */
import { HostError } from "../values/error.ts";
import { newId, tableNumberOf } from "../values/ids.ts";
import { checkDocument } from "../values/limits.ts";
import { COMMIT_TS_MARK, isUndefined, resolveCommitTs } from "../values/special.ts";
import { validateJson } from "../values/validate.ts";
import type { Catalog, Table } from "./catalog.ts";
import type { Clock } from "./clock.ts";
import { canonical, IndexWriter } from "./documents.ts";
import { StoreReader } from "./reader.ts";
import { missingTable } from "./readset.ts";
import { RowCache } from "./row_cache.ts";
import type { DocRow, Sql } from "./sql.ts";
import type {
  ComponentPath,
  Json,
  JsonObject,
  Reader,
  Savepoint,
  ScheduledRow,
  ScheduledState,
  Writer,
  WriteSet,
} from "./types.ts";
import { UndoLog } from "./undo_log.ts";
import type { Vectors } from "./vectors.ts";

/** What a transaction has touched so far. Lists, not sets: a savepoint undoes by cutting them back. */
export interface WriteLog {
  ids: string[];
  tables: number[];
  keys: WriteSet["keys"];
  /** Earliest time of a function scheduled by this transaction. */
  wakeAt: number | null;
  /** Scheduler rows, session results and meta have no document but must be committed too. */
  rows: number;
}

const TABLE_NAME = /^_?[a-zA-Z][a-zA-Z0-9_]*$/;

export class StoreWriter extends StoreReader implements Writer {
  readonly log: WriteLog = { ids: [], tables: [], keys: [], wakeAt: null, rows: 0 };
  readonly #undo: UndoLog;
  /** Where the nested transactions that run began. */
  readonly #marks: number[] = [];
  readonly #clock: Clock;
  readonly #indexes: IndexWriter;
  readonly #committed: () => Reader;
  /** Row ids of documents that may hold a commit time still to be filled in. */
  readonly #unresolved = new Set<number>();
  /** A session result with a commit time still to be filled in: a resend must be told the same time. */
  #unresolvedResult: { sessionId: string; requestId: number; result: string } | null = null;
  readonly #rows = new RowCache();
  override readonly seen = (row: DocRow) => this.#rows.add(row);

  constructor(sql: Sql, catalog: Catalog, vectors: Vectors, clock: Clock, committed: () => Reader) {
    super(sql, catalog, vectors, null);
    this.#clock = clock;
    this.#committed = committed;
    this.#undo = new UndoLog(sql);
    this.#indexes = new IndexWriter(sql, vectors, this.log.keys, { undo: this.#undo, cover: () => this.#cover() });
  }

  get hasWritten(): boolean {
    return this.log.ids.length > 0 || this.log.rows > 0;
  }

  /** After a failure of the storage nothing is done: SQLite may have ended the transaction, and a write would be kept by itself. */
  override checkOpen(): void {
    super.checkOpen();
    if (this.sql.failure !== null) throw this.sql.failure;
  }

  snapshot(): Reader {
    return this.hasWritten ? this.#committed() : this;
  }

  insert(component: ComponentPath, name: string, value: JsonObject): string {
    this.checkOpen();
    checkUserFields(value);
    const size = checkDocument(value, name);
    const table = this.catalog.table(component, name) ?? this.#createTable(component, name);
    this.#checkSchema(table, value);
    const id = newId(table.num, this.#clock.now());
    const { text, document } = canonical({ _creationTime: this.#clock.nextCreationTime(), _id: id, ...value });
    const rid = this.sql.addDoc(id, table.num, size, text);
    this.#undo.add(() => this.sql.dropDoc(rid));
    this.#rows.set(id, [rid, table.num, size, text]);
    this.#indexes.add(table, rid, document);
    this.#wrote(table, id, rid, size, text);
    return id;
  }

  patch(component: ComponentPath, id: string, value: JsonObject, table?: string): void {
    this.#rewrite("patch", component, id, value, table);
  }

  replace(component: ComponentPath, id: string, value: JsonObject, table?: string): void {
    this.#rewrite("replace", component, id, value, table);
  }

  remove(component: ComponentPath, id: string, tableName?: string): void {
    const found = this.find(component, id, tableName);
    if (found === null) throw new HostError(`Delete on nonexistent document ID ${id}`);
    const { rid, table, size, json } = found;
    this.#undo.add(() => this.sql.putDoc(rid, id, table.num, size, json));
    this.#indexes.remove(table, rid, JSON.parse(json) as JsonObject);
    this.sql.dropDoc(rid);
    this.#rows.delete(id);
    this.#wrote(table, id, rid, 0, "");
  }

  savepoint(): Savepoint {
    this.checkOpen();
    const start = this.#undo.mark();
    const depth = this.#marks.push(start);
    const { log, counters, catalog, vectors } = this;
    const mark = { ...log, ids: log.ids.length, tables: log.tables.length, keys: log.keys.length };
    const { documentsWritten, bytesWritten } = counters;
    const versions = [catalog.version, vectors.version];
    const end = () => {
      super.checkOpen();
      if (this.#marks.length !== depth)
        throw new HostError("Nested transactions must end in the reverse order of their beginning.");
      this.#marks.pop();
    };
    return {
      release: end,
      rollback: () => {
        end();
        this.#rows.clear();
        this.#undo.backTo(start);
        log.ids.length = mark.ids;
        log.tables.length = mark.tables;
        log.keys.length = mark.keys;
        log.wakeAt = mark.wakeAt;
        log.rows = mark.rows;
        // What was read stays read; what was written was not.
        Object.assign(counters, { documentsWritten, bytesWritten });
        if (catalog.version !== versions[0]) catalog.reload();
        if (vectors.version !== versions[1]) vectors.forget();
      },
    };
  }

  /** Takes back everything. */
  undoAll(): void {
    this.#undo.backTo(0);
  }
  /** Everything stays. */
  keepAll(): void {
    this.#undo.end();
  }

  /** Before a write that says no step of its own: SQLite takes it back. */
  #cover(): void {
    this.#undo.cover(this.#marks.at(-1) ?? 0);
  }

  schedule(row: ScheduledRow): void {
    this.checkOpen();
    this.sql.addScheduled(row, this.#clock.now());
    this.#undo.add(() => this.sql.dropScheduled(row.id));
    this.log.rows++;
    if (row.state === "pending" && (this.log.wakeAt === null || row.ts < this.log.wakeAt)) this.log.wakeAt = row.ts;
  }
  setScheduledState(id: string, state: ScheduledState): void {
    this.checkOpen();
    this.#cover();
    this.log.rows += this.sql.setScheduledState(id, state, this.#clock.now());
  }
  deleteScheduled(id: string): void {
    this.checkOpen();
    this.#cover();
    this.log.rows += this.sql.dropScheduled(id);
  }
  scheduledById(id: string): ScheduledRow | null {
    this.checkOpen();
    return this.sql.scheduledById(id);
  }

  saveSessionResult(sessionId: string, requestId: number, result: string): void {
    this.checkOpen();
    this.sql.addSession(sessionId, requestId, result, this.#clock.now());
    this.#undo.add(() => this.sql.dropSession(sessionId, requestId));
    if (result.includes(COMMIT_TS_MARK)) this.#unresolvedResult = { sessionId, requestId, result };
    this.log.rows++;
  }
  sessionResult(sessionId: string, requestId: number): string | null {
    this.checkOpen();
    return this.sql.session(sessionId, requestId);
  }
  /** Results nobody will ask for again, for the sweep. */
  dropSessions(before: number, answeredBefore: number): number {
    this.#cover();
    const dropped = this.sql.dropSessions(before) + this.sql.dropAnswered(answeredBefore);
    this.log.rows += dropped;
    return dropped;
  }

  setMeta(key: string, value: string): void {
    this.checkOpen();
    this.#cover();
    this.sql.setMeta(`app:${key}`, value);
    this.log.rows++;
  }

  /** Throws when a nested transaction was neither kept nor undone: its half-done writes must not be committed. */
  assertBalanced(): void {
    if (this.#marks.length > 0) throw new HostError("A nested transaction was still open when the function ended.");
  }

  /** Last act of a transaction: fills in the commit time where documents asked for it, all of them written by it. */
  resolveCommitTs(ts: bigint): void {
    for (const rid of this.#unresolved) {
      const row = this.sql.docByRid(rid);
      if (row === undefined || !row[3].includes(COMMIT_TS_MARK)) continue;
      const before = JSON.parse(row[3]) as JsonObject;
      const { text, document } = canonical(resolveCommitTs(before, ts));
      this.#indexes.update(this.catalog.byNum(row[1])!, rid, before, document, null);
      this.sql.setDoc(rid, row[2], text);
    }
    if (this.#unresolvedResult === null) return;
    const { sessionId, requestId, result } = this.#unresolvedResult;
    this.sql.setSession(sessionId, requestId, JSON.stringify(resolveCommitTs(JSON.parse(result) as Json, ts)));
  }

  #rewrite(
    kind: "patch" | "replace",
    component: ComponentPath,
    id: string,
    value: JsonObject,
    tableName?: string,
  ): void {
    const found = this.find(component, id, tableName);
    if (found === null)
      throw new HostError(`${kind === "patch" ? "Update" : "Replace"} on nonexistent document ID ${id}`);
    const before = JSON.parse(found.json) as JsonObject;
    const given = withoutSystemFields(value, before);
    checkUserFields(given);
    const { _id, _creationTime, ...fields } = before as JsonObject & { _id: string; _creationTime: number };
    const next = merge(kind === "patch" ? fields : {}, given);
    const size = checkDocument(next, found.table.name);
    this.#checkSchema(found.table, next);
    const { text, document } = canonical({ _creationTime, _id, ...next });
    const changed = kind === "patch" ? new Set(Object.keys(given)) : null;
    this.#undo.add(() => this.sql.setDoc(found.rid, found.size, found.json));
    this.#indexes.update(found.table, found.rid, before, document, changed);
    this.sql.setDoc(found.rid, size, text);
    this.#rows.set(id, [found.rid, found.table.num, size, text]);
    this.#wrote(found.table, id, found.rid, size, text);
  }

  protected override docById(id: string): DocRow | undefined {
    const known = this.#rows.get(id);
    if (known !== undefined) return known;
    const row = super.docById(id);
    if (row !== undefined) this.#rows.set(id, row);
    return row;
  }

  #createTable(component: ComponentPath, name: string): Table {
    if (!TABLE_NAME.test(name)) throw new HostError(`Table names must be valid identifiers, got "${name}"`);
    this.log.ids.push(missingTable(component, name));
    this.#cover();
    return this.catalog.create(component, name);
  }

  #checkSchema(table: Table, fields: JsonObject): void {
    if (table.matches === null) return;
    const tableOfId = this.catalog.tableOfId(table.component, tableNumberOf);
    if (table.matches(fields, tableOfId)) return;
    throw new HostError(
      `Failed to insert or update a document in table "${table.name}" because it does not match the schema: ` +
        validateJson(table.validator!, fields, tableOfId),
    );
  }

  #wrote(table: Table, id: string, rid: number, size: number, text: string): void {
    this.log.ids.push(id);
    this.log.tables.push(table.num);
    this.counters.documentsWritten++;
    this.counters.bytesWritten += size;
    if (text.includes(COMMIT_TS_MARK)) this.#unresolved.add(rid);
  }
}

/** Into `fields`. */
function merge(fields: JsonObject, given: JsonObject): JsonObject {
  for (const key of Object.keys(given)) {
    const item = given[key]!;
    if (isUndefined(item)) delete fields[key];
    else fields[key] = item;
  }
  return fields;
}

/** `_id` and `_creationTime` may be given when they say what is true. */
function withoutSystemFields(value: JsonObject, document: JsonObject): JsonObject {
  if (!("_id" in value) && !("_creationTime" in value)) return value;
  const { _id, _creationTime, ...rest } = value;
  if (_id !== undefined && !isUndefined(_id) && _id !== document._id) {
    throw new HostError(`Provided \`_id\` field value "${_id}" does not match the document ID "${document._id}"`);
  }
  if (_creationTime !== undefined && !isUndefined(_creationTime) && _creationTime !== document._creationTime) {
    throw new HostError(
      `Provided \`_creationTime\` field value ${JSON.stringify(_creationTime)} does not match the document's creation time ` +
        `${document._creationTime}`,
    );
  }
  return rest;
}

function checkUserFields(value: JsonObject): void {
  for (const key in value) {
    if (key.charCodeAt(0) !== 95) continue;
    throw new HostError(
      `Field '${key}' starts with an underscore, which is only allowed for system fields like '_id'.`,
    );
  }
}
