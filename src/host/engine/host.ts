/** What a running call may use of the engine. */
import type { ComponentPath, JsonObject, Store } from "../store/types.ts";
import type { Functions, ResolvedFunction } from "./functions.ts";
import type { LogEntry } from "./options.ts";
import type { RequestInfo } from "./txn.ts";
import type { Deployment, Executor, FileStore, Identity } from "./types.ts";

export interface Host {
  readonly store: Store;
  readonly executor: Executor;
  readonly functions: Functions;
  readonly deployment: Deployment;
  readonly files: FileStore | null;
  readonly deploymentName: string;
  readonly likeConvexTest: boolean;
  readonly valueBytes: number;
  cloudUrl(): string;
  env(component: ComponentPath): Record<string, string>;
  nextId(): string;
  now(): number;
  log(entry: LogEntry): void;
  /** This request's code is about to run. */
  enter(request: RequestInfo): void;
  /** `ctx.runQuery` and the like of an action: a top-level call of the same request. */
  runFromAction(fn: ResolvedFunction, args: JsonObject, request: RequestInfo, identity: Identity): Promise<string>;
  vectorSearch(component: ComponentPath, query: JsonObject): Promise<{ _id: string; _score: number }[]>;
}
