/** The scripted run, killed at one COMMIT after another: each time on a fresh copy of the same prepared folder. */
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
import { drive, endingOf, install } from "./scripted_run.ts";

export interface KillPoint {
  commit: number;
  when: "before" | "after";
}

export interface Ended {
  /** False: the run was over before so many commits; there is nothing beyond this point. */
  killed: boolean;
  ending: ReturnType<typeof endingOf>;
  /** How often each effect was done, read from the file itself. */
  effects: Record<string, number>;
}

/** A run that does not end by then hangs: leases of 10 s, and the library's own waits, fit in several times. */
const LONGEST_MS = 90_000;

export class Matrix {
  readonly #root = mkdtempSync(join(tmpdir(), "factory-crash-"));
  readonly #prepared = join(this.#root, "prepared");
  #key!: GatewayKey;

  /** A backend with its owner and the definitions, stopped. */
  async prepare(): Promise<void> {
    this.#key = await ensureGatewayKey(null, this.#root);
    const port = await choosePort("127.0.0.1", 0);
    const child = await this.#start(this.#prepared, port, "");
    const backend = this.#connect(port);
    await install(backend);
    // One run warms what is cached: bundles, V8's code.
    await drive(backend, "warm");
    await backend.close();
    await end(child);
    const db = new DatabaseSync(join(this.#prepared, "convex.sqlite"));
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    db.close();
  }

  async run({ commit, when }: KillPoint): Promise<Ended> {
    const dir = join(this.#root, `${when}-${commit}`);
    cpSync(this.#prepared, dir, { recursive: true });
    const armed = join(dir, "armed");
    const port = await choosePort("127.0.0.1", 0);
    let child = await this.#start(dir, port, `at=${commit}&when=${when}&armed=${encodeURIComponent(armed)}`);
    const backend = this.#connect(port);
    try {
      writeFileSync(armed, "");
      let killed = false;
      const driven = drive(backend, `${when}-${commit}`);
      const restarted = once(child, "exit").then(async ([, signal]) => {
        if (signal !== "SIGKILL" || killed) return;
        killed = true;
        rmSync(armed);
        child = await this.#start(dir, port, "");
      });
      const run = await within(LONGEST_MS, driven, `killed ${when} commit ${commit}`);
      if (killed) await restarted;
      const ending = endingOf(run);
      // No kill any more: what is counted now stays.
      rmSync(armed, { force: true });
      await end(child);
      return { killed, ending, effects: effectsOf(dir, `${when}-${commit}`) };
    } finally {
      await backend.close();
      child.kill("SIGKILL");
      rmSync(dir, { recursive: true, force: true });
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
    const args = ["--import", killer, join(here, "child.ts"), dir, `${port}`, this.#key.jwks];
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

/** Past all code under test: of the run with this id, how often each effect was done. */
function effectsOf(dir: string, id: string): Record<string, number> {
  const db = new DatabaseSync(join(dir, "convex.sqlite"), { readOnly: true });
  try {
    const rows = db
      .prepare("SELECT json FROM docs WHERE json LIKE '%\"count\":%' AND json LIKE '%\"key\":%'")
      .all() as { json: string }[];
    const docs = rows.map((row) => JSON.parse(row.json) as { key: string; count: number });
    const own = docs.filter(({ key }) => key.startsWith(`${id}/`));
    return Object.fromEntries(own.map(({ key, count }) => [key.slice(id.length + 1), count]));
  } finally {
    db.close();
  }
}

function within<T>(ms: number, promise: Promise<T>, what: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what}: the run does not end`)), ms);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
