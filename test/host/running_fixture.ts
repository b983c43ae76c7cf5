/** Starts the fixture app in a host of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import {
  type HostLogEntry,
  type HostOptions,
  type HostThread,
  type RunningHost,
  startHost,
} from "../../src/host/index.ts";

export const fixtureApp = join(import.meta.dirname, "fixture_app");

/** Nobody can sign in. */
export const NO_KEYS = 'data:application/json,{"keys":[]}';

export class Fixture implements AsyncDisposable {
  readonly dataDir = mkdtempSync(join(tmpdir(), "convex-fixture-"));
  readonly logs: HostLogEntry[] = [];
  #host: RunningHost | undefined;
  #keys: CryptoKeyPair | undefined;

  get host(): RunningHost {
    return this.#host!;
  }

  async start(options: Partial<HostOptions> = {}, prepared: HostThread | null = null): Promise<RunningHost> {
    this.#keys ??= (await generateKeyPair("ES256", { extractable: true })) as CryptoKeyPair;
    const key = { ...(await exportJWK(this.#keys.publicKey)), alg: "ES256", use: "sig", kid: "1" };
    const jwks = `data:application/json,${encodeURIComponent(JSON.stringify({ keys: [key] }))}`;
    const own = { appDir: fixtureApp, dataDir: this.dataDir, port: 0, env: { FIXTURE_JWKS: jwks } };
    const log = (entry: HostLogEntry) => void this.logs.push(entry);
    this.#host = await startHost({ ...own, log, ...options }, prepared);
    return this.#host;
  }

  /** A token that the fixture's auth.config accepts. */
  async token(subject: string): Promise<string> {
    return new SignJWT({})
      .setProtectedHeader({ alg: "ES256", kid: "1" })
      .setIssuer("https://fixture.test")
      .setAudience("fixture")
      .setSubject(subject)
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(this.#keys!.privateKey);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host?.stop(1_000);
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
