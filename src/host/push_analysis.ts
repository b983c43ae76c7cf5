/** What `npx convex codegen --url … --admin-key …` is told about the app: enough for it to write `_generated`. */
import { relative, sep } from "node:path";
import { version } from "convex";
import type { BundledApp, BundledDefinition } from "./bundle/app.ts";
import type { Json, JsonObject } from "./store/types.ts";

/** The answer of `/api/deploy2/start_push`. Functions are left out: the generated api is typed by the sources. */
export function pushAnalysis(app: BundledApp): JsonObject {
  const path = (dir: string) => (dir === app.dir ? "" : relative(app.dir, dir).split(sep).join("/"));
  const analysis = [...app.definitions.values()].map((definition) => [
    path(definition.dir),
    {
      definition: {
        path: path(definition.dir),
        definitionType:
          definition.dir === app.dir ? { type: "app" } : { type: "childComponent", name: definition.name, args: [] },
        childComponents: definition.children.map((child) => ({
          name: child.name,
          path: path(child.dir),
          args: [],
          env: null,
        })),
        httpMounts: {},
        exports: { type: "branch", branch: [] },
        envVars: definition.env as Json,
      },
      schema: null,
      functions: {},
      udfConfig: { serverVersion: version, importPhaseRngSeed: null, importPhaseUnixTimestamp: null },
    },
  ]);
  const tree = (definition: BundledDefinition, componentPath: string): JsonObject => ({
    definitionPath: path(definition.dir),
    componentPath,
    args: {},
    childComponents: Object.fromEntries(
      definition.children.map((child) => [
        child.name,
        tree(app.definitions.get(child.dir)!, componentPath === "" ? child.name : `${componentPath}/${child.name}`),
      ]),
    ),
    httpRoutes: { httpModuleRoutes: null, mounts: [] },
    exports: {},
  });
  return {
    environmentVariables: {},
    externalDepsId: null,
    componentDefinitionPackages: {},
    appAuth: [],
    analysis: Object.fromEntries(analysis),
    app: tree(app.definitions.get(app.dir)!, ""),
    schemaChange: { allocatedComponentIds: {}, schemaIds: {}, indexDiffs: {} },
  };
}
