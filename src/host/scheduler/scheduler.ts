/**
 * Runs scheduled functions when they are due.
 *
 * A mutation runs exactly once: its row is consumed in the transaction of the function itself. An action runs at most once: its row
 * says "inProgress" before it starts, and what was in progress when the process died is failed at the next start, not repeated.
 */

import { parsePath } from "../engine/address.ts";
import type { EmbeddedEngine } from "../engine/engine.ts";
import { messageOf, stackOf } from "../engine/errors.ts";
import { describePath, type ResolvedFunction } from "../engine/functions.ts";
import type { Timers } from "../engine/options.ts";
import { MAX_DELAY_MS } from "../engine/timers.ts";
import { type RequestInfo, requestOf } from "../engine/txn.ts";
import type { ScheduledRow } from "../store/types.ts";
import { scheduledKey } from "../suspects.ts";
import { isStorageFailure } from "../values/index.ts";
import { type JobState, jobState, setJobState } from "./documents.ts";

/** Times count in whole milliseconds; their fractions only order jobs of the same one. */
const WITHIN_MS = 0.999;

/** Between two tries when the store refuses to write. */
const PAUSE_MS = 5_000;
const FINISH_TRIES = 12;

export class Scheduler {
  readonly #engine: EmbeddedEngine;
  readonly #timers: Timers;
  readonly #running = new Map<string, Promise<void>>();
  #timer: unknown = null;
  #timerFor = Number.POSITIVE_INFINITY;
  #sweepTimer: unknown = null;
  #started = false;

  constructor({ engine, timers }: { engine: EmbeddedEngine; timers: Timers }) {
    this.#engine = engine;
    this.#timers = timers;
  }

