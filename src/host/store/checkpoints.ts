/**
 * Copies the write-ahead log back into the database on a thread of its own. SQLite would do it inside the COMMIT that made the log long:
 * some MiB written and synced while every caller waits, up to hundreds of ms on a busy disk. A copy beside the writer is what SQLite's
 * passive checkpoint is made for: commits go on, and the log begins anew with the first commit after everything of it was copied.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { Sql } from "./sql.ts";

/** Of the thread, as `workerData`. */
export interface CopyInput {
  path: string;
  port: MessagePort;
  few: number;
}

/** Its answer to each message. */
export interface Copied {
  error: { message: string; errcode?: number } | null;
}

/** Pages of 4 KiB. */
export interface CheckpointLimits {
  /** What the disk has to take at once, beside the log's own syncs. */
  copyAfter: number;
  /** The log is begun anew: whatever is left of it has to be copied between two commits, while everybody waits. */
  beginAfter: number;
  /**
   * Under load the thread is always some pages behind, and a log that is never copied to its end never begins anew: this many may be
   * left to the writer.
   */
  few: number;
  /** The thread cannot keep up at all: everybody waits until it has. */
  waitAfter: number;
}

/** 16 MiB of log are read in well under 0.1 s after a crash, and are part of what the data takes on the disk. */
export const LIMITS: CheckpointLimits = { copyAfter: 1_000, beginAfter: 4_000, few: 200, waitAfter: 32_000 };
const MAX_WAIT_MS = 5_000;
/** Asking for the length of the log costs some µs. */
const COMMITS_BETWEEN_LOOKS = 8;
const IOERR = 10;

export class Checkpoints {
  readonly #sql: Sql;
  readonly #onFailure: (error: Error) => void;
  readonly #limits: CheckpointLimits;
  #thread: { worker: Worker; port: MessagePort } | null = null;
  #isCopying = false;
  /** The thread could not be started, or could not open the file: then the writer copies, and what is wrong shows there. */
  #hasNoThread = false;
  #commits = 0;

  /** `onFailure`: a sync or a write has failed, so it is unknown what of the database is on the disk. */
  constructor(sql: Sql, onFailure: (error: Error) => void, limits: CheckpointLimits = LIMITS) {
    this.#sql = sql;
    this.#onFailure = onFailure;
    this.#limits = limits;
  }

  /** After each COMMIT, outside any transaction. */
  committed(): void {
    try {
      // Asked for, not waited for: a thread that is busy enough to need a checkpoint may not hear events for a while.
      const copied = this.#isCopying ? this.#answer() : null;
      if (copied === null && ++this.#commits % COMMITS_BETWEEN_LOOKS !== 0) return;
      const { copyAfter, beginAfter, few, waitAfter } = this.#limits;
      const { all, left } = this.#sql.logPages();
      const isLong = copied !== null && all >= beginAfter;
      if (all >= waitAfter) this.#wait();
      else if (isLong && left <= 2 * few) this.#sql.copyLog();
      else if ((isLong || left >= copyAfter) && !this.#isCopying) this.#copy();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Copies what is left: the thread's connection may end after the writer's, and then none is the last, which would do it. */
  close(): void {
    if (this.#thread === null) return;
    this.stop();
    try {
      this.#wait();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Copies nothing more. */
  stop(): void {
    const thread = this.#thread;
    this.#thread = null;
    thread?.port.close();
    void thread?.worker.terminate();
  }

  /** Of the thread, when it has come. */
  #answer(): Copied | null {
    const received = this.#thread === null ? undefined : receiveMessageOnPort(this.#thread.port);
    if (received === undefined) return null;
    this.#isCopying = false;
    const copied = received.message as Copied;
    if (copied.error === null) return copied;
    const { message, errcode } = copied.error;
    throw Object.assign(new Error(message), { errcode });
  }

  #wait(): void {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    const until = performance.now() + MAX_WAIT_MS;
    while (!this.#sql.copyLog() && performance.now() < until) Atomics.wait(cell, 0, 0, 5);
  }

  #copy(): void {
    if (this.#hasNoThread) {
      this.#sql.copyLog();
      return;
    }
    this.#thread ??= this.#start();
    this.#thread.port.postMessage(null);
    this.#isCopying = true;
  }

  #start(): { worker: Worker; port: MessagePort } {
    const { port1: port, port2 } = new MessageChannel();
    const worker = new Worker(new URL("./checkpoint_thread.ts", import.meta.url), {
      name: "checkpoint",
      workerData: { path: this.#sql.path, port: port2, few: this.#limits.few } satisfies CopyInput,
      transferList: [port2],
      env: {},
      execArgv: [],
    });
    port.unref();
    worker.unref();
    worker.on("error", () => {
      if (this.#thread?.worker !== worker) return;
      this.#thread = null;
      this.#isCopying = false;
      this.#hasNoThread = true;
    });
    return { worker, port };
  }

  /** The log still has everything that could not be copied: a full disk, for one, is reported by the next commit that needs room. */
  #failed(error: unknown): void {
    const { errcode } = error as { errcode?: number };
    if (errcode !== undefined && (errcode & 0xff) === IOERR) this.#onFailure(error as Error);
  }
}
