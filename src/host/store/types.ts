/**
 * The seam between the store (SQLite, one writer, serial transactions) and the engine (functions, syscalls).
 * Values cross it in Convex's JSON form (`convexToJson`); documents as canonical JSON *text*, so that a read never parses.
 * The store knows components, tables, documents and indexes; it knows nothing of functions.
 */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** `""` is the app, `"workflow/workpool"` a nested component. */
export type ComponentPath = string;

/** As `schema.default.export()` gives it (parsed). */
export interface SchemaExport {
  tables: TableExport[];
  schemaValidation: boolean;
}
export interface TableExport {
  tableName: string;
  indexes: { indexDescriptor: string; fields: string[] }[];
  stagedDbIndexes?: { indexDescriptor: string; fields: string[] }[];
  searchIndexes: { indexDescriptor: string; searchField: string; filterFields: string[] }[];
  vectorIndexes: { indexDescriptor: string; vectorField: string; dimensions: number; filterFields: string[] }[];
  documentType: Json | null;
}

/** The argument of the syscalls `1.0/queryStream` and `1.0/queryPage`, as convex/server writes it. */
export interface QueryJson {
  source:
    | { type: "FullTableScan"; tableName: string; order: "asc" | "desc" | null }
    | { type: "IndexRange"; indexName: string; range: RangeJson[]; order: "asc" | "desc" | null }
    | { type: "Search"; indexName: string; filters: SearchFilterJson[] };
  operators: ({ filter: Json } | { limit: number })[];
}
export interface RangeJson {
  type: "Eq" | "Gt" | "Gte" | "Lt" | "Lte";
  fieldPath: string;
  /** JSON form, or `{"$undefined": null}` */
  value: Json;
}
export type SearchFilterJson =
  | { type: "Search"; fieldPath: string; value: string }
  | { type: "Eq"; fieldPath: string; value: Json };

export interface PageRequest {
  query: QueryJson;
  cursor: string | null;
  endCursor: string | null;
  pageSize: number;
  maximumRowsRead?: number;
  maximumBytesRead?: number;
}
export interface PageResult {
  /** JSON texts */
  page: string[];
  isDone: boolean;
  continueCursor: string;
  splitCursor: string | null;
  pageStatus: "SplitRecommended" | "SplitRequired" | null;
}

/** What a read depended on; a commit whose write set touches it invalidates the result. */
export interface ReadSet {
  /** Closed-open key intervals per index id. */
  ranges: { index: number; low: Uint8Array; high: Uint8Array }[];
  ids: Set<string>;
  /** Tables read as a whole (search, vector, count). Table numbers. */
  tables: Set<number>;
}
export interface WriteSet {
  ids: Set<string>;
  tables: Set<number>;
  /** Old and new key of every index entry touched. */
  keys: TouchedKey[];
}
export interface TouchedKey {
  readonly index: number;
  /** May be made at each look: ask for it only where somebody reads the index. */
  readonly key: Uint8Array;
}
export interface Commit {
  /** Commit time in ns since 1970, strictly increasing over the life of the database. */
  ts: bigint;
  writes: WriteSet;
  /** Earliest time of a function scheduled in this commit, ms since 1970. */
  wakeAt: number | null;
}

/** A stream over a query; ends with null. Never an open SQLite iterator: resumed by key, so writes in between are fine. */
export interface QueryStream {
  next(): string | null;
}

export interface Reader {
  /** JSON text, or null when there is no such document. Refuses an id of another component's table. */
  get(component: ComponentPath, id: string, table?: string): string | null;
  normalizeId(component: ComponentPath, table: string, id: string): string | null;
  tableOfId(id: string): { component: ComponentPath; table: string } | null;
  /** An unknown table reads as empty. */
  stream(component: ComponentPath, query: QueryJson): QueryStream;
  page(component: ComponentPath, request: PageRequest): PageResult;
  count(component: ComponentPath, table: string): number;
  vectorSearch(component: ComponentPath, query: JsonObject): { _id: string; _score: number }[];
  /** Commit time (ns) of the state this transaction began on; transactions that wait for the same COMMIT are part of it. */
  readonly snapshotTs: bigint;
  /** Documents and bytes read and written so far in this top-level transaction. */
  metrics(): { documentsRead: number; bytesRead: number; documentsWritten: number; bytesWritten: number };
}

export interface Savepoint {
  /** Keeps what was written since. */
  release(): void;
  /** Undoes what was written since, write set and wake-up time included. */
  rollback(): void;
}

/** All writes validate against the table's schema, maintain every index, and throw a HostError with Convex's wording. */
export interface Writer extends Reader {
  /** Returns the new id. `value` has neither `_id` nor `_creationTime`. System tables begin with `_`. */
  insert(component: ComponentPath, table: string, value: JsonObject): string;
  /** Shallow merge; `{"$undefined": null}` removes the field. */
  patch(component: ComponentPath, id: string, value: JsonObject, table?: string): void;
  replace(component: ComponentPath, id: string, value: JsonObject, table?: string): void;
  remove(component: ComponentPath, id: string, table?: string): void;
  savepoint(): Savepoint;
  /**
   * What a stale snapshot sees: this transaction's own view while it has written nothing (so that it includes transactions
   * that wait for the same COMMIT), the last committed state afterwards. Ask again after writing.
   */
  snapshot(): Reader;

