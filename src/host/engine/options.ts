/** What an engine is made of. */
import type { Store } from "../store/types.ts";
import type { TransactionLimits } from "./limits.ts";
import type { Deployment, Executor, FileStore, FunctionPath, UdfType } from "./types.ts";

export interface EngineOptions {
  store: Store;
  executor: Executor;
  /** Read live; use `Engine.redeploy` to exchange it. */
  deployment: Deployment;
  /** Absent: file storage is refused by name. */
  files?: FileStore;
  /** Base of storage URLs (`CONVEX_CLOUD_URL`). A function, because a port may be known only later. */
  cloudUrl?: () => string;
  /** `getDeploymentMetadata().name`. Default "embedded". */
  deploymentName?: string;
  /** ms since 1970. Default Date.now. */
  now?: () => number;
  /** Must not throw. Default: silent. */
  log?: (entry: LogEntry) => void;
  /** Timers of scheduler and crons; tests drive them by fake timers. Default: the real ones. */
  timers?: Timers;
  limits?: Partial<EngineLimits>;
  /** Told whose code is about to run (a key of suspects.ts, null: nobody's that could be asked for again). */
  running?(key: string | null): void;
  /** Why the call with this key must not run again; null: it may. */
  refusal?(key: string, now: number): string | null;
  /** Called often while schemas are applied, so that a long start is no hang; the text, when there is one, is for the operator. */
  progress?(text: string | null): void;
  /**
   * For tests only, what convex-test allows and tests rely on: system tables may be written, a handle may name a function that does
   * not exist, and validation errors contain "Validator error".
   */
  likeConvexTest?: boolean;
}

export interface EngineLimits {
  /** Wall time of a query or mutation; it holds the only writer. */
  transactionMs: number;
  actionMs: number;
  /** JSON text of the arguments, and of a result. */
  valueBytes: number;
  /** Per top-level transaction; null: not enforced. */
  transaction: TransactionLimits | null;
  /** Scheduled functions running at the same time. */
  scheduledConcurrency: number;
  /** How long finished `_scheduled_functions` documents are kept. The workpool's recovery wants at least a day. */
  finishedScheduledMs: number;
  /** How long results of websocket mutations are kept to answer a resend. */
  sessionResultMs: number;
  /** How long at least, when the client has made many calls since. */
  answeredResultMs: number;
  /** Interval of the sweep; 0: never. */
  sweepMs: number;
}

export interface Timers {
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  /** Longest wait in one piece: a machine that sleeps stops its timers, not its clock. Default: as long as setTimeout can. */
  maxDelayMs?: number;
  /** False when the timer was set on a clock that is no longer in force (a test exchanged it): it is set again. Default: true. */
  isAlive?(timer: unknown): boolean;
}

/** A line for the operator; an application's `console` lines come with the function's path. */
export interface LogEntry {
  level: "debug" | "info" | "log" | "warn" | "error";
  text: string;
  path?: FunctionPath;
  udfType?: UdfType;
  requestId?: string;
}
