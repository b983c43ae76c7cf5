/**
 * Copies the write-ahead log back into the database on a thread of its own. SQLite would do it inside the COMMIT that made the log long:
 * some MiB written and synced while every caller waits, up to hundreds of ms on a busy disk. A copy beside the writer is what SQLite's
 * passive checkpoint is made for: commits go on, and the log begins anew with the first commit after everything of it was copied.
 */
import { Worker } from "node:worker_threads";
import type { Sql } from "./sql.ts";

/** Of the thread, as `workerData`. */
export interface CopyInput {
  path: string;
  few: number;
}

/** Its answer to each message. */
export interface Copied {
  error: { message: string; errcode?: number } | null;
}

/** Pages of 4 KiB. */
export interface CheckpointLimits {
  /** A page that changes often is copied back once for many commits. */
  copyAfter: number;
  /**
   * Under load the thread is always some pages behind, and a log that is never copied to its end never begins anew: this many may be
   * left to the writer.
   */
  few: number;
  /** The thread cannot keep up at all: everybody waits until it has. */
  waitAfter: number;
}

/** 16 MiB of log are read in well under 0.1 s after a crash, and are part of what the data takes on the disk. */
export const LIMITS: CheckpointLimits = { copyAfter: 4_000, few: 500, waitAfter: 32_000 };
const MAX_WAIT_MS = 5_000;
/** Asking for the length of the log costs some µs. */
const COMMITS_BETWEEN_LOOKS = 8;
const IOERR = 10;

export class Checkpoints {
  readonly #sql: Sql;
  readonly #onFailure: (error: Error) => void;
  readonly #limits: CheckpointLimits;
  #thread: Worker | null = null;
  #isCopying = false;
  /** The thread has copied nearly all of it. */
  #isEnding = false;
  #commits = 0;

  /** `onFailure`: a sync or a write has failed, so it is unknown what of the database is on the disk. */
  constructor(sql: Sql, onFailure: (error: Error) => void, limits: CheckpointLimits = LIMITS) {
    this.#sql = sql;
    this.#onFailure = onFailure;
    this.#limits = limits;
  }

  /** After each COMMIT, outside any transaction. */
  committed(): void {
    if (!this.#isEnding && ++this.#commits % COMMITS_BETWEEN_LOOKS !== 0) return;
    try {
      const { copyAfter, few, waitAfter } = this.#limits;
      const { all, left } = this.#sql.logPages();
      if (all >= waitAfter) this.#wait();
      else if (this.#isEnding && left <= 2 * few) this.#sql.copyLog();
      else if ((this.#isEnding || left >= copyAfter) && !this.#isCopying) this.#copy();
      this.#isEnding = false;
    } catch (error) {
      this.#failed(error);
    }
  }

  close(): void {
    const thread = this.#thread;
    this.#thread = null;
    void thread?.terminate();
  }

  #wait(): void {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    const until = performance.now() + MAX_WAIT_MS;
    while (!this.#sql.copyLog() && performance.now() < until) Atomics.wait(cell, 0, 0, 5);
  }

  #copy(): void {
    this.#isCopying = true;
    this.#thread ??= this.#start();
    this.#thread.postMessage(null);
  }

  #start(): Worker {
    const thread = new Worker(new URL("./checkpoint_thread.ts", import.meta.url), {
      name: "checkpoint",
      workerData: { path: this.#sql.path, few: this.#limits.few } satisfies CopyInput,
      env: {},
      execArgv: [],
    });
    thread.unref();
    thread.on("message", ({ error }: Copied) => {
      this.#isCopying = false;
      if (this.#thread !== thread) return;
      if (error === null) this.#isEnding = true;
      else this.#failed(error);
    });
    // It could not open the file, or the like: it is started anew when the log is looked at again.
    thread.on("error", () => {
      this.#isCopying = false;
      if (this.#thread === thread) this.#thread = null;
    });
    return thread;
  }

  /** The log still has everything that could not be copied: a full disk, for one, is reported by the next commit that needs room. */
  #failed(error: unknown): void {
    const { errcode } = error as { errcode?: number };
    if (errcode !== undefined && (errcode & 0xff) === IOERR) this.#onFailure(error as Error);
  }
}
