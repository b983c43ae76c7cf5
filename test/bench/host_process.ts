/** The embedded host alone, in a process of its own: `node host_process.ts DATA_DIR FULL|NORMAL`. Says its address when it answers. */
import { join } from "node:path";
import { startHost } from "../../src/host/index.ts";

const [dataDir, synchronous] = process.argv.slice(2) as [string, "FULL" | "NORMAL"];
const host = await startHost({ appDir: join(import.meta.dirname, "host_app"), dataDir, port: 0, env: {}, synchronous });
process.on("SIGTERM", () => void host.stop(5_000).then(() => process.exit(0)));
process.stdout.write(`${host.url}\n`);
