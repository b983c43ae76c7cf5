/**
 * What a simulated platform remembers. Documents live in memory and are written through at once, so that what a platform has
 * answered to a caller is still there when the process that holds the simulator is killed the moment after.
 */
import { DatabaseSync } from "node:sqlite";

export interface Collection<T> {
  get(id: string): T | undefined;
  /** In the order of first insertion. */
  values(): T[];
  readonly size: number;
  /** Also what makes a change of a document in place durable. */
  put(id: string, document: T): T;
  delete(id: string): boolean;
}

export interface DocumentStore {
  collection<T>(name: string): Collection<T>;
  close(): void;
}

/** `file` null: memory only. Several simulators may share a file; each takes names of its own (`slack.messages`). */
export function openStore(file: string | null): DocumentStore {
  const db = file === null ? null : openFile(file);
  const upsert = db?.prepare(
    "INSERT INTO documents (collection, id, body) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
  );
  const remove = db?.prepare("DELETE FROM documents WHERE collection = ? AND id = ?");
  const select = db?.prepare("SELECT id, body FROM documents WHERE collection = ? ORDER BY rowid");
  return {
    collection<T>(name: string): Collection<T> {
      const documents = new Map<string, T>();
      for (const row of (select?.all(name) ?? []) as { id: string; body: string }[]) {
        documents.set(row.id, JSON.parse(row.body) as T);
      }
      return {
        get: (id) => documents.get(id),
        values: () => [...documents.values()],
        get size() {
          return documents.size;
        },
        put(id, document) {
          documents.set(id, document);
          upsert?.run(name, id, JSON.stringify(document));
          return document;
        },
        delete(id) {
          remove?.run(name, id);
          return documents.delete(id);
        },
      };
    },
    close: () => db?.close(),
  };
}

function openFile(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: 5_000 });
  // A killed process loses nothing with these; only a machine that loses power could, and this is a simulation.
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
  db.exec(
    "CREATE TABLE IF NOT EXISTS documents (collection TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (collection, id))",
  );
  return db;
}
