/**
 * The data folder: who may use it, and what others find in it.
 *
 *   backend/            the embedded host's database and files
 *   gateway_key.json    the gateway's private key
 *   gateway_id          its name towards the outbox
 *   endpoint.json       where the running bot listens; read by the CLI
 *   lock.db             held by the running bot
 *   discord_replies.jsonl  tokens of interactions that wait for a reply; of use for 15 minutes
 *   history             lines typed at the terminal
 *   simulator.db        what the simulated platforms hold
 *   simulated_people.json  who was introduced to the backend for them
 */
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { FactoryError } from "../contract/errors.ts";

export interface Endpoint {
  pid: number;
  /** Since when it runs, ms since 1970. */
  startedAt: number;
  /** null while it starts. */
  url: string | null;
  http: string | null;
  simulator: string | null;
  /** How replies are made: "offline" or the model's name; for `doctor`. */
  model: string | null;
}

export interface DataDir {
  readonly path: string;
  /** Where the embedded host keeps its data. */
  readonly backend: string;
  /** Tells the CLI where the bot is. */
  publish(endpoint: Omit<Endpoint, "pid" | "startedAt">): void;
  /** Idempotent. */
  release(): void;
}

export const endpointFile = (dataDir: string): string => join(dataDir, "endpoint.json");
export const backendFolder = (dataDir: string): string => join(dataDir, "backend");

/** Like `recursive: true`, which in Node 24 never returns where a parent refuses new folders with ENOENT (`/proc/x`). */
function makeFolder(path: string): void {
  const make = (): boolean => {
    try {
      mkdirSync(path, { mode: 0o700 });
      return true;
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      if (code === "EEXIST" && statSync(path).isDirectory()) return true;
      if (code === "ENOENT" && !existsSync(dirname(path))) return false;
      throw thrown;
    }
  };
  if (make()) return;
  makeFolder(dirname(path));
  make();
}

/** Makes the folder, readable by its owner only. A folder that exists keeps its content, and loses its readers. */
export function makeDataDir(path: string): void {
  try {
    makeFolder(path);
    chmodSync(path, 0o700);
  } catch (thrown) {
    throw folderError(path, thrown);
  }
}

/**
 * Takes the folder for this process. The lock is an exclusive SQLite transaction that stays open: the system frees it when
 * the process ends in any way, so there is no stale lock to judge and no moment at which two starters both hold it.
 */
export async function takeDataDir(path: string): Promise<DataDir> {
  makeDataDir(path);
  const lock = openLock(path);
  if (lock === null) throw await refusal(path);
  const own = { pid: process.pid, startedAt: Date.now() };
  const publish = (endpoint: Omit<Endpoint, "pid" | "startedAt">) => writeEndpoint(path, { ...own, ...endpoint });
  try {
    publish({ url: null, http: null, simulator: null, model: null });
  } catch (thrown) {
    lock.close();
    throw folderError(path, thrown);
  }
  let held = true;
  return {
    path,
    backend: backendFolder(path),
    publish,
    release() {
      if (!held) return;
      held = false;
      // First the announcement, then the lock: the other way round it could be the next bot's.
      rmSync(endpointFile(path), { force: true });
      lock.close();
    },
  };
}

/** null: another process holds it. */
function openLock(path: string): DatabaseSync | null {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(join(path, "lock.db"), { timeout: 0 });
    db.exec("BEGIN EXCLUSIVE");
    return db;
  } catch (thrown) {
    db?.close();
    // 5 is SQLITE_BUSY; the low byte, because extended codes carry more above it.
    const code = (thrown as { errcode?: number }).errcode;
    if (code !== undefined && (code & 0xff) === 5) return null;
    throw folderError(path, thrown);
  }
}

async function refusal(path: string): Promise<FactoryError> {
  // The winner writes its announcement right after it took the lock; the file may still be its predecessor's for a moment.
  let first: Endpoint | null = null;
  for (let tries = 0; tries < 20 && first === null; tries++) {
    const read = readEndpoint(path);
    if (read !== null && isAlive(read.pid)) first = read;
    else await new Promise((done) => setTimeout(done, 50));
  }
  const who =
    first === null
      ? "another bot"
      : `a bot (pid ${first.pid}, since ${new Date(first.startedAt).toISOString()}${first.url === null ? ", still starting" : `, ${first.url}`})`;
  return new FactoryError("bot_running", `${who} already uses the data folder ${path}`, {
    field: "FACTORY_DATA_DIR",
    remedy: "talk to it with `npm run factory -- chat`, stop it, or set FACTORY_DATA_DIR to another folder",
  });
}

/** The name under which this folder's bot takes deliveries; kept, so that after a crash it finds what it held. */
export function gatewayIdOf(path: string): string {
  const file = join(path, "gateway_id");
  try {
    const known = readFileSync(file, "utf8").trim();
    if (known !== "") return known;
  } catch {
    // The first start.
  }
  const made = `gateway-${randomBytes(6).toString("hex")}`;
  writeFileSync(file, `${made}\n`, { mode: 0o600 });
  return made;
}

function writeEndpoint(path: string, endpoint: Endpoint): void {
  // Renamed into place, so that a reader never sees half of it.
  const next = `${endpointFile(path)}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify(endpoint)}\n`, { mode: 0o600 });
  renameSync(next, endpointFile(path));
}

/** null: no bot announced itself here. The bot may have died since: ask `isAlive`. */
export function readEndpoint(path: string): Endpoint | null {
  try {
    return JSON.parse(readFileSync(endpointFile(path), "utf8")) as Endpoint;
  } catch {
    return null;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}

function folderError(path: string, thrown: unknown): FactoryError {
  if (thrown instanceof FactoryError) return thrown;
  const code = (thrown as NodeJS.ErrnoException).code;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  if (code === "ENOSPC" || code === "EDQUOT" || /disk is full/.test(reason)) {
    return new FactoryError("disk_full", `no space left in the data folder ${path}`, {
      field: "FACTORY_DATA_DIR",
      remedy: "free some space, or set FACTORY_DATA_DIR to a folder on another disk; nothing stored is lost",
      cause: thrown,
    });
  }
  return new FactoryError("invalid_input", `the data folder ${path} cannot be used: ${reason}`, {
    field: "FACTORY_DATA_DIR",
    remedy: "set FACTORY_DATA_DIR to a folder this user may write",
    cause: thrown,
  });
}
