/** Starts the embedded host with what this product gives it. The only file that knows both. */
import { type ErrorCode, FactoryError } from "../contract/errors.ts";
import type { HostLogEntry, HostThread } from "../host/index.ts";
import { APP_DIR, CACHE_DIR } from "./app_dir.ts";
import { toFactoryError } from "./backend.ts";
import type { Config } from "./config.ts";
import type { GatewayKey } from "./gateway_key.ts";
import { cannotListen } from "./http.ts";
import type { Logger } from "./logger.ts";

export interface EmbeddedHost {
  url: string;
  /** Resolves when all is written; afterwards it is gone, after `timeoutMs` at the latest. */
  stop(timeoutMs: number): Promise<void>;
  /** Resolves when the host ended; with an error when it did so by itself. */
  exited: Promise<{ error?: Error }>;
}

const HOST = "127.0.0.1";

export async function startEmbedded(
  config: Config,
  dataDir: string,
  key: GatewayKey,
  log: Logger,
  progress: (step: string) => void,
  prepared: HostThread | null,
): Promise<EmbeddedHost> {
  // Only when needed: with CONVEX_URL nothing of the host is loaded.
  const { startHost } = await import("../host/index.ts");
  try {
    const options = {
      appDir: APP_DIR,
      dataDir,
      cacheDir: CACHE_DIR,
      port: config.backendPort,
      host: HOST,
      env: { ...config.backendEnv, FACTORY_GATEWAY_JWKS: key.jwks },
      progress: (text: string) => progress(`starting the embedded backend: ${text}`),
      log: ({ level, text, ...more }: HostLogEntry) =>
        log[level]({ from: "backend", ...more }, withoutKnownStack(text)),
    };
    return await startHost(options, prepared);
  } catch (thrown) {
    throw startError(thrown, config);
  }
}

/** What the host refuses by name (a full disk, for example) says all in its first line; where in the host that was helps nobody. */
export const withoutKnownStack = (text: string): string =>
  text.startsWith("HostError: ") ? text.slice("HostError: ".length).replace(/\n\s+at [\s\S]*$/, "") : text;

/** The host's reasons (src/host/options.ts) in our words. */
const REASONS: Record<string, { code: ErrorCode; field: string; remedy: string }> = {
  in_use: {
    code: "bot_running",
    field: "FACTORY_DATA_DIR",
    remedy: "stop the program that uses it, or set FACTORY_DATA_DIR to another folder",
  },
  disk_full: {
    code: "disk_full",
    field: "FACTORY_DATA_DIR",
    remedy: "free some space, then start again; what was stored is safe",
  },
  io_failed: {
    code: "invalid_input",
    field: "FACTORY_DATA_DIR",
    remedy: "check that this user may write in the folder and that its disk is well",
  },
  corrupt: {
    code: "data_corrupt",
    field: "FACTORY_DATA_DIR",
    remedy: "put a copy of the data folder back, or set FACTORY_DATA_DIR to a new folder to begin anew",
  },
  newer_version: {
    code: "conflict",
    field: "FACTORY_DATA_DIR",
    remedy: "start the version that wrote the data, or a newer one",
  },
  invalid_schema: {
    code: "conflict",
    field: "FACTORY_DATA_DIR",
    remedy: "start the version that wrote the data; a newer one must bring a migration",
  },
  bundle: { code: "internal", field: "convex/", remedy: "restore the convex/ folder of this version" },
};

export function startError(thrown: unknown, config: Pick<Config, "backendPort" | "dataDir">): FactoryError {
  const { code, port } = thrown as { code?: string; port?: number };
  if (code === "EADDRINUSE" || code === "EACCES" || code === "EADDRNOTAVAIL" || code === "ERANGE") {
    // HTTP actions take the port above, so the one in use may be the neighbour.
    return cannotListen(thrown, "BACKEND_PORT", port ?? config.backendPort, HOST);
  }
  const reason = code === undefined ? undefined : REASONS[code];
  if (reason === undefined) return toFactoryError(thrown, { url: "the embedded host", dataDir: config.dataDir });
  const { code: ours, field, remedy } = reason;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new FactoryError(ours, `the embedded backend does not start: ${message}`, { field, remedy, cause: thrown });
}
