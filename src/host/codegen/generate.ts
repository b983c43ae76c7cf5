/** Makes the text of `convex/_generated/*` from file names and component names. Evaluates no function module. */
import { existsSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { format } from "prettier";
import { type ComponentDefinition, readDefinitions } from "../bundle/definitions.ts";
import { type EntryPoint, entryPoints } from "../bundle/entry_points.ts";
import { loadTemplates, type Templates } from "./templates.ts";

/** File name → contents; all that belongs into `_generated`. */
export type GeneratedFiles = Record<string, string>;

/** Works while `_generated` is absent or stale: only `convex.config.*` is evaluated, which does not import it. */
export async function generate(functionsDir: string): Promise<GeneratedFiles> {
  const [templates, definitions] = await Promise.all([loadTemplates(), readDefinitions(functionsDir)]);
  const server = templates.serverCodegen({ useTypeScript: false, envVars: definitions.root.env });
  const hasSchema = ["schema.ts", "schema.js"].some((name) => existsSync(join(functionsDir, name)));
  const raw: GeneratedFiles = {
    "api.d.ts": apiTypes(templates, entryPoints(functionsDir), definitions.root),
    "api.js": templates.componentApiJs(),
    "dataModel.d.ts": hasSchema ? templates.dynamicDataModelDTS() : templates.noSchemaDataModelDTS(),
    "server.d.ts": server.DTS,
    "server.js": server.JS,
  };
  const formatted = await Promise.all(
    Object.entries(raw).map(async ([name, text]) => [name, await format(text, { parser: "typescript" })] as const),
  );
  return Object.fromEntries(formatted);
}

/** `components` takes the type of the package's own `_generated/component`, so that no component needs to be analysed. */
function apiTypes(templates: Templates, modules: EntryPoint[], root: ComponentDefinition): string {
  const { moduleIdentifier, apiComment, header } = templates;
  return [
    header("Generated `api` utility."),
    ...modules.map(({ name, relative }) => `import type * as ${moduleIdentifier(relative)} from "../${name}.js";`),
    `
    import type {
      ApiFromModules,
      FilterApi,
      FunctionReference,
    } from "convex/server";

    declare const fullApi: ApiFromModules<{
    `,
    ...modules.map(({ name, relative }) => `  "${name}": typeof ${moduleIdentifier(relative)},`),
    `}>;`,
    `
    ${apiComment("api", "public")}
    export declare const api: FilterApi<typeof fullApi, FunctionReference<any, "public">>;
    ${apiComment("internal", "internal")}
    export declare const internal: FilterApi<typeof fullApi, FunctionReference<any, "internal">>;
    `,
    `
    export declare const components: {`,
    ...root.children.map((child) => {
      const api = JSON.stringify(`${componentImport(root, child)}/_generated/component.js`);
      return `  "${child.name}": import(${api}).ComponentApi<"${child.name}">,`;
    }),
    "};",
  ].join("\n");
}

/** A package keeps the name it is imported by; a relative import is rewritten, because `_generated` lies one level deeper. */
function componentImport(root: ComponentDefinition, child: { specifier: string; dir: string }): string {
  if (!child.specifier.startsWith(".")) return child.specifier;
  return `../${relative(root.dir, child.dir).split(sep).join("/")}`;
}
