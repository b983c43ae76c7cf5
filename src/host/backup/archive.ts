/**
 * A backup is one SQLite file: the database as it was at one moment, and beside its tables one with the bytes of all other files. So
 * it can be checked as a whole, and it needs no other program to be read.
 */
import { DatabaseSync } from "node:sqlite";
import { isSqliteError, storageError } from "../store/failures.ts";
import { APPLICATION_ID, LAYOUT_VERSION } from "../store/sql.ts";
import { HostError } from "../values/index.ts";

/** "cvxb": nobody takes a backup for a database in use. */
export const BACKUP_ID = 0x63767862;
export const BACKUP_LAYOUT = `
CREATE TABLE backup_info(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE backup_files(name TEXT NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY(name, part));
`;
export const BACKUP_FORMAT = "1";
/** SQLite's own limit for one value is far above; this bounds the memory. */
export const PART_BYTES = 8 << 20;

/** What lies in `files/`: bytes under their storage id, and the secret of the upload addresses. */
export const FILE_NAME = /^files\/(\.upload-secret|[a-z0-9]{16,64})$/;
/** Files of whoever uses the host, given by name. */
export const EXTRA_NAME = /^extra\/[\w.-]{1,100}$/;
export const INSTANCE_NAME = "instance.json";

/** Closes it when `body` ends. Failures of SQLite come out as HostErrors that name the file. */
export function withDatabase<T>(path: string, options: { readOnly?: boolean }, body: (db: DatabaseSync) => T): T {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: options.readOnly ?? false, timeout: 10_000 });
    return body(db);
  } catch (error) {
    throw storageError(error, path);
  } finally {
    db?.close();
  }
}

export function pragma(db: DatabaseSync, name: string): number | string {
  return Object.values(db.prepare(`PRAGMA ${name}`).get()!)[0] as number | string;
}

/** Throws unless the file is a database of the host, or a backup of one, that this version can read. */
export function assertReadable(db: DatabaseSync, path: string, kind: "database" | "backup"): void {
  let id: number | string;
  try {
    id = pragma(db, "application_id");
  } catch (error) {
    throw isSqliteError(error) ? notOne(path, kind) : error;
  }
  if (id !== (kind === "backup" ? BACKUP_ID : APPLICATION_ID)) throw notOne(path, kind);
  const version = Number(pragma(db, "user_version"));
  if (version > LAYOUT_VERSION) {
    throw new HostError(
      `${path} was written by a newer version of this program (layout ${version}, this version knows ${LAYOUT_VERSION}). ` +
        "Use that version.",
      "newer_version",
    );
  }
}

function notOne(path: string, kind: "database" | "backup"): HostError {
  return new HostError(
    kind === "backup"
      ? `${path} is not a backup made by \`backup\`, or it is damaged.`
      : `${path} is not a database of the embedded Convex host, or it is damaged.`,
    "corrupt",
  );
}
