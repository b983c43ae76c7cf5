import type { TokenVerifier } from "../auth/index.ts";
import type { Engine, FileStore } from "../engine/types.ts";
import type { JsonObject, Store } from "../store/types.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface WireOptions {
  engine: Engine;
  store: Store;
  /** Verifies users' tokens; admin keys are compared here. */
  auth: TokenVerifier;
  files: FileStore;
  /** `Authorization: Convex <adminKey>`: may call internal functions and any component. */
  adminKey: string;
  instanceName: string;
  /** Loopback unless the operator says otherwise. */
  host: string;
  /** 0: any free port. */
  port: number;
  /** HTTP actions; default `port + 1` (0 when port is 0). */
  sitePort?: number;
  /** Must not throw. Default: silent. */
  log?: (level: LogLevel, text: string) => void;
  /** The answer of `/api/deploy2/start_push`, for `npx convex codegen --url`; absent: the endpoint answers 404. */
  analysis?: () => Promise<JsonObject>;
  /** Milliseconds between pings to websocket clients; they give up after 60 s of silence. Default 15,000. */
  pingIntervalMs?: number;
  limits?: Partial<WireLimits>;
}

export interface WireLimits {
  /** Body of a function call (Convex: 16 MiB of arguments; some room for JSON escapes). */
  callBytes: number;
  /** Body of a request to an HTTP action. */
  httpActionBytes: number;
  /** One uploaded file. */
  uploadBytes: number;
  /** Body of `/api/deploy2/*` after decompression. */
  pushBytes: number;
  /** Subscribed queries of one socket. */
  queriesPerSocket: number;
  /** Bytes waiting to be read by one websocket client before it is cut off. */
  socketBufferBytes: number;
}

export interface WireServer {
  /** `CONVEX_CLOUD_URL` */
  url: string;
  /** `CONVEX_SITE_URL` */
  siteUrl: string;
  /** After the functions' code has changed: every subscribed query is run again, and clients get what differs. */
  codeChanged(): void;
  /** Refuses new requests, waits for running ones up to the limit, then cuts connections. Clients reconnect by themselves. */
  close(timeoutMs: number): Promise<void>;
}

export const defaultLimits: WireLimits = {
  callBytes: 24 * 1024 * 1024,
  httpActionBytes: 20 * 1024 * 1024,
  uploadBytes: 1024 * 1024 * 1024,
  pushBytes: 128 * 1024 * 1024,
  queriesPerSocket: 4096,
  socketBufferBytes: 64 * 1024 * 1024,
};
