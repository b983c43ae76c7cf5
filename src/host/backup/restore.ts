/** Makes a data folder from a backup. */
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { APPLICATION_ID } from "../store/sql.ts";
import { HostError } from "../values/index.ts";
import { assertReadable, EXTRA_NAME, FILE_NAME, INSTANCE_NAME, pragma, withDatabase } from "./archive.ts";
import { ioError, sync } from "./backup.ts";

export interface RestoreOptions {
  /** Of `backup`. */
  file: string;
  /** Of the host; must not exist, or be empty. No host may be running on it. */
  dataDir: string;
}

export interface RestoreReport {
  documents: number;
  files: number;
  /** When the backup was made. */
  createdAt: string;
  /** What was given to `backup`. */
  extra: Record<string, Uint8Array>;
}

/** The folder appears when it is whole. Blocks the thread. Throws HostError; then nothing is left behind. */
export function restore({ file, dataDir }: RestoreOptions): RestoreReport {
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0) {
    throw new HostError(`${dataDir} is not empty. Move it away, or choose another folder.`);
  }
  if (!existsSync(file)) throw new HostError(`There is no file ${file}.`);
  const next = `${dataDir}.restoring`;
  try {
    withDatabase(file, { readOnly: true }, (db) => check(db, file));
    rmSync(next, { recursive: true, force: true });
    mkdirSync(join(next, "files"), { recursive: true, mode: 0o700 });
    const database = join(next, "convex.sqlite");
    copyFileSync(file, database);
    const report = withDatabase(database, {}, (db) => takeFiles(db, next));
    sync(database);
    sync(next);
    rmSync(dataDir, { recursive: true, force: true });
    renameSync(next, dataDir);
    sync(dirname(dataDir));
    return report;
  } catch (error) {
    throw ioError(error, dataDir);
  } finally {
    rmSync(next, { recursive: true, force: true });
  }
}

function check(db: DatabaseSync, file: string): void {
  assertReadable(db, file, "backup");
  const found = pragma(db, "integrity_check");
  if (found === "ok") return;
  throw new HostError(`The backup ${file} is damaged (${found}). Use another one.`, "corrupt");
}

function takeFiles(db: DatabaseSync, folder: string): RestoreReport {
  const extra: Record<string, Uint8Array> = {};
  let files = 0;
  const rows = db.prepare("SELECT name, part, bytes FROM backup_files ORDER BY name, part").iterate();
  for (const row of rows) {
    const { name, part, bytes } = row as { name: string; part: number; bytes: Uint8Array };
    // Only names that `backup` writes: a file from elsewhere must not reach other folders.
    if (FILE_NAME.test(name)) {
      if (part === 0) writeFileSync(join(folder, name), bytes, { mode: 0o600, flush: true });
      else appendFileSync(join(folder, name), bytes, { flush: true });
      if (part === 0 && !name.startsWith("files/.")) files++;
    } else if (name === INSTANCE_NAME) writeFileSync(join(folder, name), bytes, { mode: 0o600, flush: true });
    else if (EXTRA_NAME.test(name)) extra[name.slice("extra/".length)] = bytes;
    else throw new HostError(`The backup holds a file with the name ${JSON.stringify(name)}.`, "corrupt");
  }
  const { value: createdAt } = db.prepare("SELECT value FROM backup_info WHERE key = 'createdAt'").get() as {
    value: string;
  };
  db.exec(`DROP TABLE backup_files; DROP TABLE backup_info; PRAGMA application_id = ${APPLICATION_ID}; VACUUM`);
  const { n } = db.prepare("SELECT count(*) AS n FROM docs").get() as { n: number };
  return { documents: n, files, createdAt, extra };
}
