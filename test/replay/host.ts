/** The product's backend on a folder, with a client that holds its gateway's key. */
import { join } from "node:path";
import { type Backend, connectBackend } from "../../src/bot/backend.ts";
import { ensureGatewayKey } from "../../src/bot/gateway_key.ts";
import { startHost } from "../../src/host/index.ts";

export interface ReplayHost {
  backend: Backend;
  stop(): Promise<void>;
}

export async function startReplayHost(dataDir: string): Promise<ReplayHost> {
  const key = await ensureGatewayKey(null, dataDir);
  const host = await startHost({
    appDir: join(import.meta.dirname, "..", ".."),
    dataDir,
    port: 0,
    env: { FACTORY_GATEWAY_JWKS: key.jwks },
  });
  const backend = connectBackend({ url: host.url, token: key.token, timeoutMs: 20_000 });
  return {
    backend,
    async stop() {
      await backend.close();
      await host.stop(5_000);
    },
  };
}
