/** The application as scripts: one per component definition, from the cache when no source changed. */
import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { BUILD_VERSION, buildScript, packageJsonOf, scriptModules } from "./build.ts";
import { BundleCache, type CachedBundle } from "./cache.ts";
import { type ComponentDefinition, configFile, readDefinitions } from "./definitions.ts";

export interface BundledApp {
  /** Directory of the app's functions. */
  dir: string;
  definitions: Map<string, BundledDefinition>;
  /** True when esbuild did not run. */
  fromCache: boolean;
  /** Every file the bundle depends on, for a watcher. */
  inputs: string[];
}
export interface BundledDefinition extends ComponentDefinition {
  /** Module names besides schema and auth config, sorted. */
  modules: string[];
  hasSchema: boolean;
  hasAuthConfig: boolean;
  script: Script;
}
export interface Script {
  /** Name of its frames in a stack; unique per definition. */
  filename: string;
  code: string;
  /** V8's code cache; undefined: not there yet. */
  compiled: Buffer | undefined;
  saveCompiled(compiled: Buffer): void;
  /** JSON text of the source map; read when an error needs it. */
  map(): string;
}

/**
 * Bundles the app in `dir`. `cacheDir` null: nothing is kept. Throws BundleError with file and line for what the app's author has to
 * change; a cache that cannot be read or written only costs time.
 */
export async function bundleApp(dir: string, cacheDir: string | null): Promise<BundledApp> {
  const cache = cacheDir === null ? null : new BundleCache(cacheDir, `${BUILD_VERSION}\n${dir}\n${configFile(dir)}`);
  const cached = cache?.load(modulesOf);
  if (cached != null) return toApp(dir, cached, cache, true);

  // Finer than Date.now(), which could lie before a file that was written in the same millisecond.
  const startedAt = performance.timeOrigin + performance.now();
  const tree = await readDefinitions(dir);
  const definitions = await Promise.all(
    [...tree.byDir.values()].map(async (definition) => {
      const modules = scriptModules(definition.dir, definition.dir === dir);
      return { definition, modules, script: await buildScript(definition.dir, modules) };
    }),
  );
  const files = new Set([...tree.inputs, ...definitions.flatMap(({ script }) => script.inputs)]);
  for (const file of [...files]) {
    const manifest = packageJsonOf(file);
    if (manifest !== undefined && existsSync(manifest)) files.add(manifest);
  }
  const bundle: CachedBundle = {
    app: dir,
    definitions: definitions.map(({ definition, modules, script }) => ({
      definition,
      modules,
      script: { code: script.code, compiled: undefined, map: () => script.map },
    })),
    inputs: [...files].filter(existsSync),
  };
  cache?.save(bundle, startedAt);
  return toApp(dir, bundle, cache, false);
}

/** A new or removed module changes the bundle although no known input did. A definition's directory may be gone altogether. */
function modulesOf(app: string, definitionDir: string): Record<string, string> | null {
  return existsSync(definitionDir) ? scriptModules(definitionDir, definitionDir === app) : null;
}

function toApp(dir: string, bundle: CachedBundle, cache: BundleCache | null, fromCache: boolean): BundledApp {
  const definitions = bundle.definitions.map(({ definition, modules, script }, index): BundledDefinition => {
    const names = Object.keys(modules);
    return {
      ...definition,
      modules: names.filter((name) => name !== "schema" && !name.includes(".")),
      hasSchema: names.includes("schema"),
      hasAuthConfig: names.includes("auth.config"),
      script: {
        filename: `convex-script:${definition.dir === dir ? "app" : basename(dirname(dirname(definition.dir)))}/${index}`,
        ...script,
        saveCompiled: (compiled) => cache?.saveCompiled(index, script.code, compiled),
      },
    };
  });
  return {
    dir,
    definitions: new Map(definitions.map((definition) => [definition.dir, definition])),
    fromCache,
    inputs: bundle.inputs,
  };
}
