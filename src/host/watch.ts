/** Reloads the functions when their sources change. For development. */
import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";
import type { Backend } from "./backend.ts";
import type { HostLogEntry } from "./options.ts";

/** Editors write in several steps. */
const QUIET_MS = 100;

/** Watches the folders of all sources outside of node_modules. Returns how to stop. */
export function watchSources(backend: Backend, log: (entry: HostLogEntry) => void): () => void {
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  let reloading = false;
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(reload, QUIET_MS);
  };
  const follow = (inputs: string[]) => {
    for (const dir of new Set(inputs.filter((file) => !file.includes("node_modules")).map(dirname))) {
      if (!watchers.has(dir)) watchers.set(dir, watch(dir, changed));
    }
  };
  const reload = async () => {
    if (reloading) return changed();
    reloading = true;
    try {
      follow((await backend.reload()).inputs);
      log({ level: "info", text: "Functions reloaded" });
    } catch (error) {
      const reason = error instanceof Object && "message" in error ? error.message : error;
      log({ level: "error", text: `Functions not reloaded, the last good ones go on: ${reason}` });
    } finally {
      reloading = false;
    }
  };
  follow(backend.inputs);
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers.values()) watcher.close();
  };
}
