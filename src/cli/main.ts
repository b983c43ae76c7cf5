/** The `factory` command. First the compile cache, which makes loading everything else faster, then the command. */
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { CACHE_DIR } from "../bot/app_dir.ts";

enableCompileCache(join(CACHE_DIR, "node"));
await import("./command.ts");
