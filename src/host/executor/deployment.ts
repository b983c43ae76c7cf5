/** Reads what is static about a bundled app: schemas, crons, who may sign tokens. */
import type { BundledApp } from "../bundle/app.ts";
import { BundleError } from "../bundle/errors.ts";
import type { AuthProvider, CronSpec, Deployment } from "../engine/types.ts";
import type { Json, JsonObject, SchemaExport } from "../store/types.ts";
import { type InstalledComponent, installComponents } from "./instances.ts";
import { IsolateExecutor } from "./isolate.ts";

export interface LoadedDeployment {
  deployment: Deployment;
  executor: IsolateExecutor;
}

/** `env` is the app's `process.env`. Throws BundleError naming the file when a static export is not what it should be. */
export function loadDeployment(
  app: BundledApp,
  env: Record<string, string>,
  log?: (level: string, text: string) => void,
): LoadedDeployment {
  const components = installComponents(app, env);
  const executor = new IsolateExecutor({ app, components, log });
  const schemas = new Map<string, SchemaExport | null>();
  for (const component of components.values()) {
    if (!schemas.has(component.definition)) schemas.set(component.definition, schemaOf(executor, app, component));
    component.schema = schemas.get(component.definition)!;
  }
  const crons = [...components.values()].flatMap((component) => cronsOf(executor, component));
  return { deployment: { components, crons, authProviders: authProvidersOf(executor, app) }, executor };
}

function schemaOf(executor: IsolateExecutor, app: BundledApp, component: InstalledComponent): SchemaExport | null {
  if (!app.definitions.get(component.definition)!.hasSchema) return null;
  return reading(`${component.definition}/schema`, () =>
    executor.inspect(component.path, "schema", ({ default: schema }) => {
      const text = exporter(schema, "defineSchema()")();
      return JSON.parse(text) as SchemaExport;
    }),
  );
}

function cronsOf(executor: IsolateExecutor, component: InstalledComponent): CronSpec[] {
  const crons = reading(`${component.definition}/crons`, () =>
    executor.inspect(component.path, "crons", ({ default: found }) => {
      const text = exporter(found, "cronJobs()")();
      return JSON.parse(text) as Record<string, { name: string; args: JsonObject[]; schedule: Json }>;
    }),
  );
  return Object.entries(crons ?? {}).map(([name, { name: udfPath, args, schedule }]) => ({
    name,
    component: component.path,
    udfPath,
    args: args[0] ?? {},
    schedule,
  }));
}

function authProvidersOf(executor: IsolateExecutor, app: BundledApp): AuthProvider[] {
  if (!app.definitions.get(app.dir)!.hasAuthConfig) return [];
  return reading("auth.config", () => {
    const text = executor.inspect("", "auth.config", ({ default: config }) => JSON.stringify(config) ?? "null");
    const providers = (JSON.parse(text!) as { providers?: JsonObject[] } | null)?.providers;
    if (!Array.isArray(providers)) throw new Error("it must export default {providers: […]}");
    return providers.map(authProvider);
  });
}

function authProvider(provider: JsonObject, index: number): AuthProvider {
  const text = (name: string): string => {
    const value = provider[name];
    if (typeof value === "string" && value !== "") return value;
    throw new Error(`provider ${index + 1} has no "${name}" (is an environment variable missing?)`);
  };
  if (provider.type !== "customJwt") {
    return { type: "oidc", domain: text("domain"), applicationID: text("applicationID") };
  }
  const algorithm = text("algorithm");
  if (algorithm !== "RS256" && algorithm !== "ES256") {
    throw new Error(`provider ${index + 1} has algorithm "${algorithm}"; RS256 and ES256 are supported`);
  }
  return {
    type: "customJwt",
    issuer: text("issuer"),
    jwks: text("jwks"),
    algorithm,
    ...(provider.applicationID === undefined ? {} : { applicationID: text("applicationID") }),
  };
}

function exporter(value: unknown, madeWith: string): () => string {
  const found = value as { export?: () => string } | undefined;
  if (typeof found?.export !== "function") throw new Error(`the default export must be made with ${madeWith}`);
  return () => found.export!();
}

function reading<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const reason = error instanceof Object && "message" in error ? String(error.message) : String(error);
    throw new BundleError(`${file} could not be read: ${reason}`, { cause: error });
  }
}
