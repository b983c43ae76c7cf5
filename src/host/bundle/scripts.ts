/** The scripts of a component definition: what every context needs, and what waits until it is imported. */
import type { Metafile } from "esbuild";
import { type BuiltScript, buildScript, fileOf } from "./build.ts";
import { importKey } from "./plugins.ts";

export interface BuiltScripts {
  main: BuiltScript;
  /** What is imported dynamically, with everything that only it needs: `{importKey(file): () => a promise of its exports}`. null: nothing waits. */
  deferred: BuiltScript | null;
}

/**
 * A module has one instance in a context, so a file that shares a module with the main script becomes part of it, under the same key;
 * it is still evaluated at its first import. What shares none waits in the deferred script, which costs nothing until then.
 */
export async function buildScripts(dir: string, modules: Record<string, string>): Promise<BuiltScripts> {
  const held = { ...modules };
  for (;;) {
    const imported = new Set<string>();
    const main = await buildScript(dir, held, imported);
    const waiting = [...imported].filter((file) => !(importKey(file) in held)).sort();
    if (waiting.length === 0) return { main, deferred: null };
    const deferred = await buildScript(dir, byKey(waiting), null);
    const mains = new Set(main.inputs);
    const sharing = waiting.filter((file) => reached(dir, deferred.metafile, file).some((input) => mains.has(input)));
    if (sharing.length === 0) return { main, deferred };
    Object.assign(held, byKey(sharing));
  }
}

const byKey = (files: string[]): Record<string, string> =>
  Object.fromEntries(files.map((file) => [importKey(file), file]));

/** All files that `file` imports, directly or not, itself included. */
function reached(dir: string, { inputs }: Metafile, file: string): string[] {
  const start = Object.keys(inputs).find((input) => fileOf(dir, input) === file);
  const found = new Set<string>(start === undefined ? [] : [start]);
  for (const input of found) for (const { path } of inputs[input]?.imports ?? []) found.add(path);
  return [...found].flatMap((input) => fileOf(dir, input) ?? []);
}
