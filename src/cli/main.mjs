/**
 * The `factory` command. First the compile cache, which makes loading everything else faster, then the command. Plain JavaScript: what
 * strips types takes 50 ms to load, and with the cache nothing else needs it.
 */
import { enableCompileCache } from "node:module";
import { join } from "node:path";

// CACHE_DIR of ../bot/app_dir.ts, which is TypeScript.
enableCompileCache(join(import.meta.dirname, "..", "..", "node_modules", ".cache", "factory-manager", "node"));
await import("./command.ts");
