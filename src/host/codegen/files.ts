/** Brings `_generated` on disk to what `generate` says, or tells how it differs. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { GeneratedFiles } from "./generate.ts";

/** Names of files that are missing, different or too many; empty when all is up to date. */
export function staleFiles(functionsDir: string, files: GeneratedFiles): string[] {
  const dir = join(functionsDir, "_generated");
  const stale = Object.keys(files).filter((name) => {
    const path = join(dir, name);
    return !existsSync(path) || readFileSync(path, "utf8") !== files[name];
  });
  return [...stale, ...strangers(dir, files)];
}

/** Writes only what differs (watchers stay calm) and removes what no longer belongs there. Returns the names it touched. */
export function writeFiles(functionsDir: string, files: GeneratedFiles): string[] {
  const dir = join(functionsDir, "_generated");
  const stale = staleFiles(functionsDir, files);
  mkdirSync(dir, { recursive: true });
  for (const name of stale) {
    const text = files[name];
    const path = join(dir, name);
    if (text === undefined) {
      rmSync(path, { recursive: true });
    } else {
      // Renamed into place: a process that reads at this moment never sees half a file.
      writeFileSync(`${path}.tmp`, text);
      renameSync(`${path}.tmp`, path);
    }
  }
  return stale;
}

/** `ai` is kept by the official generator, which puts notes for assistants there. */
function strangers(dir: string, files: GeneratedFiles): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir).filter((name) => files[name] === undefined && name !== "ai" && !name.endsWith(".tmp"));
}
