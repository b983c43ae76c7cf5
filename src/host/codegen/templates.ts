/**
 * The texts of Convex's own code generator, loaded from the installed package so that our output equals the official one.
 * Why not run `npx convex codegen`: it needs a deployment to learn the names of the components, and the embedded host needs the
 * generated code before it can bundle. Internal modules of convex 1.48.0, which is pinned; codegen.test.ts notices a change.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { runInNewContext } from "node:vm";
import { build } from "esbuild";

export interface Templates {
  serverCodegen(options: { useTypeScript: false; envVars: unknown[] }): { DTS: string; JS: string };
  dynamicDataModelDTS(): string;
  noSchemaDataModelDTS(): string;
  componentApiJs(): string;
  header(description: string): string;
  apiComment(name: string, type: "public" | "internal"): string;
  moduleIdentifier(modulePath: string): string;
}

/** Only the templates are loaded; what they import of the rest of the CLI (not installed) is left empty, as we do not call it. */
export async function loadTemplates(): Promise<Templates> {
  const require = createRequire(import.meta.url);
  const dir = join(dirname(require.resolve("convex/package.json")), "dist/esm/cli/codegen_templates");
  const result = await build({
    stdin: {
      contents: ["api", "common", "component_api", "dataModel", "server"]
        .map((name) => `export * from "./${name}.js";`)
        .join("\n"),
      resolveDir: dir,
    },
    bundle: true,
    write: false,
    format: "cjs",
    platform: "neutral",
    target: "esnext",
    logLevel: "silent",
    plugins: [
      {
        name: "templates-only",
        setup(builder) {
          builder.onResolve({ filter: /^\.\./ }, ({ path }) =>
            path.includes("/values/") ? undefined : { path, namespace: "empty" },
          );
          builder.onResolve({ filter: /^[^.]/ }, ({ path }) => ({ path, namespace: "empty" }));
          builder.onLoad({ filter: /.*/, namespace: "empty" }, () => ({ contents: "module.exports = {};" }));
        },
      },
    ],
  });
  const module = { exports: {} };
  runInNewContext(result.outputFiles[0]!.text, { module, exports: module.exports, Intl });
  return module.exports as Templates;
}
