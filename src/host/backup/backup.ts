/** Copies a data folder into one file while the host runs, or while it does not. */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { HostError } from "../values/index.ts";
import {
  assertReadable,
  BACKUP_FORMAT,
  BACKUP_ID,
  BACKUP_LAYOUT,
  EXTRA_NAME,
  FILE_NAME,
  INSTANCE_NAME,
  PART_BYTES,
  withDatabase,
} from "./archive.ts";

export interface BackupOptions {
  /** Of the host. */
  dataDir: string;
  /** Must not exist. Readable by its owner only: it holds the keys. */
  file: string;
  /** Further small files, given back by `restore`. */
  extra?: Record<string, Uint8Array>;
}

export interface BackupReport {
  documents: number;
  files: number;
  bytes: number;
}

/**
 * The file appears when it is whole. Opens the database like any other reader beside the host: nothing waits for it there. Blocks the
 * thread, so it is for a process of its own. Throws HostError; then nothing is left behind.
 */
export function backup({ dataDir, file, extra = {} }: BackupOptions): BackupReport {
  if (existsSync(file)) throw new HostError(`${file} exists already. Choose another name, or move it away.`);
  const database = join(dataDir, "convex.sqlite");
  if (!existsSync(database)) throw new HostError(`There is no data in ${dataDir}.`);
  const part = `${file}.part`;
  const links = join(dataDir, "backup-links");
  try {
    rmSync(part, { force: true });
    closeSync(openSync(part, "wx", 0o600));
    linkFiles(dataDir, links);
    withDatabase(database, {}, (db) => {
      assertReadable(db, database, "database");
      // One read transaction of its own; an empty file may be given.
      db.prepare("VACUUM INTO ?").run(part);
    });
    // What was stored between the first look and the snapshot. What is deleted meanwhile is kept by its link.
    linkFiles(dataDir, links);
    const report = withDatabase(part, {}, (db) => addFiles(db, { dataDir, links, extra }));
    sync(part);
    renameSync(part, file);
    chmodSync(file, 0o600);
    sync(dirname(file));
    return { ...report, bytes: statSync(file).size };
  } catch (error) {
    throw ioError(error, file);
  } finally {
    rmSync(part, { force: true });
    rmSync(`${part}-journal`, { force: true });
    rmSync(links, { recursive: true, force: true });
  }
}

/** Links cost no space and keep the bytes even when the host removes the file. */
function linkFiles(dataDir: string, links: string): void {
  mkdirSync(links, { recursive: true });
  const dir = join(dataDir, "files");
  if (!existsSync(dir)) return;
  for (const name of readdirSync(dir)) {
    if (!FILE_NAME.test(`files/${name}`) || name === "staging" || existsSync(join(links, name))) continue;
    try {
      linkSync(join(dir, name), join(links, name));
    } catch (error) {
      // Removed since it was listed.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

function addFiles(
  db: DatabaseSync,
  from: { dataDir: string; links: string; extra: Record<string, Uint8Array> },
): Omit<BackupReport, "bytes"> {
  // Its end is the rename; a journal in between protects nothing.
  db.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
  db.exec(BACKUP_LAYOUT);
  const add = db.prepare("INSERT INTO backup_files VALUES(?, ?, ?)");
  const isStored = db.prepare("SELECT 1 FROM docs WHERE id = ?");
  let files = 0;
  db.exec("BEGIN");
  for (const name of readdirSync(from.links)) {
    const isSecret = name.startsWith(".");
    // Bytes whose document came after the snapshot.
    if (!isSecret && isStored.get(name) === undefined) continue;
    if (!isSecret) files++;
    addFile(join(from.links, name), (number, bytes) => add.run(`files/${name}`, number, bytes));
  }
  add.run(INSTANCE_NAME, 0, readFileSync(join(from.dataDir, INSTANCE_NAME)));
  for (const [name, bytes] of Object.entries(from.extra)) {
    if (!EXTRA_NAME.test(`extra/${name}`)) throw new Error(`Not a name for a file in a backup: ${name}`);
    add.run(`extra/${name}`, 0, bytes);
  }
  const info = db.prepare("INSERT INTO backup_info VALUES(?, ?)");
  info.run("format", BACKUP_FORMAT);
  info.run("createdAt", new Date().toISOString());
  db.exec(`COMMIT; PRAGMA application_id = ${BACKUP_ID}`);
  const { n } = db.prepare("SELECT count(*) AS n FROM docs").get() as { n: number };
  return { documents: n, files };
}

function addFile(path: string, add: (part: number, bytes: Uint8Array) => void): void {
  const descriptor = openSync(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(PART_BYTES);
    // An empty file has one empty part.
    for (let part = 0; ; part++) {
      const length = readSync(descriptor, buffer, 0, PART_BYTES, null);
      if (length > 0 || part === 0) add(part, buffer.subarray(0, length));
      if (length < PART_BYTES) return;
    }
  } finally {
    closeSync(descriptor);
  }
}

export function sync(path: string): void {
  // Windows cannot sync a directory; there the rename itself is journaled.
  if (process.platform === "win32" && statSync(path).isDirectory()) return;
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function placeWords(code: string, folder: string): string {
  if (code === "ENOENT") return `there is no folder ${folder}`;
  if (code === "ENOTDIR") return `${folder} is not a folder`;
  return code === "EROFS" ? `${folder} can only be read` : `this user may not write in ${folder}`;
}

/** Failures of the file system, worded like those of the database. */
export function ioError(error: unknown, file: string): unknown {
  const { code, message, path } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new HostError(`The disk of ${file} is full. Free space on it, or choose another place.`, "disk_full", {
      cause: error,
    });
  }
  if (code === "ENOENT" || code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOTDIR") {
    // What failed may also be a file of the data beside it; then the system's words say which.
    const why = path?.startsWith(file) ? placeWords(code, dirname(file)) : message;
    return new HostError(`${file} cannot be used: ${why}. Choose another place, or mend this one.`, "io_failed", {
      cause: error,
    });
  }
  return error;
}
