/** Opens the file: one connection that writes, one that reads the last committed state, one lock against a second process. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { HostError } from "../values/error.ts";
import { LIMITS } from "./checkpoints.ts";
import { type Durability, LogSync } from "./durability.ts";
import { inUse, isSqliteError, storageError } from "./failures.ts";
import { APPLICATION_ID, LAYOUT, LAYOUT_VERSION, Sql } from "./sql.ts";
import type { StoreOptions } from "./types.ts";

/** Another connection of this process may hold the file for a moment: the one that copies the log, also while it ends. */
const BUSY_MS = 5_000;

export interface Connections {
  path: string;
  writer: Sql;
  /** Read-only, never inside a transaction of its own: every statement sees the last COMMIT. */
  committed: Sql;
  /** Of FULL; see there. */
  durability: Durability | null;
  /** Whoever commits has to see to it that the log is copied back (checkpoints.ts). */
  copiesAside: boolean;
  close(): void;
}

export function openConnections(options: StoreOptions): Connections {
  // SQLite's own memory databases cannot be read by a second connection while the first writes.
  const temporary = options.path === ":memory:" ? makeTemporary() : null;
  const path = temporary === null ? options.path : join(temporary, "data.sqlite");
  const copiesAside = temporary === null && options.synchronous !== "OFF";
  const opened: DatabaseSync[] = [];
  const durability = options.synchronous === "FULL" ? new LogSync(path) : null;
  const close = () => {
    durability?.close();
    for (const db of opened.splice(0)) db.close();
    if (temporary !== null) removeTemporary(temporary);
  };
  try {
    mkdirSync(dirname(path), { recursive: true });
    if (temporary === null) opened.push(lock(path));
    const writer = new DatabaseSync(path, { timeout: BUSY_MS });
    opened.unshift(writer);
    prepare(writer, path, options.synchronous, copiesAside ? 0 : LIMITS.beginAfter);
    const committed = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
    opened.unshift(committed);
    committed.exec("PRAGMA cache_size = -16384");
    return { path, writer: new Sql(writer, path), committed: new Sql(committed, path), durability, copiesAside, close };
  } catch (error) {
    close();
    throw storageError(error, path);
  }
}

function prepare(
  db: DatabaseSync,
  path: string,
  synchronous: StoreOptions["synchronous"],
  checkpointPages: number,
): void {
  const version = pragma(db, "user_version");
  if (version > LAYOUT_VERSION) {
    throw new HostError(
      `The data in ${path} was written by a newer version of this program (layout ${version}, this version knows ${LAYOUT_VERSION}). ` +
        "Update the program, or restore a backup made before the update.",
      "newer_version",
    );
  }
  const isNew = db.prepare("SELECT count(*) AS n FROM sqlite_master").get()!.n === 0;
  if (!isNew && pragma(db, "application_id") !== APPLICATION_ID) {
    throw new HostError(
      `${path} is an SQLite file, but not one of the embedded Convex host. Choose another data folder.`,
      "corrupt",
    );
  }
  db.exec(
    `PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = ${checkpointPages}; ` +
      "PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;" +
      // Without the limit one large transaction would leave a large WAL file behind for good.
      ` PRAGMA journal_size_limit = 67108864; PRAGMA synchronous = ${synchronous === "OFF" ? "OFF" : "NORMAL"}`,
  );
  if (isNew) {
    db.exec(`BEGIN IMMEDIATE; ${LAYOUT}
      INSERT INTO meta VALUES('ts', '0');
      PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${LAYOUT_VERSION}; COMMIT`);
  }
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get()!)[0]);
}

/**
 * Two processes on one file would each believe their own caches and clocks. The lock is an SQLite lock on a file beside the
 * database: the operating system drops it when the process dies, however it dies.
 */
function lock(path: string): DatabaseSync {
  const db = new DatabaseSync(`${path}-lock`);
  try {
    db.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return db;
  } catch (error) {
    db.close();
    throw isSqliteError(error) && (error.errcode & 0xff) === 5 ? inUse(path, error) : error;
  }
}

const temporaries = new Set<string>();

function makeTemporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "convex-host-"));
  // For stores that nobody closes, as in a test that failed half-way.
  if (temporaries.size === 0) process.once("exit", removeTemporaries);
  temporaries.add(folder);
  return folder;
}

function removeTemporary(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  temporaries.delete(folder);
  if (temporaries.size === 0) process.off("exit", removeTemporaries);
}

function removeTemporaries(): void {
  for (const folder of [...temporaries]) removeTemporary(folder);
}
