/** A process to be killed: the product's backend on a given folder and port. Says "ready" on stdout. */
import { join } from "node:path";
import { startHost } from "../../src/host/index.ts";

const [dataDir, port, jwks, env] = process.argv.slice(2);
await startHost({
  appDir: join(import.meta.dirname, "..", ".."),
  dataDir: dataDir!,
  port: Number(port),
  env: { FACTORY_GATEWAY_JWKS: jwks!, ...(JSON.parse(env ?? "{}") as Record<string, string>) },
});
process.stdout.write("ready\n");
process.on("SIGTERM", () => process.exit(0));
