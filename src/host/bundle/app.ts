/** The application as scripts: one or two per component definition, from the cache when no source changed. */
import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { BUILD_VERSION, packageJsonOf, scriptModules } from "./build.ts";
import { BundleCache, type CachedBundle, type CachedScript } from "./cache.ts";
import { type ComponentDefinition, configFile, readDefinitions } from "./definitions.ts";
import { buildScripts } from "./scripts.ts";

export interface BundledApp {
  /** Directory of the app's functions. */
  dir: string;
  definitions: Map<string, BundledDefinition>;
  /** Of all definitions; a script's place here stands in the name of its frames. */
  scripts: Script[];
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
  /** What is evaluated only when a function imports it dynamically; null: nothing of the kind. */
  deferred: Script | null;
}
export interface Script {
  /** Name of its frames in a stack; unique. */
  filename: string;
  /** See BuiltScript; made of its bytes at each call. */
  code(): string;
  /** V8's code cache; undefined: not there yet. */
  compiled(): Buffer | undefined;
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
      const { main, deferred } = await buildScripts(definition.dir, modules);
      return { definition, modules, scripts: deferred === null ? [main] : [main, deferred] };
    }),
  );
  const built = definitions.flatMap(({ scripts }) => scripts);
  const files = new Set([...tree.inputs, ...built.flatMap(({ inputs }) => inputs)]);
  for (const file of [...files]) {
    const manifest = packageJsonOf(file);
    if (manifest !== undefined && existsSync(manifest)) files.add(manifest);
  }
  const bundle: CachedBundle = {
    app: dir,
    definitions: definitions.map(({ definition, modules, scripts }) => ({
      definition,
      modules,
      scripts: scripts.map(({ code, map }) => ({
        bytes: Buffer.from(code),
        compiled: () => undefined,
        map: () => map,
      })),
    })),
    inputs: [...files].filter(existsSync),
  };
  cache?.save(bundle, startedAt);
  return toApp(dir, bundle, cache, false);
}

/** A new or removed module changes the bundle although no known input did. A definition's directory may be gone altogether. */
function modulesOf(
  app: string,
  definitionDir: string,
  isKnown: (file: string) => boolean,
): Record<string, string> | null {
  return existsSync(definitionDir) ? scriptModules(definitionDir, definitionDir === app, isKnown) : null;
}

function toApp(dir: string, bundle: CachedBundle, cache: BundleCache | null, fromCache: boolean): BundledApp {
  const scripts: Script[] = [];
  const toScript = (definitionDir: string, cached: CachedScript): Script => {
    const index = scripts.length;
    const script = {
      filename: `convex-script:${definitionDir === dir ? "app" : basename(dirname(dirname(definitionDir)))}/${index}`,
      code: () => cached.bytes.toString(),
      compiled: cached.compiled,
      saveCompiled: (compiled: Buffer) => cache?.saveCompiled(index, cached.bytes, compiled),
      map: cached.map,
    };
    scripts.push(script);
    return script;
  };
  const definitions = bundle.definitions.map(
    ({ definition, modules, scripts: [main, deferred] }): BundledDefinition => {
      const names = Object.keys(modules);
      return {
        ...definition,
        modules: names.filter((name) => name !== "schema" && !name.includes(".")),
        hasSchema: names.includes("schema"),
        hasAuthConfig: names.includes("auth.config"),
        script: toScript(definition.dir, main!),
        deferred: deferred === undefined ? null : toScript(definition.dir, deferred),
      };
    },
  );
  return {
    dir,
    definitions: new Map(definitions.map((definition) => [definition.dir, definition])),
    scripts,
    fromCache,
    inputs: bundle.inputs,
  };
}
