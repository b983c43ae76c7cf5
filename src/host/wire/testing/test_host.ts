/** A host in this process: the real store, engine, files and wire; functions of `app.ts` in the test's own realm. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { anyApi } from "convex/server";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { createTokenVerifier } from "../../auth/index.ts";
import { createEngine } from "../../engine/index.ts";
import type { AuthProvider, Deployment, Engine } from "../../engine/types.ts";
import { InRealmExecutor } from "../../executor/in_realm.ts";
import { createFileStore } from "../../files/index.ts";
import { openStore } from "../../store/index.ts";
import type { SchemaExport, Store } from "../../store/types.ts";
import { createWireServer, type WireLimits, type WireServer } from "../index.ts";
import { modules, schema } from "./app.ts";

export const api = anyApi;
export const adminKey = "test|key";
export const issuer = "https://gateway.test";

export interface TestHost {
  readonly url: string;
  readonly siteUrl: string;
  readonly engine: Engine;
  readonly store: Store;
  readonly wire: WireServer;
  /** Error lines of the wire; a healthy test leaves it empty. */
  readonly errors: string[];
  http(): ConvexHttpClient;
  /** Closed with the host. */
  client(): ConvexClient;
  token(claims?: JWTPayload): Promise<string>;
  /** Closes everything and opens it again on the same folder and port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestHostOptions {
  limits?: Partial<WireLimits>;
  synchronous?: "FULL" | "OFF";
  pingIntervalMs?: number;
  analysis?: () => Promise<Record<string, string>>;
  /** Results of queries arrive late, by differing times, or queries also begin late: whatever can overtake them does. */
  slowQueries?: "results" | "both";
}

export async function startTestHost(options: TestHostOptions = {}): Promise<TestHost> {
  const dir = mkdtempSync(join(tmpdir(), "wire-"));
  const { provider, token } = await signer();
  const clients = new Set<ConvexClient>();
  const errors: string[] = [];
  let running = await open(dir, provider, options, errors, 0);
  return {
    get url() {
      return running.wire.url;
    },
    get siteUrl() {
      return running.wire.siteUrl;
    },
    get engine() {
      return running.engine;
    },
    get store() {
      return running.store;
    },
    get wire() {
      return running.wire;
    },
    errors,
    http: () => new ConvexHttpClient(running.wire.url, { logger: false }),
    client() {
      const client = new ConvexClient(running.wire.url, { logger: false });
      clients.add(client);
      return client;
    },
    token,
    async restart() {
      const port = Number(new URL(running.wire.url).port);
      await close(running);
      running = await open(dir, provider, options, errors, port);
    },
    async stop() {
      await Promise.all([...clients].map((client) => client.close()));
      await close(running);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface Running {
  wire: WireServer;
  engine: Engine;
  store: Store;
}

async function open(
  dir: string,
  provider: AuthProvider,
  options: TestHostOptions,
  errors: string[],
  port: number,
): Promise<Running> {
  const store = openStore({ path: join(dir, "data.sqlite"), synchronous: options.synchronous ?? "OFF" });
  const files = createFileStore({ dir: join(dir, "files"), store });
  const executor = new InRealmExecutor();
  executor.addComponent("", async (path) => modules[path] ?? null);
  let cloudUrl = "";
  const engine = createEngine({ store, executor, deployment: deployment(provider), files, cloudUrl: () => cloudUrl });
  await engine.start();
  const wire = await createWireServer({
    engine: options.slowQueries ? withSlowQueries(engine, options.slowQueries) : engine,
    store,
    files,
    auth: createTokenVerifier({ providers: [provider] }),
    adminKey,
    instanceName: "test",
    host: "127.0.0.1",
    port,
    sitePort: 0,
    log: (level, text) => level === "error" && errors.push(text),
    ...options,
  });
  cloudUrl = wire.url;
  return { wire, engine, store };
}

/** The engine itself; only the way to and from its `query` is longer. */
function withSlowQueries(engine: Engine, which: "results" | "both"): Engine {
  let calls = 0;
  const delayed: Engine["query"] = async (...args) => {
    const turn = calls++;
    if (which === "both") await pause(turn % 3);
    try {
      return await engine.query(...args);
    } finally {
      await pause((turn * 7) % 4);
    }
  };
  return new Proxy(engine, {
    get(target, name) {
      if (name === "query") return delayed;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function close({ wire, engine, store }: Running): Promise<void> {
  await wire.close(2_000);
  await engine.stop(2_000);
  store.close();
}

function deployment(provider: AuthProvider): Deployment {
  // `export()` is how the Convex CLI reads a schema; convex's types do not show it.
  const exported = JSON.parse((schema as unknown as { export(): string }).export()) as SchemaExport;
  const root = { path: "", definition: "", children: {}, env: {}, schema: exported };
  return { components: new Map([["", root]]), crons: [], authProviders: [provider] };
}

async function signer() {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "k", alg: "ES256", use: "sig" }] });
  const provider: AuthProvider = {
    type: "customJwt",
    issuer,
    applicationID: "wire-tests",
    algorithm: "ES256",
    jwks: `data:application/json;base64,${Buffer.from(jwks).toString("base64")}`,
  };
  const token = (claims: JWTPayload = {}) =>
    new SignJWT({ iss: issuer, aud: "wire-tests", sub: "ada", ...claims })
      .setProtectedHeader({ alg: "ES256", kid: "k" })
      .setIssuedAt()
      .setExpirationTime(claims.exp ?? "5 minutes")
      .sign(privateKey);
  return { provider, token };
}

/** Resolves when the condition holds; the test's own time limit ends the wait. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(2);
}
