/** What the main thread and the worker say to each other. */
import type { HostLogEntry } from "./options.ts";
import type { Suspect } from "./suspects.ts";

/** What the thread is born with: enough to load the host and to read the bundle. */
export interface ThreadSetup {
  functionsDir: string;
  cacheDir: string;
  /** Of a Board: the worker counts it up and notes whose code runs; the main thread looks. */
  board: SharedArrayBuffer;
}

export interface WorkerInput {
  dataDir: string;
  host: string;
  port: number;
  env: Record<string, string>;
  synchronous: "FULL" | "NORMAL" | "OFF";
  watch: boolean;
  instanceName: string;
  adminKey: string;
  /** Calls that ended an earlier worker. */
  suspects: Suspect[];
}

export type ToWorker = { type: "start"; input: WorkerInput } | { type: "stop"; timeoutMs: number };

export type FromWorker =
  /** What the start is doing, when it takes long. */
  | { type: "progress"; text: string }
  | { type: "ready"; url: string; siteUrl: string }
  | { type: "failed"; message: string; code: string; port?: number }
  | { type: "log"; entry: HostLogEntry }
  | { type: "stopped" };

/** Often enough to notice a hang or a flood of memory, seldom enough that an idle process sleeps. */
export const HEARTBEAT_MS = 1_000;
