/** Makes a script of a component definition with esbuild. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Metafile } from "esbuild";
import { type EntryPoint, entryPoints } from "./entry_points.ts";
import { BundleError, buildFailure } from "./errors.ts";
import {
  asyncHooksShim,
  dynamicImports,
  IMPORT_FUNCTION,
  isImportKey,
  LISTING,
  serverOnlyStub,
  wasmModule,
  withImports,
} from "./plugins.ts";

export interface BuiltScript {
  /** `(function (module, exports, $import) {…})`; it sets `module.exports` to `{name: () => the module, importKey: () => a promise of it}`. */
  code: string;
  /** JSON text of its source map; sources are absolute paths. */
  map: string;
  /** Absolute paths of every file that took part. */
  inputs: string[];
  metafile: Metafile;
}

/** Keys of the script's export besides the modules' names; a module's name never holds a dot or equals `schema`. */
export const SCHEMA = "schema";
export const AUTH_CONFIG = "auth.config";

/** Changes whenever the same sources would give another script. */
export const BUILD_VERSION = `3 esbuild ${createRequire(import.meta.url)("esbuild/package.json").version}`;

/**
 * `what: file` of each module: the entry points, the schema, and for the app the authentication config. Files that `isKnown` were found
 * to be modules before.
 */
export function scriptModules(
  dir: string,
  isApp: boolean,
  isKnown: (file: string) => boolean = () => false,
): Record<string, string> {
  const modules = entryPoints(dir, isKnown);
  refuseNodeModules(modules.filter(({ file }) => !isKnown(file)));
  const result: Record<string, string> = Object.fromEntries(modules.map(({ name, file }) => [name, file]));
  const schema = firstExisting(dir, ["schema.ts", "schema.js"]);
  if (schema !== undefined) result[SCHEMA] = schema;
  const auth = isApp ? firstExisting(dir, ["auth.config.ts", "auth.config.js"]) : undefined;
  if (auth !== undefined) result[AUTH_CONFIG] = auth;
  return result;
}

/**
 * `require()` of an ES module makes esbuild wrap every module lazily, so a context evaluates only what it is asked for. The price:
 * no top-level await. Settings as the official bundler's, except for the format, that comments and blanks go, because all of it is read
 * at each start, and that identifiers are not shortened: so nearly all names stay without a call that keeps them for each function that
 * is made, which costs a few percent of every call. With `separate`, files that the app's own sources import dynamically are left out
 * and noted there; else they are part of the script, evaluated lazily like every other.
 */
export async function buildScript(
  dir: string,
  modules: Record<string, string>,
  separate: Set<string> | null,
): Promise<BuiltScript> {
  const entries = Object.entries(modules).map(
    ([name, file]) =>
      `${JSON.stringify(name)}: () => ${isImportKey(name) ? "import" : "require"}(${JSON.stringify(file)})`,
  );
  // Loaded here, because a warm start does not need it.
  const { build } = await import("esbuild");
  const result = await build({
    stdin: { contents: `module.exports = {\n${entries.join(",\n")}\n};`, resolveDir: dir, sourcefile: LISTING },
    absWorkingDir: dir,
    bundle: true,
    write: false,
    outfile: "script.js",
    platform: "browser",
    format: "cjs",
    target: "esnext",
    // Node 24 has no Uint8Array.fromBase64, which esbuild would use for wasm. Imports become what plugins.ts makes of them.
    supported: { "from-base64": false, "dynamic-import": false },
    jsx: "automatic",
    conditions: ["convex", "module"],
    sourcemap: "external",
    sourcesContent: false,
    treeShaking: true,
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    define: { "process.env.NODE_ENV": '"production"' },
    metafile: true,
    logLevel: "silent",
    plugins: [asyncHooksShim, serverOnlyStub, wasmModule, ...(separate === null ? [] : [dynamicImports(separate)])],
  }).catch((error) => {
    throw topLevelAwait(error) ?? buildFailure(dir, error);
  });
  const [map, code] = result.outputFiles.toSorted(
    (a, b) => Number(b.path.endsWith(".map")) - Number(a.path.endsWith(".map")),
  );
  const parsed = JSON.parse(map!.text) as { sources: string[] };
  parsed.sources = parsed.sources.map((source) => join(dir, source));
  return {
    code: `(function (module, exports, ${IMPORT_FUNCTION}) {\n${withImports(code!.text)}\n})`,
    map: JSON.stringify(parsed),
    inputs: Object.keys(result.metafile.inputs).flatMap((input) => fileOf(dir, input) ?? []),
    metafile: result.metafile,
  };
}

/** The file behind a name in the metafile; null: it is none, for example a shim. */
export function fileOf(dir: string, input: string): string | null {
  if (input === LISTING || /^(async-hooks|server-only):/.test(input)) return null;
  return input.startsWith("wasm:") ? input.slice("wasm:".length) : join(dir, input);
}

/** Where the package that owns `file` says how it is resolved; undefined outside of node_modules. */
export function packageJsonOf(file: string): string | undefined {
  const match = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(file);
  return match === null ? undefined : join(match[1]!, "package.json");
}

function refuseNodeModules(modules: EntryPoint[]): void {
  const refused = modules.filter(({ file }) => hasUseNode(readFileSync(file, "utf8"))).map(({ relative }) => relative);
  if (refused.length > 0) {
    throw new BundleError(
      `The embedded Convex host does not support "use node" files yet: ${refused.join(", ")}. ` +
        `Remove the directive, or deploy to Convex (CONVEX_URL).`,
    );
  }
}

/** A directive counts only before the first statement; comments and other directives may come earlier. */
export function hasUseNode(source: string): boolean {
  if (!source.includes("use node")) return false;
  const prologue =
    /^(?:\uFEFF)?(?:\s+|\/\/[^\n]*\n|\/\*[\s\S]*?\*\/|(["'])(?!use node\1)[^"'\n]*\1\s*;?)*(["'])use node\2/;
  return prologue.test(source);
}

function topLevelAwait(error: unknown): BundleError | null {
  const errors = (
    error as {
      errors?: {
        text: string;
        location?: { file: string; line: number } | null;
        notes: { location?: { file: string; line: number } | null }[];
      }[];
    }
  ).errors;
  const found = errors?.find(({ text }) => /top-level await/i.test(text));
  if (found === undefined) return null;
  const at = found.notes.findLast((note) => note.location != null)?.location ?? found.location;
  const where = at ? `${at.file}:${at.line}` : found.text;
  return new BundleError(
    `${where}: top-level await is not supported in Convex functions. Await inside of the function.`,
  );
}

function firstExisting(dir: string, names: string[]): string | undefined {
  return names.map((name) => join(dir, name)).find(existsSync);
}
