/**
 * `npm start`. First the compile cache, which makes loading everything else faster, then the backend's thread, then the program. Plain
 * JavaScript: what strips types takes 50 ms to load, and with the cache nothing else needs it.
 */
import { enableCompileCache } from "node:module";
import { join } from "node:path";

// CACHE_DIR of app_dir.ts, which is TypeScript.
enableCompileCache(join(import.meta.dirname, "..", "..", "node_modules", ".cache", "factory-manager", "node"));
const { prepareEmbedded } = await import("./prepare_embedded.ts");
const prepared = await prepareEmbedded(process.argv.slice(2));
const { main } = await import("./program.ts");
await main(prepared);
