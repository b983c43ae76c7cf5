/** `npm start`. First the compile cache, which makes loading everything else faster, then the program. */
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { CACHE_DIR } from "./app_dir.ts";

enableCompileCache(join(CACHE_DIR, "node"));
await import("./program.ts");
