/**
 * Makes durable what COMMIT has written, on another thread: the engine's goes on with the next transactions meanwhile. SQLite itself
 * (`synchronous=FULL`) would stop this thread until the disk has answered. Together with `synchronous=NORMAL`, which syncs around
 * checkpoints, it is as safe: nobody is told of a commit before the write-ahead log with it has been synced.
 */
import { closeSync, fdatasync, fdatasyncSync, openSync } from "node:fs";
import { HostError } from "../values/error.ts";

export interface Durability {
  /** Resolves once everything committed before the call survives a power failure. */
  sync(): Promise<void>;
  syncNow(): void;
  close(): void;
}

/** The log of a database in WAL mode. SQLite keeps one file as long as it is open, also when it begins it anew. */
export class LogSync implements Durability {
  readonly #path: string;
  #file: number | null = null;

  constructor(databasePath: string) {
    this.#path = `${databasePath}-wal`;
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#open(), (error) => (error === null ? resolve() : reject(error)));
    });
  }

  syncNow(): void {
    fdatasyncSync(this.#open());
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #open(): number {
    this.#file ??= openSync(this.#path, "r+");
    return this.#file;
  }
}

/** After a failed sync the system may have dropped what it could not write: nobody knows what is on the disk, except by reading it again. */
export function syncFailed(path: string, cause: unknown): HostError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new HostError(
    `Syncing ${path} to the disk failed (${reason}), so it is unknown what is kept of the last transactions. Check the disk, then start again.`,
    "io_failed",
    { cause },
  );
}