  /** Fails what was in progress when the process ended, then begins to run what is due. */
  async start(): Promise<void> {
    const interrupted = this.#engine.store.inProgressScheduled();
    if (interrupted.length > 0) {
      await this.#engine.store.write(async (tx) => {
        for (const row of interrupted) {
          const alive = jobState(tx, row) === "inProgress";
          if (alive) setJobState(tx, row, transientError, this.#engine.now());
          else tx.setScheduledState(row.id, "done");
        }
      });
    }
    this.#started = true;
    this.#arm();
    this.#armSweep();
  }

  stop(): void {
    this.#started = false;
    this.#disarm();
    if (this.#sweepTimer !== null) this.#timers.clearTimeout(this.#sweepTimer);
    this.#sweepTimer = null;
  }

  /** Something was scheduled for `ts` (ms) and is committed. */
  wake(ts: number): void {
    if (!this.#started) return;
    if (this.#timer !== null && this.#timers.isAlive?.(this.#timer) === false) this.#arm();
    else if (ts < this.#timerFor) this.#armFor(ts);
  }

  get runningCount(): number {
    return this.#running.size;
  }

  /** True when something waits for its time. */
  get hasPending(): boolean {
    return this.#nextTs() !== null;
  }

  /** Resolves when nothing runs; what those functions scheduled in turn may be pending. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  #nextTs(): number | null {
    const { store } = this.#engine;
    if (this.#running.size === 0) return store.nextScheduledTs();
    // A mutation that runs is still pending in the committed state.
    const rows = store.dueScheduled(Number.MAX_SAFE_INTEGER, this.#running.size + 1);
    return rows.find((row) => !this.#running.has(row.id))?.ts ?? null;
  }

  #arm(): void {
    // With no room left, the end of a running function looks again.
    if (!this.#started || this.#running.size >= this.#engine.limits.scheduledConcurrency) return;
    const next = this.#nextTs();
    if (next === null) this.#disarm();
    else this.#armFor(next);
  }

  #armFor(ts: number): void {
    this.#disarm();
    const delay = Math.max(0, ts - this.#engine.now());
    this.#timerFor = ts;
    this.#timer = this.#timers.setTimeout(
      () => {
        this.#timer = null;
        this.#timerFor = Number.POSITIVE_INFINITY;
        this.#tick();
      },
      Math.min(Math.floor(delay), this.#timers.maxDelayMs ?? MAX_DELAY_MS),
    );
  }

  #disarm(): void {
    if (this.#timer !== null) this.#timers.clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerFor = Number.POSITIVE_INFINITY;
  }

  /** Starts everything that is due, as far as there is room; synchronous up to there. */
  #tick(): void {
    if (!this.#started) return;
    const room = this.#engine.limits.scheduledConcurrency - this.#running.size;
    if (room > 0) {
      const rows = this.#engine.store.dueScheduled(this.#engine.now() + WITHIN_MS, room + this.#running.size);
      for (const row of rows) {
        if (this.#running.size >= this.#engine.limits.scheduledConcurrency) break;
        if (!this.#running.has(row.id)) this.#begin(row);
      }
    }
    this.#arm();
  }

  #begin(row: ScheduledRow): void {
    const work = this.#engine
      .track(this.#run(row))
      .catch((thrown) => {
        // Not the function's own failure: the store refuses, for example because the disk is full. A mutation's row is still pending.
        this.#engine.log({ level: "error", text: `scheduled function ${row.udfPath}: ${messageOf(thrown)}` });
        return this.#pause();
      })
      .then(() => {
        this.#running.delete(row.id);
        this.#arm();
      });
    this.#running.set(row.id, work);
  }

  async #run(row: ScheduledRow): Promise<void> {
    const path = parsePath(row.udfPath, row.component);
    const caller = { identity: null, isAdmin: true };
    const request: RequestInfo = { ...requestOf(caller, scheduledKey(row.id)), scheduledFunctionId: row.id };
    try {
      this.#engine.assertNotSuspect(request);
      this.#engine.enter(request);
      const fn = await this.#engine.functions.find(path);
      if (fn === null) throw new Error(`Could not find function for '${describePath(path)}'.`);
      if (fn.info.udfType === "action") await this.#runAction(fn, row, request);
      else await this.#runMutation(fn, row, request);
    } catch (thrown) {
      // The storage refused, not the function: a mutation is still pending and is tried again. (An action handles this in #finish.)
      if (isStorageFailure(thrown)) throw thrown;
      this.#engine.log({
        level: "error",
        text: `Error when running scheduled function ${describePath(path)}: ${stackOf(thrown)}`,
        path,
        requestId: request.requestId,
      });
      await this.#finish(row, { kind: "failed", error: messageOf(thrown) });
    } finally {
      this.#engine.leave(request);
    }
  }

  async #runMutation(fn: ResolvedFunction, row: ScheduledRow, request: RequestInfo): Promise<void> {
    await this.#engine.runMutation(fn, argsOf(row), request, null, {
      instead: (tx) => {
        const state = jobState(tx, row);
        if (state === null) tx.deleteScheduled(row.id);
        return state === "pending" ? null : "null";
      },
      after: (tx) => {
        // The function may have cancelled itself or deleted its own document.
        if (jobState(tx, row) === "pending") setJobState(tx, row, { kind: "success" }, this.#engine.now());
      },
    });
  }

  async #runAction(fn: ResolvedFunction, row: ScheduledRow, request: RequestInfo): Promise<void> {
    const { value: begun } = await this.#engine.store.write(async (tx) => {
      const state = jobState(tx, row);
      if (state === null) tx.deleteScheduled(row.id);
      if (state !== "pending") return false;
      setJobState(tx, row, { kind: "inProgress" }, this.#engine.now());
      return true;
    });
    if (!begun) return;
    await this.#engine.runAction(fn, argsOf(row), request, null);
    await this.#finish(row, { kind: "success" });
  }

  /** The outcome of an action must not get lost because the disk was full for a moment. */
  async #finish(row: ScheduledRow, state: JobState): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#writeOutcome(row, state);
        return;
      } catch (thrown) {
        if (!this.#started || tries === FINISH_TRIES) throw thrown;
        this.#engine.log({
          level: "warn",
          text: `scheduled function ${row.udfPath}: ${messageOf(thrown)}; trying again`,
        });
        await this.#pause();
      }
    }
  }

  #pause(): Promise<void> {
    if (!this.#started) return Promise.resolve();
    return new Promise((resolve) => {
      this.#timers.setTimeout(resolve, PAUSE_MS);
    });
  }

  async #writeOutcome(row: ScheduledRow, state: JobState): Promise<void> {
    await this.#engine.store.write(async (tx) => {
      const now = jobState(tx, row);
      if (now === "pending" || now === "inProgress") setJobState(tx, row, state, this.#engine.now());
      else if (now === null) tx.deleteScheduled(row.id);
    });
  }

  /** Removes finished jobs and old session results from time to time. */
  #armSweep(): void {
    const { sweepMs, finishedScheduledMs, sessionResultMs, answeredResultMs } = this.#engine.limits;
    if (sweepMs <= 0) return;
    this.#sweepTimer = this.#timers.setTimeout(() => {
      const now = this.#engine.now();
      this.#engine
        .track(
          this.#engine.store.sweep({
            sessionsMs: now - sessionResultMs,
            answeredMs: now - answeredResultMs,
            scheduledMs: now - finishedScheduledMs,
          }),
        )
        .catch((thrown) => this.#engine.log({ level: "error", text: `sweep: ${messageOf(thrown)}` }))
        .finally(() => {
          if (this.#started) this.#armSweep();
        });
    }, sweepMs);
  }
}

/** Convex's wording. */
const transientError: JobState = { kind: "failed", error: "Transient error while executing action" };

function argsOf(row: ScheduledRow) {
  return JSON.parse(row.args);
}
