/**
 * The seam between the engine (which function, which transaction, which syscall), the executors (where a function's code runs)
 * and the wire (HTTP, websocket). One engine, two executors: `isolate` (vm contexts, production) and `in_realm` (test facade).
 */
import type { ComponentPath, Json, JsonObject, ReadSet, SchemaExport } from "../store/types.ts";

export type UdfType = "query" | "mutation" | "action" | "httpAction";
export type Visibility = "public" | "internal";

/** `{component: "workflow/workpool", module: "lib", name: "enqueue"}`; module has no extension and uses "/". */
export interface FunctionPath {
  component: ComponentPath;
  module: string;
  name: string;
}

export interface FunctionInfo {
  udfType: UdfType;
  visibility: Visibility;
  /** Validator JSON as `exportArgs()` / `exportReturns()` give it; `{type: "any"}` when absent. */
  args: Json;
  returns: Json;
}

/** The running function as its code sees the host. One per call; the executor finds it through AsyncLocalStorage. */
export interface Execution {
  readonly id: string;
  readonly path: FunctionPath;
  readonly udfType: UdfType;
  /** Frozen time of a query or mutation in ms; null: the real clock (actions). */
  readonly now: number | null;
  /** Environment as `process.env` of this component. */
  readonly env: Record<string, string>;
  /** Set when the function has returned; later syscalls of a floating promise are refused. */
  done: boolean;
  /** Arguments and results are JSON text, as in convex/server's `performSyscall`. */
  syscall(op: string, args: string): string;
  /** A text where the answer is there at once, as it is for the database: whoever awaits it is spared a promise. Refusals are thrown. */
  asyncSyscall(op: string, args: string): string | Promise<string>;
  /** Only for blobs: `storage/storeBlob`, `storage/getBlob`. */
  jsSyscall(op: string, args: Record<string, unknown>): Promise<unknown>;
  log(level: "debug" | "info" | "log" | "warn" | "error", text: string): void;
}

/** Runs a function's code. Does not know transactions. Throws what the function threw. */
export interface Executor {
  /** null when there is no such function. Lazy: evaluates the module at most once. */
  describe(path: FunctionPath): Promise<FunctionInfo | null>;
  /** `args` is JSON text of the argument *array* (`[{…}]`); resolves with the result's JSON text. */
  invoke(path: FunctionPath, execution: Execution, args: string): Promise<string>;
  /** For http actions: `path` was found by `routeHttp`. */
  invokeHttp(path: FunctionPath | HttpRouteTarget, execution: Execution, request: Request): Promise<Response>;
  /** The app's `http.ts` router; null when no route fits. */
  routeHttp(component: ComponentPath, method: string, pathname: string): Promise<HttpRouteTarget | null>;
  /** Names of functions, for the start-up listing and codegen: module → exports. */
  listFunctions(component: ComponentPath): Promise<{ path: FunctionPath; info: FunctionInfo }[]>;
  close(): void;
}
export interface HttpRouteTarget {
  component: ComponentPath;
  method: string;
  routePath: string;
  /** Where the component is mounted, without a slash at the end; absent for the app itself. */
  mountPath?: string;
}

/** The component tree and what is static about it, from the bundler (or from `registerComponent` in the facade). */
export interface Deployment {
  components: Map<ComponentPath, ComponentInstance>;
  crons: CronSpec[];
  authProviders: AuthProvider[];
}
export interface ComponentInstance {
  path: ComponentPath;
  /** Which definition (one bundle per definition directory). */
  definition: string;
  /** child name → component path */
  children: Record<string, ComponentPath>;
  env: Record<string, string>;
  schema: SchemaExport | null;
}
export interface CronSpec {
  name: string;
  component: ComponentPath;
  /** `module:export` */
  udfPath: string;
  args: JsonObject;
  schedule: Json;
}
export type AuthProvider =
  | { type: "oidc"; domain: string; applicationID: string }
  | { type: "customJwt"; issuer: string; jwks: string; algorithm: "RS256" | "ES256"; applicationID?: string };

/** `ctx.auth.getUserIdentity()`, null when nobody is signed in. */
export type Identity = JsonObject | null;

