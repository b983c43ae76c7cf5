/**
 * The one way to the backend, embedded or not: a ConvexClient (websocket) with the gateway's token. Calls survive a restart of
 * the backend, because the client sends them again and the backend knows what it has already done. Everything that goes wrong
 * comes out as a FactoryError.
 */
import { ConvexClient } from "convex/browser";
import type { FunctionArgs, FunctionReturnType } from "convex/server";
import { ERROR_CODES, type ErrorCode, FactoryError, toErrorInfo } from "../contract/errors.ts";
import type { RunView } from "../contract/run.ts";
import { functions, type Mutation, type Query, type WireApproval, type WireRun } from "./functions.ts";
import { type Line, takeUpAgain } from "./take_up_again.ts";
import { BackendUnreachable, type Whereabouts } from "./unreachable.ts";

// biome-ignore lint/suspicious/noExplicitAny: any arguments, any result; each call site has its own
type AnyQuery = Query<any, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above
type AnyMutation = Mutation<any, any>;

export interface Backend extends Readonly<Whereabouts> {
  query<F extends AnyQuery>(ref: F, args: FunctionArgs<F>): Promise<FunctionReturnType<F>>;
  /** Waits for the backend to come back, unless `timeoutMs` of the backend's options passes. */
  mutation<F extends AnyMutation>(ref: F, args: FunctionArgs<F>): Promise<FunctionReturnType<F>>;
  /** Calls back with the value now and after each change; returns the way to stop it. Errors of the query itself go to `failed`. */
  onUpdate<F extends AnyQuery>(
    ref: F,
    args: FunctionArgs<F>,
    changed: (value: FunctionReturnType<F>) => void,
    failed: (error: FactoryError) => void,
  ): () => void;
  /** Whether the websocket stands right now. */
  connected(): boolean;
  close(): Promise<void>;
}

export interface BackendOptions {
  url: string;
  dataDir?: string | null;
  token: () => Promise<string>;
  /**
   * A call that has no answer by then fails as `backend_unavailable`, as does one whose connection was cut and soon cannot be made anew;
   * null: it waits for ever (the bot's choice).
   */
  timeoutMs: number | null;
  /** Whether a backend is known to start there; then a connection that was cut is not given up early. */
  isStarting?: () => boolean;
  /** Diagnostics of the client, for example "WebSocket reconnected". */
  log?: (level: "debug" | "warn", text: string) => void;
}

export function connectBackend(options: BackendOptions): Backend {
  const log = options.log ?? (() => {});
  const said =
    (level: "debug" | "warn") =>
    (...parts: unknown[]) =>
      log(level, parts.map(String).join(" "));
  // A function's failure is the caller's, who gets it as an error.
  const failed = (...parts: unknown[]) => said(/^\[CONVEX [QMA]\(/.test(String(parts[0])) ? "debug" : "warn")(...parts);
  const client = new ConvexClient(options.url, {
    skipConvexDeploymentUrlCheck: true,
    unsavedChangesWarning: false,
    logger: { log: said("debug"), warn: said("debug"), error: failed, logVerbose: () => {} },
  });
  client.setAuth(options.token);
  const { url, dataDir = null, timeoutMs } = options;
  const at: Whereabouts = { url, dataDir };
  const line = timeoutMs === null ? null : takeUpAgain(client, options.isStarting ?? (() => false));
  const call = async <T>(promise: Promise<T>): Promise<T> => {
    try {
      return await within(timeoutMs, promise, at, line);
    } catch (thrown) {
      throw toFactoryError(thrown, at);
    }
  };
  return {
    ...at,
    query: (ref, args) => call(client.query(ref, args)),
    mutation: (ref, args) => call(client.mutation(ref, args)),
    onUpdate: (ref, args, changed, failed) =>
      client.onUpdate(ref, args, changed, (error) => failed(toFactoryError(error, at))),
    connected: () => client.connectionState().isWebSocketConnected,
    close: () => {
      line?.stop();
      return client.close();
    },
  };
}

/** Rejects as `backend_unavailable` after `ms`, or when `line` is lost; null waits for ever. The call itself is not taken back. */
export async function within<T>(
  ms: number | null,
  promise: Promise<T>,
  at: Whereabouts,
  line: Pick<Line, "onLost"> | null = null,
): Promise<T> {
  if (ms === null) return promise;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const giveUp = (reason: string) => reject(new BackendUnreachable(at, reason));
  const timer = setTimeout(() => giveUp(`no answer within ${ms / 1000} s`), ms);
  const stop = line?.onLost(giveUp);
  // When the timeout wins, nobody else looks at the call any more.
  promise.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    stop?.();
  }
}

/** Anything thrown by a call, as one of ours. What the backend threw on purpose arrives unchanged. */
export function toFactoryError(thrown: unknown, at: Whereabouts): FactoryError {
  if (thrown instanceof FactoryError) return thrown;
  const info = toErrorInfo(thrown);
  const text = info.message;
  const made = (code: ErrorCode, message: string, remedy: string, field?: string) =>
    new FactoryError(code, message, { remedy, cause: thrown, ...(field === undefined ? {} : { field }) });
  if (info.code !== "internal") return fromInfo(info, thrown);
  if (/disk is full|ENOSPC|SQLITE_FULL/i.test(text)) {
    return made(
      "disk_full",
      "the backend has no disk space left; nothing was stored",
      "free some space, then try again",
      "FACTORY_DATA_DIR",
    );
  }
  if (/fetch failed|ECONNREFUSED|ECONNRESET|ConvexClient has already been closed|Client has been closed/i.test(text)) {
    return new BackendUnreachable(at, text, thrown);
  }
  if (/ArgumentValidationError/.test(text)) return made("invalid_input", firstLines(text), "check what you passed");
  if (/Could not find public function/.test(text)) {
    return made("backend_unavailable", firstLines(text), "deploy this version of convex/ to the backend");
  }
  return made("internal", firstLines(text), "look into the bot's log; with LOG_LEVEL=debug it says more");
}

function fromInfo(info: ReturnType<typeof toErrorInfo>, cause: unknown): FactoryError {
  const { remedy, field, retryable } = info;
  return new FactoryError(info.code, info.message, {
    retryable: retryable ?? ERROR_CODES[info.code].retryable,
    cause,
    ...(remedy === null ? {} : { remedy }),
    ...(field === null ? {} : { field }),
  });
}

/** Convex's wording carries a request id line and a stack; people need the sentence. */
const firstLines = (text: string): string =>
  text
    .replace(/^\[CONVEX [^\]]*\]\s*/, "")
    .replace(/\[Request ID: [^\]]*\]\s*/, "")
    .replace(/^Server Error\s*/, "")
    .replace(/\n\s+at [\s\S]*$/, "")
    .replace(/\s*Called by client\s*$/, "")
    .trim() || "the backend failed without a reason";

export function decodeRun(run: WireRun): RunView {
  return {
    ...run,
    input: JSON.parse(run.input) as unknown,
    variables: JSON.parse(run.variables) as Record<string, unknown>,
    result: JSON.parse(run.result) as unknown,
  };
}

/** What a person decides on, readable. */
export interface ApprovalDetail extends Omit<WireApproval, "payload"> {
  payload: unknown;
}

export function decodeApproval(approval: WireApproval): ApprovalDetail {
  return { ...approval, payload: approval.payload === null ? null : (JSON.parse(approval.payload) as unknown) };
}

export { functions };
