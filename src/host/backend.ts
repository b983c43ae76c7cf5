/** The host in one thread: bundle, store, engine, wire. The worker runs exactly one. */
import { join } from "node:path";
import { checkProviders, createTokenVerifier, type TokenVerifier } from "./auth/index.ts";
import { type BundledApp, bundleApp } from "./bundle/app.ts";
import { BundleError } from "./bundle/errors.ts";
import { createEngine, type EmbeddedEngine, type EngineOptions } from "./engine/index.ts";
import type { AuthProvider, Executor } from "./engine/types.ts";
import { type LoadedDeployment, loadDeployment } from "./executor/deployment.ts";
import { createFileStore } from "./files/index.ts";
import type { HostLogEntry } from "./options.ts";
import { pushAnalysis } from "./push_analysis.ts";
import { openStore } from "./store/index.ts";
import { createWireServer } from "./wire/index.ts";

export interface BackendOptions {
  functionsDir: string;
  /** The bundle, when reading it has begun already; a reload reads it again. */
  app?: Promise<BundledApp>;
  dataDir: string;
  cacheDir: string;
  host: string;
  /** Never 0: the functions learn their own address before anything listens. */
  port: number;
  env: Record<string, string>;
  synchronous: "FULL" | "NORMAL" | "OFF";
  instanceName: string;
  adminKey: string;
  log(entry: HostLogEntry): void;
  /** For tests. */
  limits?: EngineOptions["limits"];
  /** Told whose code is about to run; see suspects.ts. */
  running?(key: string | null): void;
  /** Why a call must not be run again. */
  refusal?(key: string, now: number): string | null;
  /** Called often while schemas are applied; null: only a sign of life. */
  progress?(text: string | null): void;
}

export interface Backend {
  url: string;
  siteUrl: string;
  engine: EmbeddedEngine;
  /** Reads the sources again. Throws, changing nothing, when they do not load or documents violate the new schema. */
  reload(): Promise<{ inputs: string[] }>;
  /** Files the functions were made from. */
  inputs: string[];
  stop(timeoutMs: number): Promise<void>;
}

/** Rejects with nothing left open. */
export async function startBackend(options: BackendOptions): Promise<Backend> {
  const { functionsDir, dataDir, cacheDir, host, port, log } = options;
  const env = { ...options.env, CONVEX_CLOUD_URL: address(host, port), CONVEX_SITE_URL: address(host, port + 1) };
  const load = async (bundle = bundleApp(functionsDir, cacheDir)) => {
    const app = await bundle;
    const loaded = loadDeployment(app, env, (level, text) => log({ level: levelOf(level), text }));
    try {
      return { app, ...loaded, verifier: await verifierOf(loaded.deployment.authProviders) };
    } catch (error) {
      loaded.executor.close();
      throw error;
    }
  };
  const opened: (() => unknown)[] = [];
  try {
    let loaded = await load(options.app);
    opened.push(() => loaded.executor.close());
    const store = openStore({ path: join(dataDir, "convex.sqlite"), synchronous: options.synchronous });
    opened.push(() => store.close());
    const files = createFileStore({ dir: join(dataDir, "files"), store });
    const executor = exchangeable(() => loaded);
    const engine = createEngine({
      store,
      executor,
      deployment: loaded.deployment,
      files,
      cloudUrl: () => env.CONVEX_CLOUD_URL,
      deploymentName: options.instanceName,
      limits: options.limits,
      running: options.running,
      refusal: options.refusal,
      progress: options.progress,
      log: ({ level, text, path }) =>
        log({ level: levelOf(level), text, ...(path && { function: functionName(path) }) }),
    });
    const auth: TokenVerifier = { verify: (token) => loaded.verifier.verify(token) };
    const wire = await createWireServer({
      engine,
      store,
      auth,
      files,
      adminKey: options.adminKey,
      instanceName: options.instanceName,
      host,
      port,
      analysis: async () => pushAnalysis(loaded.app),
      log: (level, text) => log({ level, text }),
    });
    opened.push(() => wire.close(0));
    await engine.start();
    return {
      url: wire.url,
      siteUrl: wire.siteUrl,
      engine,
      inputs: loaded.app.inputs,
      async reload() {
        const before = loaded;
        const next = await load();
        loaded = next;
        try {
          await engine.redeploy(next.deployment);
        } catch (error) {
          loaded = before;
          next.executor.close();
          throw error;
        }
        before.executor.close();
        wire.codeChanged();
        return { inputs: next.app.inputs };
      },
      async stop(timeoutMs) {
        const deadline = Date.now() + timeoutMs;
        // The wire first: what clients have begun is finished, and nothing new comes in. Scheduled functions go on meanwhile.
        await wire.close(timeoutMs);
        await engine.stop(Math.max(0, deadline - Date.now()));
        loaded.executor.saveCompiled();
        loaded.executor.close();
        store.close();
      },
    };
  } catch (error) {
    for (const close of opened.reverse()) await close();
    throw error;
  }
}

/** The engine keeps one executor for its life; behind it the loaded code may change. Running calls end in the code they began in. */
function exchangeable(loaded: () => LoadedDeployment): Executor {
  return {
    describe: (path) => loaded().executor.describe(path),
    invoke: (path, execution, args) => loaded().executor.invoke(path, execution, args),
    invokeHttp: (path, execution, request) => loaded().executor.invokeHttp(path, execution, request),
    routeHttp: (component, method, pathname) => loaded().executor.routeHttp(component, method, pathname),
    listFunctions: (component) => loaded().executor.listFunctions(component),
    close: () => loaded().executor.close(),
  };
}

/** A key set that nobody could ever sign in with is a mistake of the operator: it stops the start instead of failing each token. */
async function verifierOf(providers: AuthProvider[]): Promise<TokenVerifier> {
  try {
    await checkProviders(providers);
    return createTokenVerifier({ providers });
  } catch (error) {
    throw new BundleError(`auth.config: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function functionName({ component, module, name }: { component: string; module: string; name: string }): string {
  return component === "" ? `${module}:${name}` : `${component}/${module}:${name}`;
}

function levelOf(level: string): HostLogEntry["level"] {
  return level === "debug" || level === "warn" || level === "error" ? level : "info";
}

function address(host: string, port: number): string {
  const name = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "[::1]" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
