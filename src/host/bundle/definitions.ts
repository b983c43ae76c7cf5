/** The component tree: every `convex.config.*` reached from the app, evaluated. */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { runInNewContext } from "node:vm";
import type { Plugin } from "esbuild";
import { buildFailure } from "./errors.ts";

/** A directory with a `convex.config.*` (or the app without one). One bundle is made of each. */
export interface ComponentDefinition {
  /** Absolute path of the directory; its identity. */
  dir: string;
  /** As `defineComponent` names it; "" for the app. */
  name: string;
  /** What `definition.export()` says; only what the host uses. */
  children: ChildUse[];
  /** `/prefix/` → child name */
  httpMounts: Record<string, string>;
  /** Declared variables: name → validator as JSON text. */
  env: DeclaredVariable[];
}
export interface ChildUse {
  name: string;
  dir: string;
  /** As the config imports it, without `/convex.config…`; relative ones stay relative. */
  specifier: string;
  env: [string, { type: "value"; value: string } | { type: "envVar"; name: string }][];
}
export type DeclaredVariable = [string, { type: "value"; value: string; optional?: boolean }];

export interface Definitions {
  root: ComponentDefinition;
  byDir: Map<string, ComponentDefinition>;
  /** Absolute paths of all files that took part; the cache watches them. */
  inputs: string[];
}

interface Exported {
  definitionType: { type: "app" } | { type: "childComponent"; name: string };
  childComponents: { name: string; path: string; env: ChildUse["env"] | null }[];
  httpMounts: Record<string, string>;
  envVars?: DeclaredVariable[];
}

/** The app's `convex.config.*`; undefined when it has none. */
export function configFile(appDir: string): string | undefined {
  return ["convex.config.ts", "convex.config.js"].map((name) => join(appDir, name)).find(existsSync);
}

/** Evaluates the app's config and every config it uses. An app without a config has no components. */
export async function readDefinitions(appDir: string): Promise<Definitions> {
  const config = configFile(appDir);
  if (config === undefined) {
    const root = { dir: appDir, name: "", children: [], httpMounts: {}, env: [] };
    return { root, byDir: new Map([[appDir, root]]), inputs: [] };
  }
  const specifiers = new Map<string, string>();
  const { build } = await import("esbuild");
  const result = await build({
    stdin: {
      contents: `import root from ${JSON.stringify(config)}; registry.set(${JSON.stringify(appDir)}, root);`,
      resolveDir: appDir,
      sourcefile: "convex-definitions.js",
    },
    absWorkingDir: appDir,
    bundle: true,
    write: false,
    format: "iife",
    platform: "browser",
    target: "esnext",
    conditions: ["convex", "module"],
    keepNames: true,
    metafile: true,
    logLevel: "silent",
    plugins: [configPlugin(specifiers)],
  }).catch((error) => {
    throw buildFailure("convex.config", error);
  });
  const registry = new Map<string, { export(): Exported }>();
  try {
    runInNewContext(result.outputFiles[0]!.text, { registry, console, process: { env: {} } }, { filename: config });
  } catch (error) {
    throw new Error(`${basename(config)} could not be evaluated: ${messageOf(error)}`, { cause: error });
  }
  const byDir = new Map<string, ComponentDefinition>();
  for (const [dir, definition] of registry) byDir.set(dir, fromExport(dir, definition, specifiers));
  const inputs = Object.keys(result.metafile.inputs)
    .map((input) => input.replace(/^component:/, ""))
    .filter((input) => !input.endsWith("convex-definitions.js"))
    .map((input) => (input.startsWith("/") ? input : join(appDir, input)));
  return { root: byDir.get(appDir)!, byDir, inputs: [...new Set(inputs)] };
}

function fromExport(
  dir: string,
  definition: { export?(): Exported },
  specifiers: Map<string, string>,
): ComponentDefinition {
  if (typeof definition?.export !== "function") {
    throw new Error(`${dir}: the default export of convex.config must be made with defineApp() or defineComponent().`);
  }
  const exported = definition.export();
  return {
    dir,
    name: exported.definitionType.type === "app" ? "" : exported.definitionType.name,
    children: exported.childComponents.map((child) => ({
      name: child.name,
      dir: child.path,
      specifier: specifiers.get(`${dir}\n${child.path}`) ?? child.path,
      env: child.env ?? [],
    })),
    httpMounts: Object.fromEntries(
      Object.entries(exported.httpMounts).map(([prefix, reference]) => [prefix, reference.split("/").pop()!]),
    ),
    env: exported.envVars ?? [],
  };
}

/**
 * A config that imports another config sees `{componentDefinitionPath, defaultName}` instead of the definition itself, which is
 * what `use()` expects; the definition is registered on the side. So one build evaluates the whole tree.
 */
function configPlugin(specifiers: Map<string, string>): Plugin {
  return {
    name: "convex-component-definitions",
    setup(builder) {
      builder.onResolve({ filter: /convex\.config(\.[cm]?[jt]s)?$/ }, async (args) => {
        if (args.pluginData === "resolving" || args.importer.endsWith("convex-definitions.js")) return undefined;
        if (args.namespace === "component") return { path: args.path };
        for (const candidate of candidates(args.path)) {
          const found = await builder.resolve(candidate, {
            kind: args.kind,
            importer: args.importer,
            resolveDir: args.resolveDir,
            pluginData: "resolving",
          });
          if (found.errors.length > 0) continue;
          specifiers.set(
            `${dirname(args.importer)}\n${dirname(found.path)}`,
            args.path.replace(/\/convex\.config.*$/, ""),
          );
          return { path: found.path, namespace: "component" };
        }
        return undefined;
      });
      builder.onLoad({ filter: /.*/, namespace: "component" }, (args) => {
        const dir = JSON.stringify(dirname(args.path));
        return {
          contents: `import definition from ${JSON.stringify(args.path)};
            registry.set(${dir}, definition);
            export default { componentDefinitionPath: ${dir}, defaultName: definition._name };`,
          resolveDir: dirname(args.path),
        };
      });
    },
  };
}

/** Published packages export both `./convex.config` and `./convex.config.js`; sources may only have the `.ts`. */
function candidates(specifier: string): string[] {
  if (specifier.endsWith(".js")) return [specifier, `${specifier.slice(0, -3)}.ts`];
  if (specifier.endsWith(".ts")) return [specifier];
  return [specifier, `${specifier}.js`, `${specifier}.ts`];
}

function messageOf(error: unknown): string {
  return error instanceof Object && "message" in error ? String(error.message) : String(error);
}
