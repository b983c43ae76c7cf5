/** A script, killed at one COMMIT after another: each time on a fresh copy of the same prepared folder. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { type Backend, connectBackend } from "../../src/bot/backend.ts";
import { ensureGatewayKey, type GatewayKey } from "../../src/bot/gateway_key.ts";
import { choosePort } from "../../src/host/ports.ts";

export interface KillPoint {
  commit: number;
  when: "before" | "after";
}

/** What is done while the backend is killed. Its calls outlive the backend, because the client sends them again. */
export interface Script<Ending> {
  /** Of the backend, beside what it always has. */
  readonly env?: Record<string, string>;
  /** What a fresh backend needs. */
  install(backend: Backend): Promise<void>;
  /** Resolves at its end. `id` names this one; what it does is found by it. */
  drive(backend: Backend, id: string): Promise<void>;
  /** What came of it, read from the file itself, past all code under test: how it ended, how often each effect was done. */
  look(db: DatabaseSync, id: string): { ending: Ending; effects: Record<string, number> };
}

export interface Ended<Ending> {
  /** False: the script was over before so many commits; there is nothing beyond this point. */
  killed: boolean;
  ending: Ending;
  effects: Record<string, number>;
}

/** A script that does not end by then hangs: leases of 10 s, and the library's own waits, fit in several times. */
const LONGEST_MS = 180_000;

export class Matrix<Ending> {
  readonly #script: Script<Ending>;
  readonly #root = mkdtempSync(join(tmpdir(), "factory-crash-"));
  readonly #prepared = join(this.#root, "prepared");
  #key!: GatewayKey;
  #runs = 0;

  constructor(script: Script<Ending>) {
    this.#script = script;
  }

  /** A backend with all that the script needs, stopped. */
  async prepare(): Promise<void> {
    this.#key = await ensureGatewayKey(null, this.#root);
    const port = await choosePort("127.0.0.1", 0);
    const child = await this.#start(this.#prepared, port, "");
    const backend = this.#connect(port);
    await this.#script.install(backend);
    // One of it warms what is cached: bundles, V8's code.
    await this.#script.drive(backend, "warm");
    await backend.close();
    await end(child);
    const db = new DatabaseSync(join(this.#prepared, "convex.sqlite"));
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    db.close();
  }

  async run({ commit, when }: KillPoint): Promise<Ended<Ending>> {
    // Of its own each time: what happened outside of the backend stays.
    const id = `${when}-${commit}-${++this.#runs}`;
    const dir = join(this.#root, id);
    cpSync(this.#prepared, dir, { recursive: true });
    const armed = join(dir, "armed");
    const port = await choosePort("127.0.0.1", 0);
    let child = await this.#start(dir, port, `at=${commit}&when=${when}&armed=${encodeURIComponent(armed)}`);
    const backend = this.#connect(port);
    try {
      writeFileSync(armed, "");
      let killed = false;
      let over = false;
      const driven = this.#script.drive(backend, id);
      const restarted = once(child, "exit").then(async ([, signal]) => {
        if (signal !== "SIGKILL" || killed || over) return;
        killed = true;
        rmSync(armed, { force: true });
        child = await this.#start(dir, port, "");
      });
      await within(LONGEST_MS, Promise.race([driven, failed(restarted)]), `killed ${when} commit ${commit}`).catch(
        (thrown) => {
          throw new Error(`${thrown}: ${JSON.stringify(this.#look(dir, id))}`);
        },
      );
      if (killed) await restarted;
      // No kill any more, and nobody to start again: what is counted now stays.
      over = true;
      rmSync(armed, { force: true });
      await end(child);
      return { killed, ...this.#look(dir, id) };
    } finally {
      await backend.close();
      child.kill("SIGKILL");
      rmSync(dir, { recursive: true, force: true });
    }
  }

  #look(dir: string, id: string): { ending: Ending; effects: Record<string, number> } {
    const db = new DatabaseSync(join(dir, "convex.sqlite"), { readOnly: true });
    try {
      return this.#script.look(db, id);
    } finally {
      db.close();
    }
  }

  dispose(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }

  #connect(port: number): Backend {
    return connectBackend({ url: `http://127.0.0.1:${port}`, token: this.#key.token, timeoutMs: null });
  }

  async #start(dir: string, port: number, kill: string): Promise<ChildProcess> {
    const here = import.meta.dirname;
    const killer = `${pathToFileURL(join(here, "kill_at_commit.ts")).href}?${kill}`;
    const args = [
      "--import",
      killer,
      join(here, "child.ts"),
      dir,
      `${port}`,
      this.#key.jwks,
      JSON.stringify(this.#script.env ?? {}),
    ];
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "inherit"],
      env: { PATH: process.env.PATH, HOME: process.env.HOME },
    });
    const early = once(child, "exit").then(([code]) => {
      throw new Error(`the backend ended with code ${code} before it was ready`);
    });
    early.catch(() => {});
    await Promise.race([once(child.stdout!, "data"), early]);
    return child;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}

/** Settles only when it fails. */
const failed = (promise: Promise<unknown>): Promise<never> =>
  new Promise((_, reject) => void promise.catch((thrown: unknown) => reject(thrown)));

function within<T>(ms: number, promise: Promise<T>, what: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what}: it does not end`)), ms);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
