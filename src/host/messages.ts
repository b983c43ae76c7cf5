/** What the main thread and the worker say to each other. */
import type { HostLogEntry } from "./options.ts";

export interface WorkerInput {
  functionsDir: string;
  dataDir: string;
  host: string;
  port: number;
  env: Record<string, string>;
  synchronous: "FULL" | "NORMAL" | "OFF";
  watch: boolean;
  instanceName: string;
  adminKey: string;
  /** One 32-bit number that the worker counts up; the main thread looks whether it does. */
  heartbeat: SharedArrayBuffer;
}

export type ToWorker = { type: "stop"; timeoutMs: number };

export type FromWorker =
  | { type: "ready"; url: string; siteUrl: string }
  | { type: "failed"; message: string; code: string; port?: number }
  | { type: "log"; entry: HostLogEntry }
  | { type: "stopped" };

/** Often enough to notice a hang, seldom enough to cost nothing. */
export const HEARTBEAT_MS = 500;