  /** Rows of the scheduler; the visible `_scheduled_functions` document is written by the engine with `insert`. */
  schedule(row: ScheduledRow): void;
  setScheduledState(id: string, state: ScheduledState): void;
  deleteScheduled(id: string): void;
  /** As this transaction sees it: check here, not outside, that the row is still pending before consuming it. */
  scheduledById(id: string): ScheduledRow | null;
  /** Result of a websocket client's mutation, stored with its effects so that a resend is answered, not repeated. */
  saveSessionResult(sessionId: string, requestId: number, result: string): void;
  /** As this transaction sees it: a resend that overtook its first try finds the result only here. */
  sessionResult(sessionId: string, requestId: number): string | null;
  setMeta(key: string, value: string): void;
}

export type ScheduledState = "pending" | "inProgress" | "done";
export interface ScheduledRow {
  /** Id of the `_scheduled_functions` document. */
  id: string;
  /** When to run, ms since 1970 (may have fractions). */
  ts: number;
  /** Component of the *function*, and `module:export`. */
  component: ComponentPath;
  udfPath: string;
  /** Component whose `_scheduled_functions` holds the document. */
  owner: ComponentPath;
  /** JSON text of the argument object. */
  args: string;
  state: ScheduledState;
}

export interface WriteResult<T> {
  value: T;
  ts: bigint;
}

export interface Store {
  /**
   * One transaction after another, in the order of the calls. Resolves after COMMIT is durable (group commit: callers that wait
   * together may share one COMMIT); rejects with the body's error, everything undone. After `timeoutMs` the transaction is rolled
   * back and rejects, and whatever its body still calls throws.
   */
  write<T>(body: (tx: Writer) => Promise<T>, options?: { timeoutMs?: number }): Promise<WriteResult<T>>;
  /**
   * Reads a state that is durable by the time the promise resolves. One at a time with writes, in the order of the calls.
   * `track` collects the read set; without it the read set is empty.
   */
  read<T>(
    body: (tx: Reader) => Promise<T>,
    options?: { track?: boolean; timeoutMs?: number },
  ): Promise<{ value: T; ts: bigint; reads: ReadSet }>;
  /** The last committed state, readable while a write transaction is open (Convex's stale snapshot). */
  snapshot(): Reader;
  /** Called after each COMMIT that changed something, in order, before the writers of that commit learn of it. */
  onCommit(listener: (commit: Commit) => void): () => void;
  /** Runs `body` between two transactions, everything before it committed. For schema changes while the store is in use. */
  exclusive<T>(body: () => T): Promise<T>;

  /**
   * Creates or changes tables and indexes, fills new indexes, checks documents against the schemas; throws on a violation in any
   * component, changing nothing in all of them. Before the first transaction, or inside `exclusive`. Blocks the thread; `progress` is
   * called after each batch of documents, with a text now and then when there is much to do.
   */
  defineComponents(
    schemas: Iterable<readonly [component: ComponentPath, schema: SchemaExport | null]>,
    progress?: (text: string | null) => void,
  ): void;
  /** The same for one component. */
  defineComponent(component: ComponentPath, schema: SchemaExport | null): void;

  /** Scheduler's own reads (outside any transaction; committed state). */
  dueScheduled(now: number, limit: number): ScheduledRow[];
  nextScheduledTs(): number | null;
  inProgressScheduled(): ScheduledRow[];
  scheduledById(id: string): ScheduledRow | null;
  sessionResult(sessionId: string, requestId: number): string | null;
  meta(key: string): string | null;
  /**
   * Deletes session results stored before `sessionsMs`, those stored before `answeredMs` whose client has made many calls since (it
   * cannot be waiting for them any more), and scheduled functions (row and `_scheduled_functions` document) that are `done` since
   * before `scheduledMs`; all in ms since 1970. Returns rows deleted.
   */
  sweep(before: { sessionsMs: number; answeredMs?: number; scheduledMs: number }): Promise<number>;
  lastTs(): bigint;
  close(): void;
}

export interface StoreOptions {
  /** Path of the SQLite file; ":memory:" is a file of its own in the system's temporary folder, deleted by `close`. */
  path: string;
  /** FULL survives power loss; NORMAL only a process kill; OFF is for tests. */
  synchronous: "FULL" | "NORMAL" | "OFF";
  /** Mutations that may share one COMMIT. Default 64. */
  groupSize?: number;
  /** Clock in ms since 1970; injectable for tests. Default Date.now. */
  now?: () => number;
}

/** True when the commit may have changed what was read. */
export type Invalidates = (reads: ReadSet, writes: WriteSet) => boolean;