export interface Caller {
  identity: Identity;
  /** Admin may call internal functions and any component. */
  isAdmin: boolean;
  /** Only for HTTP actions, whose Authorization header may be the app's own: `ctx.auth.getUserIdentity()` throws this. */
  authError?: string;
  requestId?: string;
  ip?: string | null;
  userAgent?: string | null;
  /** The JWT the identity was read from, for `getRequestMetadata`. */
  authToken?: string | null;
}

export interface CallResult {
  /** JSON text in Convex's JSON form */
  value: string;
  logLines: string[];
  /** Commit time of a mutation, snapshot time of a query; null for actions. */
  ts: bigint | null;
}

/** A websocket client's mutation. */
export interface Session {
  sessionId: string;
  requestId: number;
  /** Called once the transaction has its place in the order of all: a mutation that is begun now comes after it. Not when refused. */
  queued?(): void;
}

/** What an application function threw, or why the host refused. Never a half-done write behind it. */
export interface CallFailure {
  message: string;
  /** JSON form of a ConvexError's data; undefined otherwise. */
  data?: Json;
  logLines: string[];
  /** Of a failed query: what it had read, and at which time; a subscription is run again when that changes. */
  reads?: ReadSet;
  ts?: bigint;
}

/** What the wire uses. Every method throws `CallError` (engine/errors.ts) carrying a CallFailure. */
export interface Engine {
  /**
   * `journal` is what an earlier run of the same subscription returned: a paginated query then ends its page at the same cursor,
   * so that reactive pages neither gap nor overlap. The returned journal is null when nothing was paginated. `track` false: nobody asks
   * for `reads`, which are empty then.
   */
  query(
    path: FunctionPath,
    args: JsonObject,
    caller: Caller,
    options?: { journal?: string | null; track?: boolean },
  ): Promise<CallResult & { reads: ReadSet; usedIdentity: boolean; journal?: string | null }>;
  /** `session` makes the call idempotent over reconnects: the stored result is returned when it was run before. */
  mutation(path: FunctionPath, args: JsonObject, caller: Caller, session?: Session): Promise<CallResult>;
  action(path: FunctionPath, args: JsonObject, caller: Caller): Promise<CallResult>;
  /** Public-or-admin rule applied; "Could not find public function for '…'" otherwise. Chooses by the function's own type. */
  any(path: FunctionPath, args: JsonObject, caller: Caller): Promise<CallResult & { udfType: UdfType }>;
  httpAction(request: Request, caller: Caller): Promise<Response>;
  /** Parses `dir/module:name` or `dir/module.js:name`; export defaults to `default`. */
  parsePath(text: string, component?: ComponentPath): FunctionPath;
  /** Starts the scheduler and crons, failing actions that were in progress when the process died. */
  start(): Promise<void>;
  /** Waits for running functions up to the limit, then refuses new calls. */
  stop(timeoutMs: number): Promise<void>;
}

/** Bytes already on disk and synced, not yet belonging to a `_storage` document. */
export interface StagedFile {
  /** Base64, as the `_storage` document shows it. */
  readonly sha256: string;
  readonly size: number;
}

/**
 * Bytes of file storage. The order that survives a crash: `stage`, then inside the transaction that inserts the `_storage` document
 * (`{sha256, size, contentType?}`) `adopt` with the new id; a crash in between leaves an orphan that the next start sweeps away.
 * Removing: delete the document in a transaction, then `remove` after its commit.
 */
export interface FileStore {
  stage(source: Uint8Array | Blob | AsyncIterable<Uint8Array>): Promise<StagedFile>;
  /** Synchronous and durable when it returns. */
  adopt(staged: StagedFile, storageId: string): void;
  /** For a transaction that failed after `stage`; safe to call twice. */
  discard(staged: StagedFile): void;
  /** null when there are no such bytes. Lazy: the bytes are read when the blob is. */
  open(storageId: string, contentType?: string): Promise<Blob | null>;
  /** Idempotent. */
  remove(storageId: string): void;
  /** For `1.0/storageGenerateUploadUrl`: `<CONVEX_CLOUD_URL>/api/storage/upload?token=<this>`. Valid 1 h, over restarts too. */
  createUploadToken(component: ComponentPath): string;
  /** The component whose `_storage` the token may write to; null when the token is forged or too old. */
  readUploadToken(token: string): ComponentPath | null;
}
