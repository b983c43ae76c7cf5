/** What esbuild is told about the functions' world. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import type { Plugin } from "esbuild";

/** `(key) => promise of the exports`: what an `import()` in the app's own sources becomes a call of. */
export const IMPORT_FUNCTION = "$import";
const IMPORT_PREFIX = "import:";

/** Under which key a script holds a file that is imported dynamically. */
export const importKey = (file: string): string => `${IMPORT_PREFIX}${file}`;
export const isImportKey = (key: string): boolean => key.startsWith(IMPORT_PREFIX);

export const asyncHooksShim: Plugin = {
  name: "async-hooks-shim",
  setup(builder) {
    builder.onResolve({ filter: /^(node:)?async_hooks$/ }, ({ path }) => ({ path, namespace: "async-hooks" }));
    builder.onLoad({ filter: /.*/, namespace: "async-hooks" }, () => ({
      contents: `export const { AsyncLocalStorage, AsyncResource } = globalThis;
        export default { AsyncLocalStorage, AsyncResource };`,
    }));
  },
};

export const serverOnlyStub: Plugin = {
  name: "server-only-stub",
  setup(builder) {
    builder.onResolve({ filter: /^server-only$/ }, ({ path }) => ({ path, namespace: "server-only" }));
    builder.onLoad({ filter: /.*/, namespace: "server-only" }, () => ({ contents: "" }));
  },
};

/** `import module from "./x.wasm"` is a compiled WebAssembly.Module. */
export const wasmModule: Plugin = {
  name: "wasm-module",
  setup(builder) {
    builder.onResolve({ filter: /\.wasm$/ }, (args) => {
      if (args.namespace === "wasm") return { path: args.path, namespace: "wasm-bytes" };
      const path = args.path.startsWith(".")
        ? join(args.resolveDir, args.path)
        : createRequire(join(args.resolveDir, "x.js")).resolve(args.path);
      return { path, namespace: "wasm" };
    });
    builder.onLoad({ filter: /.*/, namespace: "wasm" }, ({ path }) => ({
      contents: `import bytes from ${JSON.stringify(path)}; export default new WebAssembly.Module(bytes);`,
      resolveDir: dirname(path),
    }));
    builder.onLoad({ filter: /.*/, namespace: "wasm-bytes" }, ({ path }) => ({
      contents: readFileSync(path),
      loader: "binary",
    }));
  },
};

/**
 * Leaves out what the app's own sources import dynamically, and notes the files. Packages' own dynamic imports stay in: they are many,
 * small, and nobody here chose to make them wait.
 */
export function dynamicImports(files: Set<string>): Plugin {
  return {
    name: "dynamic-imports",
    setup(builder) {
      builder.onResolve({ filter: /.*/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
        if (kind !== "dynamic-import" || pluginData === "resolving" || isNoSource(importer)) return;
        const found = await builder.resolve(path, { kind, importer, resolveDir, pluginData: "resolving" });
        if (found.errors.length > 0 || found.external || found.namespace !== "file") return found;
        files.add(found.path);
        return { path: importKey(found.path), external: true };
      });
    },
  };
}

/** The name of what only lists a script's modules; no file's. */
export const LISTING = "<modules>";
const isNoSource = (importer: string) => basename(importer) === LISTING || /[\\/]node_modules[\\/]/.test(importer);

/**
 * esbuild writes the `import()` of something external as `require()` with its own idea of what `default` is. There is no `require` in a
 * context, libraries look for it; and what is imported knows itself what it exports.
 */
export const withImports = (code: string): string =>
  code.replaceAll(EXTERNAL_IMPORT, (_, key: string) => `${IMPORT_FUNCTION}(${key})`);

const EXTERNAL_IMPORT = /\b__toESM\d*\(require\(("import:(?:[^"\\]|\\.)*")\)(?:, ?1)?\)/g;
