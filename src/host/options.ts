/** What starting a host takes and gives. */

export interface HostOptions {
  /** The project's folder (with `convex/` in it), or the functions folder itself. */
  appDir: string;
  /** Everything durable lies here: `convex.sqlite`, `files/`, `instance.json`. */
  dataDir: string;
  /** Where the bundle and compiled code are kept, which may be deleted. Hosts may share it. Default `cache/` in `dataDir`. */
  cacheDir?: string;
  /** Of the API; HTTP actions are answered on `port + 1`. 0: any free pair, kept over restarts of the worker. */
  port: number;
  /** Default 127.0.0.1. Anything else lets other machines in; they still need a token or the admin key. */
  host?: string;
  /** `process.env` of the app's functions; CONVEX_CLOUD_URL and CONVEX_SITE_URL are added. Nothing else leaks in. */
  env: Record<string, string>;
  /** FULL (default) survives a power cut, NORMAL only the end of the process, OFF is for tests. */
  synchronous?: "FULL" | "NORMAL" | "OFF";
  /** Must not throw. Default: silent. */
  log?: (entry: HostLogEntry) => void;
  /** Reload the functions when their sources change. Default false. */
  watch?: boolean;
  /** The worker is ended and started again when its event loop does not turn for so long. Default 30,000. */
  hangTimeoutMs?: number;
  /** The worker is ended and started again when the process grows by more than this while functions run. Default 1,024. */
  memoryMb?: number;
  /** Hears what a long start is doing ("filling index messages.by_author: 20,000 of 100,000"). Must not throw. */
  progress?: (text: string) => void;
}

export interface HostLogEntry {
  level: "debug" | "info" | "warn" | "error";
  text: string;
  /** `module:function` and its component, when application code printed it. */
  function?: string;
}

export interface RunningHost {
  /** CONVEX_CLOUD_URL: for ConvexClient and ConvexHttpClient. */
  readonly url: string;
  /** CONVEX_SITE_URL: for HTTP actions. */
  readonly siteUrl: string;
  /** `Authorization: Convex <adminKey>` may call everything. Never log it. */
  readonly adminKey: string;
  /** Refuses new calls, waits for running ones up to the limit, closes the files. Later calls return the first one's promise. */
  stop(timeoutMs: number): Promise<void>;
  /** Never rejects. `error` is set when the worker could not be kept running; then nothing answers any more. */
  readonly exited: Promise<{ error?: Error }>;
}

/** Why a host did not start. The message is for the operator and says what to do. */
export class HostStartError extends Error {
  override name = "HostStartError";
  /** `EADDRINUSE`, `EACCES`; `in_use`, `newer_version`, `corrupt`, `disk_full`, `io_failed`, `invalid_schema`; `bundle`; else `unknown`. */
  readonly code: string;
  /** The port that could not be had. */
  readonly port?: number;

  constructor(message: string, code: string, port?: number) {
    super(message);
    this.code = code;
    if (port !== undefined) this.port = port;
  }
}
