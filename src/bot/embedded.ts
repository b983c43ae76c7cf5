/** Starts the embedded host with what this product gives it. The only file that knows both. */
import { APP_DIR } from "./app_dir.ts";
import { toFactoryError } from "./backend.ts";
import type { Config } from "./config.ts";
import type { GatewayKey } from "./gateway_key.ts";
import { cannotListen } from "./http.ts";
import type { Logger } from "./logger.ts";

export interface EmbeddedHost {
  url: string;
  /** Resolves when all is written; afterwards it is gone, after `timeoutMs` at the latest. */
  stop(timeoutMs: number): Promise<void>;
  /** Resolves when the host ended by itself, with the reason. */
  exited: Promise<unknown>;
}

export async function startEmbedded(
  config: Config,
  dataDir: string,
  key: GatewayKey,
  log: Logger,
): Promise<EmbeddedHost> {
  // Only when needed: with CONVEX_URL nothing of the host is loaded.
  const { startHost } = await import("../host/index.ts");
  try {
    return await startHost({
      appDir: APP_DIR,
      dataDir,
      port: config.backendPort,
      host: "127.0.0.1",
      env: { ...config.backendEnv, FACTORY_GATEWAY_JWKS: key.jwks },
      log,
    });
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code === "EADDRINUSE" || code === "EACCES" || code === "EADDRNOTAVAIL") {
      throw cannotListen(thrown, "BACKEND_PORT", config.backendPort, "127.0.0.1");
    }
    throw toFactoryError(thrown, "the embedded host");
  }
}
