/** Entry of the worker thread. First the compile cache, which makes loading everything else several times faster, then the rest. */
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { workerData } from "node:worker_threads";
import type { WorkerInput } from "./messages.ts";

enableCompileCache(join((workerData as WorkerInput).cacheDir, "node"));
await import("./worker_main.ts");
