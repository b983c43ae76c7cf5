/** Turns SQLite's failures into errors that name the file and the remedy. */
import { HostError } from "../values/error.ts";

// Primary result codes, https://www.sqlite.org/rescode.html
const BUSY = 5;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

export function isSqliteError(error: unknown): error is Error & { errcode: number } {
  return error instanceof Error && (error as { code?: unknown }).code === "ERR_SQLITE_ERROR";
}

/** The error to show for a failure of the storage; anything else is returned unchanged. */
export function storageError(error: unknown, path: string): unknown {
  if (!isSqliteError(error)) return error;
  // Extended codes carry the primary one in the low byte.
  switch (error.errcode & 0xff) {
    case FULL:
      return new HostError(
        `The disk is full: nothing of this transaction was written to ${path}. Free space on that disk; nothing else needs repair.`,
        "disk_full",
        { cause: error },
      );
    case CORRUPT:
    case NOTADB:
      return new HostError(
        `The database file ${path} is damaged (${error.message}). Stop the process, keep a copy of the folder, and restore the ` +
          "file from a backup; `sqlite3 <file> .recover` may save what is left.",
        "corrupt",
        { cause: error },
      );
    case BUSY:
      return inUse(path, error);
    case READONLY:
    case CANTOPEN:
      return new HostError(
        `Cannot write the database file ${path} (${error.message}). Check that the folder exists and that this user may write in it.`,
        "io_failed",
        { cause: error },
      );
    case IOERR:
      return new HostError(
        `Reading or writing ${path} failed (${error.message}); nothing of this transaction was kept. Check the disk.`,
        "io_failed",
        { cause: error },
      );
    default:
      return error;
  }
}

export function inUse(path: string, cause?: unknown): HostError {
  return new HostError(
    `The database ${path} is in use by another process. Stop that process, or use another data folder.`,
    "in_use",
    { cause },
  );
}
