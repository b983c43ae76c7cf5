/** The store: one SQLite file, everything of it reached through the interface in types.ts. */
import { HostError } from "../values/error.ts";
import { Catalog } from "./catalog.ts";
import { Clock } from "./clock.ts";
import { type Connections, openConnections } from "./open.ts";
import { StoreReader } from "./reader.ts";
import { applySchemas, type ComponentSchema, type Progress } from "./schema.ts";
import { MAX_GROUP_MS, Transactions } from "./transactions.ts";
import type {
  Commit,
  ComponentPath,
  Reader,
  ReadSet,
  ScheduledRow,
  SchemaExport,
  Store,
  StoreOptions,
  WriteResult,
  Writer,
} from "./types.ts";
import { Vectors } from "./vectors.ts";
import type { StoreWriter } from "./writer.ts";

const DEFAULT_GROUP_SIZE = 64;
/** Scheduled functions swept in one transaction, so that callers need not wait long for it. */
const SWEEP_BATCH = 200;

export class SqliteStore implements Store {
  readonly #connections: Connections;
  readonly #catalog: Catalog;
  readonly #vectors: Vectors;
  readonly #transactions: Transactions;
  readonly #listeners = new Set<(commit: Commit) => void>();
  #isClosed = false;

  constructor(options: StoreOptions) {
    this.#connections = openConnections(options);
    try {
      const { writer } = this.#connections;
      this.#catalog = new Catalog(writer);
      this.#vectors = new Vectors(writer);
      this.#transactions = new Transactions({
        sql: writer,
        catalog: this.#catalog,
        vectors: this.#vectors,
        clock: new Clock(options.now ?? (() => Date.now()), BigInt(writer.meta("ts") ?? "0")),
        groupSize: options.groupSize ?? DEFAULT_GROUP_SIZE,
        maxGroupMs: MAX_GROUP_MS,
        durability: this.#connections.durability,
        copiesAside: this.#connections.copiesAside,
        committed: () => this.snapshot(),
        onCommit: (commit) => this.#announce(commit),
      });
    } catch (error) {
      this.#connections.close();
      throw error;
    }
  }

  write<T>(body: (tx: Writer) => Promise<T>, options: { timeoutMs?: number } = {}): Promise<WriteResult<T>> {
    return this.#transactions.write(body, options.timeoutMs);
  }

  read<T>(
    body: (tx: Reader) => Promise<T>,
    options: { track?: boolean; timeoutMs?: number } = {},
  ): Promise<{ value: T; ts: bigint; reads: ReadSet }> {
    return this.#transactions.read(body, options.track ?? false, options.timeoutMs);
  }

  snapshot(): Reader {
    const reader = new StoreReader(this.#connections.committed, this.#catalog, this.#vectors, null, false);
    reader.snapshotTs = this.lastTs();
    return reader;
  }

  onCommit(listener: (commit: Commit) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  exclusive<T>(body: () => T): Promise<T> {
    return this.#transactions.exclusive(body);
  }

  defineComponent(component: ComponentPath, schema: SchemaExport | null): void {
    this.defineComponents([[component, schema]]);
  }

  defineComponents(schemas: Iterable<ComponentSchema>, progress: Progress = () => {}): void {
    if (!this.#transactions.isQuiet) {
      throw new HostError("Schemas cannot change while transactions run: call this inside `exclusive`.");
    }
    applySchemas(this.#connections.writer, this.#catalog, this.#vectors, schemas, progress);
  }

  dueScheduled(now: number, limit: number): ScheduledRow[] {
    return this.#connections.committed.dueScheduled(now, limit);
  }
  nextScheduledTs(): number | null {
    return this.#connections.committed.nextScheduledTs();
  }
  inProgressScheduled(): ScheduledRow[] {
    return this.#connections.committed.inProgressScheduled();
  }
  scheduledById(id: string): ScheduledRow | null {
    return this.#connections.committed.scheduledById(id);
  }
  sessionResult(sessionId: string, requestId: number): string | null {
    return this.#connections.committed.session(sessionId, requestId);
  }
  meta(key: string): string | null {
    return this.#connections.committed.meta(`app:${key}`);
  }

  async sweep(before: { sessionsMs: number; answeredMs?: number; scheduledMs: number }): Promise<number> {
    const { sessionsMs, answeredMs = 0 } = before;
    let swept = (await this.write(async (tx) => (tx as StoreWriter).dropSessions(sessionsMs, answeredMs))).value;
    for (;;) {
      const { value } = await this.write(async (tx) => {
        const rows = this.#connections.writer.doneScheduled(before.scheduledMs, SWEEP_BATCH);
        for (const row of rows) {
          if (tx.get(row.owner, row.id) !== null) tx.remove(row.owner, row.id);
          tx.deleteScheduled(row.id);
        }
        return rows.length;
      });
      swept += value;
      if (value < SWEEP_BATCH) return swept;
    }
  }

  lastTs(): bigint {
    return this.#transactions.durableTs;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#transactions.close();
    this.#connections.close();
  }

  #announce(commit: Commit): void {
    for (const listener of this.#listeners) {
      try {
        listener(commit);
      } catch (error) {
        // The commit is done and its writers must hear of it; a listener's bug is reported apart from it.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
