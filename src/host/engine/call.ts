/** One running function: what its code may ask of the host, in which transaction, until it returns. */
import type { QueryStream, Reader, Savepoint, Writer } from "../store/types.ts";
import { EngineError } from "./errors.ts";
import type { ResolvedFunction } from "./functions.ts";
import type { Host } from "./host.ts";
import { enforce, type TransactionLimits } from "./limits.ts";
import { type AsyncSyscall, asyncSyscalls, jsSyscalls, syscalls } from "./syscalls/index.ts";
import type { RequestInfo, Txn } from "./txn.ts";
import type { Execution, FunctionPath, Identity, UdfType } from "./types.ts";

/** Convex keeps this many lines of a function's console. */
const MAX_LOG_LINES = 256;

export class Call implements Execution {
  readonly id: string;
  readonly path: FunctionPath;
  readonly udfType: UdfType;
  readonly now: number | null;
  readonly env: Record<string, string>;
  /** An executor may set it as soon as the function's code has returned. */
  done = false;
  /** The engine has settled the call's effects. */
  ended = false;

  readonly host: Host;
  readonly request: RequestInfo;
  /** null in actions, and across a component's border. */
  readonly identity: Identity;
  /** null in actions. */
  readonly txn: Txn | null;
  readonly limits: TransactionLimits | null;
  /**
   * While a nested call runs, this call's other syscalls wait: a write of the parent must not land in the child's savepoint. A syscall
   * that writes after it has awaited something waits again (`while (call.nesting !== null) await call.nesting`).
   */
  nesting: Promise<void> | null = null;
  child: Call | null = null;
  /** Of a nested mutation; `undo` takes back what the transaction counted for it. */
  savepoint: Savepoint | null = null;
  undo: (() => void) | null = null;
  paginated = false;

  readonly #reader: Reader | null;
  readonly #streams = new Map<number, QueryStream>();
  #nextStream = 0;

  constructor(
    host: Host,
    fn: ResolvedFunction,
    udfType: UdfType,
    request: RequestInfo,
    identity: Identity,
    txn: Txn | null,
    limits: TransactionLimits | null,
    reader: Reader | null = txn?.reader ?? null,
  ) {
    this.host = host;
    this.id = host.nextId();
    this.path = fn.path;
    this.udfType = udfType;
    this.env = host.env(fn.path.component);
    this.request = request;
    this.identity = identity;
    this.txn = txn;
    this.now = txn === null ? null : txn.now;
    this.limits = limits;
    this.#reader = reader;
  }

  syscall(op: string, args: string): string {
    this.assertRunning();
    const handler = syscalls[op];
    if (handler === undefined) throw unsupported(op);
    return handler(this, JSON.parse(args));
  }

  asyncSyscall(op: string, args: string): string | Promise<string> {
    this.assertRunning();
    const handler = asyncSyscalls[op];
    if (handler === undefined) throw unsupported(op);
    if (this.nesting !== null) return this.#afterNesting(handler, args);
    const result = handler(this, JSON.parse(args));
    if (typeof result !== "string") return this.#answered(result);
    this.host.enter(this.request);
    return result;
  }

  async #afterNesting(handler: AsyncSyscall, args: string): Promise<string> {
    // No gap between the look and the call: another nested call could slip in.
    while (this.nesting !== null) await this.nesting;
    this.assertRunning();
    return this.#answered(handler(this, JSON.parse(args)));
  }

  async #answered(result: string | Promise<string>): Promise<string> {
    const text = await result;
    this.host.enter(this.request);
    return text;
  }

  async jsSyscall(op: string, args: Record<string, unknown>): Promise<unknown> {
    this.assertRunning();
    const handler = jsSyscalls[op];
    if (handler === undefined) throw unsupported(op);
    while (this.nesting !== null) await this.nesting;
    this.assertRunning();
    return handler(this, args);
  }

  log(level: "debug" | "info" | "log" | "warn" | "error", text: string): void {
    const lines = this.request.logLines;
    if (lines.length < MAX_LOG_LINES) lines.push(`[${level.toUpperCase()}] ${text}`);
    this.host.log({ level, text, path: this.path, udfType: this.udfType, requestId: this.request.requestId });
  }

  /**
   * The function has returned, thrown or was given up: nothing it still does has any effect, nor what a nested call of it does that
   * nobody awaited. A nested mutation's writes are kept or undone.
   */
  finish(keep: boolean): void {
    if (this.ended) return;
    this.ended = true;
    this.done = true;
    this.child?.finish(false);
    this.#streams.clear();
    if (this.savepoint === null) return;
    if (keep) this.savepoint.release();
    else {
      this.savepoint.rollback();
      this.undo?.();
    }
  }

  /** For syscalls that open transactions of their own: inside a transaction they would wait for it, and it for them. */
  assertAction(): void {
    if (this.txn !== null) throw new EngineError(`This is only possible in actions, not in a ${this.udfType}.`);
  }

  /** For syscalls that read. Throws in actions. */
  get reader(): Reader {
    if (this.#reader === null) throw new EngineError("The database can only be used in queries and mutations.");
    return this.#reader;
  }

  /** For syscalls that write. Throws in queries and actions. */
  get writer(): Writer {
    const writer = this.txn?.writer;
    if (this.udfType !== "mutation" || writer == null) {
      throw new EngineError("Writes to the database are only possible in mutations.");
    }
    return writer;
  }

  get component(): string {
    return this.path.component;
  }

  /** Counts one index range, and refuses when the transaction has read or written too much. */
  countQuery(): void {
    if (this.txn !== null) this.txn.meter.databaseQueries++;
  }

  enforceLimits(): void {
    if (this.limits !== null && this.txn !== null) enforce(this.limits, this.txn.meter, this.txn.reader);
  }

  openStream(stream: QueryStream): number {
    const id = this.#nextStream++;
    this.#streams.set(id, stream);
    return id;
  }

  stream(id: number): QueryStream {
    const stream = this.#streams.get(id);
    if (stream === undefined) throw new EngineError(`There is no open query ${id} in this function.`);
    return stream;
  }

  closeStream(id: number): void {
    this.#streams.delete(id);
  }

  /** Throws when the function is over. */
  assertRunning(): void {
    if (this.done) {
      throw new EngineError(
        `Syscall outside a running function: "${this.path.module}:${this.path.name}" has already returned. Await every promise.`,
      );
    }
  }
}

function unsupported(op: string): EngineError {
  return new EngineError(`The embedded Convex host does not support syscall "${op}".`);
}
