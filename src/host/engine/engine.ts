/** Finds the function, opens the transaction, runs the call, reports. */

import { Crons } from "../scheduler/crons.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import type { ComponentPath, Json, JsonObject, ReadSet, Store, Writer } from "../store/types.ts";
import { queryKey, sessionKey } from "../suspects.ts";
import { COMMIT_TS_MARK, resolveCommitTs } from "../values/special.ts";
import { parsePath } from "./address.ts";
import { Call } from "./call.ts";
import { CallError, EngineError, failureOf, stackOf } from "./errors.ts";
import { describePath, expectType, Functions, type ResolvedFunction } from "./functions.ts";
import type { Host } from "./host.ts";
import { runHttpAction } from "./http_action.ts";
import { invoke } from "./invoke.ts";
import { defaultTransactionLimits } from "./limits.ts";
import type { EngineLimits, EngineOptions, LogEntry } from "./options.ts";
import { Running } from "./running.ts";
import { realTimers, withLimit } from "./timers.ts";
import { type RequestInfo, requestOf, Txn } from "./txn.ts";
import type {
  Caller,
  CallResult,
  Deployment,
  Engine,
  Executor,
  FileStore,
  FunctionPath,
  Identity,
  Session,
  UdfType,
} from "./types.ts";

const defaultLimits: EngineLimits = {
  transactionMs: 15_000,
  actionMs: 10 * 60_000,
  valueBytes: 16 * 1024 * 1024,
  transaction: defaultTransactionLimits,
  scheduledConcurrency: 64,
  finishedScheduledMs: 48 * 3600_000,
  sessionResultMs: 7 * 24 * 3600_000,
  answeredResultMs: 3600_000,
  sweepMs: 10 * 60_000,
};

/** What happens around a mutation in its own transaction. */
export interface Around {
  /** The transaction has its place in the order of all. */
  queued?(): void;
  /** A text: it is the answer, and the function is not run. */
  instead?(tx: Writer): string | null;
  after?(tx: Writer, value: string): void;
}

export class EmbeddedEngine implements Engine, Host {
  readonly store: Store;
  readonly executor: Executor;
  readonly functions: Functions;
  readonly files: FileStore | null;
  readonly deploymentName: string;
  readonly likeConvexTest: boolean;
  readonly limits: EngineLimits;
  readonly now: () => number;
  readonly log: (entry: LogEntry) => void;
  readonly cloudUrl: () => string;
  readonly scheduler: Scheduler;
  readonly #crons: Crons;
  readonly #running = new Running();
  readonly #note: ((key: string | null) => void) | null;
  readonly #refusal: (key: string, now: number) => string | null;
  readonly #progress: (text: string | null) => void;
  /** Whose code runs, as far as the host has seen. */
  #current: RequestInfo | null = null;
  #deployment: Deployment;
  #started = false;
  #calls = 0;

  constructor(options: EngineOptions) {
    this.store = options.store;
    this.executor = options.executor;
    this.functions = new Functions(options.executor);
    this.files = options.files ?? null;
    this.deploymentName = options.deploymentName ?? "embedded";
    this.likeConvexTest = options.likeConvexTest ?? false;
    this.limits = { ...defaultLimits, ...options.limits };
    this.now = options.now ?? Date.now;
    this.log = options.log ?? (() => {});
    this.cloudUrl = options.cloudUrl ?? (() => this.env("").CONVEX_CLOUD_URL ?? "");
    this.#note = options.running ?? null;
    this.#refusal = options.refusal ?? (() => null);
    this.#progress = options.progress ?? (() => {});
    this.#deployment = options.deployment;
    const timers = options.timers ?? realTimers;
    this.scheduler = new Scheduler({ engine: this, timers });
    this.#crons = new Crons({ engine: this, timers });
    this.store.onCommit(({ wakeAt }) => {
      if (wakeAt !== null) this.scheduler.wake(wakeAt);
    });
    this.#defineComponents();
  }

  get deployment(): Deployment {
    return this.#deployment;
  }
  get valueBytes(): number {
    return this.limits.valueBytes;
  }

  parsePath(text: string, component: ComponentPath = ""): FunctionPath {
    return parsePath(text, component);
  }

