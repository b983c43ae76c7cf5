/**
 * How a write transaction takes back what it has written, as a whole or from a mark on (a nested transaction's beginning): each write
 * leaves the step that reverses it. Why not one of SQLite's savepoints for each: with one open, SQLite keeps a copy of every page before
 * it is changed, which cost a quarter of what the writes themselves do, and few transactions fail. Where a step would be long to say
 * (full text, vectors, schema), a savepoint is opened after all; its place in the row of steps says what it covers.
 */
import { HostError } from "../values/error.ts";
import type { Sql } from "./sql.ts";

/** A number: the depth of a savepoint that covers all that follows. */
type Step = (() => void) | number;

export class UndoLog {
  readonly #sql: Sql;
  readonly #steps: Step[] = [];
  /** Where the transaction's latest savepoint stands among the steps; -1: there is none. */
  #latest = -1;
  #depth = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  mark(): number {
    return this.#steps.length;
  }

  /**
   * After a write that leaves nothing when it fails, before one that may leave a part. A step must not touch what the write did not make,
   * and taken twice it changes nothing more.
   */
  add(step: () => void): void {
    this.#steps.push(step);
  }

  /** What is written from here on needs no step, for whoever goes back to this mark or one before. */
  cover(mark: number): void {
    if (this.#latest >= mark) return;
    this.#demandTransaction();
    const depth = this.#depth;
    this.#sql.savepoint(depth);
    this.#depth = depth + 1;
    this.#latest = this.#steps.length;
    this.#steps.push(depth);
  }

  /** A step that fails stays, with all before it: the storage has failed, and the whole group will be given up. */
  backTo(mark: number): void {
    this.#demandTransaction();
    const steps = this.#steps;
    let first = mark;
    while (first < steps.length && typeof steps[first] !== "number") first++;
    if (first < steps.length) {
      const depth = steps[first] as number;
      this.#sql.rollbackTo(depth);
      this.#sql.releaseTo(depth);
      steps.length = first;
      this.#depth = depth;
      this.#latest = steps.findLastIndex((step) => typeof step === "number");
    }
    while (steps.length > mark) {
      (steps.at(-1) as () => void)();
      steps.pop();
    }
  }

  /** After some failures SQLite has rolled back everything by itself. Each step would be a transaction of its own then, and be kept. */
  #demandTransaction(): void {
    if (!this.#sql.db.isTransaction) throw this.#sql.failure ?? lost();
  }

  /** The transaction is over; what it wrote stays. */
  end(): void {
    if (this.#depth > 0) this.#sql.releaseTo(0);
    this.#depth = 0;
    this.#latest = -1;
    this.#steps.length = 0;
  }
}

/** SQLite has rolled back by itself and no failure was seen: still the storage's doing, so the call may be tried again. */
export function lost(): HostError {
  return new HostError("The transaction was lost: SQLite rolled it back by itself.", "io_failed");
}