  async query(
    path: FunctionPath,
    args: JsonObject,
    caller: Caller,
    { journal, track = true }: { journal?: string | null; track?: boolean } = {},
  ): Promise<CallResult & { reads: ReadSet; usedIdentity: boolean; journal: string | null }> {
    // Only who looks at the notes needs the key; it costs the text of the arguments.
    const key = this.#note === null ? null : queryKey(describePath(path), JSON.stringify(args));
    return this.#guard(requestOf(caller, key), path, async (request) => {
      const fn = await this.#clientFunction(path, caller, "query");
      return this.runQuery(fn, args, request, caller.identity, { track, journal });
    });
  }

  async mutation(path: FunctionPath, args: JsonObject, caller: Caller, session?: Session): Promise<CallResult> {
    const key = session === undefined ? null : sessionKey(session.sessionId, session.requestId);
    return this.#guard(requestOf(caller, key), path, async (request) => {
      const fn = await this.#clientFunction(path, caller, "mutation");
      return this.runMutation(fn, args, request, caller.identity, session && onceFor(session));
    });
  }

  async action(path: FunctionPath, args: JsonObject, caller: Caller): Promise<CallResult> {
    return this.#guard(requestOf(caller), path, async (request) => {
      const fn = await this.#clientFunction(path, caller, "action");
      return this.runAction(fn, args, request, caller.identity);
    });
  }

  async any(path: FunctionPath, args: JsonObject, caller: Caller): Promise<CallResult & { udfType: UdfType }> {
    return this.#guard(requestOf(caller), path, async (request) => {
      const fn = await this.functions.forClient(path, caller.isAdmin);
      const { udfType } = fn.info;
      if (udfType === "mutation") return { ...(await this.runMutation(fn, args, request, caller.identity)), udfType };
      if (udfType === "action") return { ...(await this.runAction(fn, args, request, caller.identity)), udfType };
      return { ...(await this.runQuery(fn, args, request, caller.identity)), udfType };
    });
  }

  async httpAction(request: Request, caller: Caller): Promise<Response> {
    return this.#guard(requestOf(caller), undefined, (info) =>
      runHttpAction(this, request, info, this.limits.actionMs),
    );
  }

  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    await this.scheduler.start();
    await this.#crons.start(this.#deployment.crons);
  }

  async stop(timeoutMs: number): Promise<void> {
    this.#crons.stop();
    this.scheduler.stop();
    await this.#running.close(timeoutMs);
  }

  /** Exchanges code and schemas; throws when existing documents violate a schema, keeping the old ones. Running calls go on. */
  async redeploy(deployment: Deployment): Promise<void> {
    this.#crons.check(deployment.crons);
    await this.store.exclusive(() => {
      const before = this.#deployment;
      this.#deployment = deployment;
      try {
        this.#defineComponents();
      } catch (thrown) {
        this.#deployment = before;
        throw thrown;
      }
      this.functions.forget();
    });
    if (this.#started) await this.#crons.start(deployment.crons);
  }

  // What follows is for calls, the scheduler and the test facade.

  nextId(): string {
    return `x${++this.#calls}`;
  }
  env(component: ComponentPath): Record<string, string> {
    return this.#deployment.components.get(component)?.env ?? {};
  }

  async runQuery(
    fn: ResolvedFunction,
    args: JsonObject,
    request: RequestInfo,
    identity: Identity,
    options: { track?: boolean; journal?: string | null } = {},
  ) {
    const { value, ts, reads } = await this.store.read(
      async (tx) => {
        const txn = new Txn(tx, null, this.now(), options.journal);
        const call = new Call(this, fn, "query", request, identity, txn, this.limits.transaction);
        txn.rootId = call.id;
        try {
          const text = await this.#limited(call, this.limits.transactionMs, invoke(call, fn, args));
          return { text, txn, failed: false as const };
        } catch (thrown) {
          if (options.track !== true) throw thrown;
          return { thrown, txn, failed: true as const };
        }
      },
      { track: options.track ?? false },
    );
    // A subscription to a query that fails must know what it had read, to run it again when that changes.
    if (value.failed) throw new CallError({ ...failureOf(value.thrown, request.logLines), reads, ts }, value.thrown);
    const { usedIdentity, journalOut } = value.txn;
    return { value: value.text, ts, reads, logLines: request.logLines, usedIdentity, journal: journalOut };
  }

  /** Rejects with what the function threw, everything undone. Resolves after the commit. */
  async runMutation(
    fn: ResolvedFunction,
    args: JsonObject,
    request: RequestInfo,
    identity: Identity,
    around?: Around,
  ): Promise<CallResult> {
    let txn: Txn | null = null;
    try {
      const written = this.store.write(async (tx) => {
        const answer = around?.instead?.(tx) ?? null;
        if (answer !== null) return answer;
        txn = new Txn(tx, tx, this.now());
        const call = new Call(this, fn, "mutation", request, identity, txn, this.limits.transaction);
        txn.rootId = call.id;
        const text = await this.#limited(call, this.limits.transactionMs, invoke(call, fn, args));
        around?.after?.(tx, text);
        return text;
      });
      around?.queued?.();
      const { value, ts } = await written;
      this.#removeFiles(txn, true);
      return { value: withCommitTs(value, ts), ts, logLines: request.logLines };
    } catch (thrown) {
      this.#removeFiles(txn, false);
      throw thrown;
    }
  }

  async runAction(fn: ResolvedFunction, args: JsonObject, request: RequestInfo, identity: Identity) {
    const call = new Call(this, fn, "action", request, identity, null, null);
    const value = await this.#limited(call, this.limits.actionMs, invoke(call, fn, args));
    return { value, ts: null, logLines: request.logLines };
  }

  async runFromAction(fn: ResolvedFunction, args: JsonObject, request: RequestInfo, identity: Identity) {
    const { udfType } = fn.info;
    if (udfType === "query") return (await this.runQuery(fn, args, request, identity)).value;
    if (udfType === "mutation") return (await this.runMutation(fn, args, request, identity)).value;
    return (await this.runAction(fn, args, request, identity)).value;
  }

  async vectorSearch(component: ComponentPath, query: JsonObject) {
    return (await this.store.read(async (tx) => tx.vectorSearch(component, query))).value;
  }

  /** This request's code is about to run. */
  enter(request: RequestInfo): void {
    if (this.#note === null || this.#current === request) return;
    const before = this.#current?.suspectKey ?? null;
    this.#current = request;
    if (before !== request.suspectKey) this.#note(request.suspectKey);
  }

  /** It has ended. */
  leave(request: RequestInfo): void {
    if (this.#current !== request) return;
    this.#current = null;
    if (request.suspectKey !== null) this.#note?.(null);
  }

  /** Throws when this call ended an earlier worker. */
  assertNotSuspect({ suspectKey }: RequestInfo): void {
    const reason = suspectKey === null ? null : this.#refusal(suspectKey, this.now());
    if (reason !== null) throw new EngineError(reason);
  }

  /** Counts the work among what `stop` waits for. */
  track<T>(work: Promise<T>): Promise<T> {
    return this.#running.add(work);
  }

  /** Bytes whose documents are gone, now that the transaction has ended one way or the other. */
  #removeFiles(txn: Txn | null, isCommitted: boolean): void {
    if (txn === null) return;
    const gone = [...txn.filesOrphaned, ...(isCommitted ? txn.filesRemoved : txn.filesAdopted)];
    for (const id of gone) this.files?.remove(id);
  }

  async #clientFunction(path: FunctionPath, caller: Caller, type: UdfType): Promise<ResolvedFunction> {
    const fn = await this.functions.forClient(path, caller.isAdmin);
    expectType(fn, type);
    return fn;
  }

  /** After the limit the call is finished, so that it can do no more harm, and the wait for it ends. */
  #limited<T>(call: Call, ms: number, work: Promise<T>): Promise<T> {
    return withLimit(work, ms, () => {
      call.finish(false);
      return new EngineError(`Function execution timed out (maximum duration: ${ms / 1000}s)`);
    });
  }

  /** Turns whatever is thrown into a CallError. */
  async #guard<T>(
    request: RequestInfo,
    path: FunctionPath | undefined,
    body: (request: RequestInfo) => Promise<T>,
  ): Promise<T> {
    try {
      this.#running.assertOpen();
      this.assertNotSuspect(request);
      this.enter(request);
      return await this.#running.add(body(request));
    } catch (thrown) {
      const failed = thrown instanceof CallError ? thrown : new CallError(failureOf(thrown, request.logLines), thrown);
      // An application throws ConvexErrors on purpose; everything else is a defect somebody has to see.
      const level = failed.failure.data === undefined ? "error" : "debug";
      this.log({ level, text: stackOf(failed.cause), requestId: request.requestId, ...(path && { path }) });
      throw failed;
    } finally {
      this.leave(request);
    }
  }

  #defineComponents(): void {
    const components = [...this.#deployment.components.values()];
    this.store.defineComponents(
      components.map(({ path, schema }) => [path, schema] as const),
      this.#progress,
    );
  }
}

/** A mutation may return `db.vars.commitTs`, which is known only now. */
function withCommitTs(text: string, ts: bigint): string {
  return text.includes(COMMIT_TS_MARK) ? JSON.stringify(resolveCommitTs(JSON.parse(text) as Json, ts)) : text;
}

/** A resend finds the result of the first try in its own transaction, however closely it follows. */
function onceFor({ sessionId, requestId, queued }: Session): Around {
  return {
    queued,
    instead: (tx) => tx.sessionResult(sessionId, requestId),
    after: (tx, value) => tx.saveSessionResult(sessionId, requestId, value),
  };
}

/** Creates the tables and indexes of every component; throws when documents violate a schema. Call `start()` for the scheduler. */
export function createEngine(options: EngineOptions): EmbeddedEngine {
  return new EmbeddedEngine(options);
}
