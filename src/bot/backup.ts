/**
 * Copies of the data folder: `factory backup`, `restore` and `export`. They work on the files, beside the running bot; only a restore
 * needs the folder for itself. The embedded host knows its own part (src/host/backup); here is what the bot keeps beside it.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { FactoryError } from "../contract/errors.ts";
import type { Config } from "./config.ts";
import { backendFolder, takeDataDir } from "./data_dir.ts";

export interface BackupReport {
  file: string;
  documents: number;
  files: number;
  bytes: number;
}
export interface RestoreReport {
  documents: number;
  files: number;
  createdAt: string;
  /** Where what was there before lies now; null: nothing was there. */
  movedTo: string | null;
}
export interface ExportReport {
  file: string;
  tables: Record<string, number>;
  files: number;
  scheduledLeftOut: number;
}

/** Of the running process, made anew, or of use for minutes; everything else of the folder's own files is kept. */
const NOT_KEPT = /^(lock\.db|endpoint\.json|discord_replies)/;
/** A key, a name, the lines typed at the terminal. What is larger is no such file. */
const LARGEST_KEPT = 1024 * 1024;

export async function makeBackup(config: Config, path: string): Promise<BackupReport> {
  assertEmbedded(config, "npx convex export --path FILE");
  const { backup } = await import("../host/backup/index.ts");
  const file = resolve(path);
  return { file, ...said(file, () => backup({ dataDir: backendOf(config), file, extra: ownFiles(config.dataDir) })) };
}

export async function makeExport(config: Config, path: string): Promise<ExportReport> {
  assertEmbedded(config, "npx convex export --path FILE");
  const { exportForConvex } = await import("../host/backup/index.ts");
  const file = resolve(path);
  try {
    return { file, ...(await exportForConvex({ dataDir: backendOf(config), file })) };
  } catch (thrown) {
    throw worded(thrown, file);
  }
}

/** `replace`: data that is there is moved aside, never deleted. */
export async function restoreBackup(
  config: Config,
  path: string,
  options: { replace: boolean },
): Promise<RestoreReport> {
  assertEmbedded(config, "npx convex import FILE");
  const { restore } = await import("../host/backup/index.ts");
  const file = resolve(path);
  const folder = await takeDataDir(config.dataDir);
  try {
    const movedTo = existsSync(folder.backend) ? moveAside(folder.backend, options.replace) : null;
    try {
      const { extra, ...report } = said(file, () => restore({ file, dataDir: folder.backend }));
      for (const [name, bytes] of Object.entries(extra)) putFile(folder.path, name, bytes);
      return { ...report, movedTo };
    } catch (thrown) {
      if (movedTo !== null && !existsSync(folder.backend)) renameSync(movedTo, folder.backend);
      throw thrown;
    }
  } finally {
    folder.release();
  }
}

function assertEmbedded(config: Config, instead: string): void {
  if (config.convexUrl === null) return;
  throw new FactoryError("invalid_input", `the data is in the deployment ${config.convexUrl}, not in a folder here`, {
    field: "CONVEX_URL",
    remedy: `use \`${instead}\`, or unset CONVEX_URL for the embedded host's data`,
  });
}

function backendOf(config: Config): string {
  const backend = backendFolder(config.dataDir);
  if (existsSync(backend)) return backend;
  throw new FactoryError("not_found", `no bot has stored anything in ${config.dataDir} yet`, {
    field: "FACTORY_DATA_DIR",
    remedy: "set FACTORY_DATA_DIR to the folder of the bot",
  });
}

function moveAside(backend: string, replace: boolean): string {
  if (!replace) {
    throw new FactoryError("conflict", `there is data in ${backend}`, {
      field: "FACTORY_DATA_DIR",
      remedy: "--replace moves it aside; or set FACTORY_DATA_DIR to a new folder",
    });
  }
  const movedTo = `${backend}.before-${new Date().toISOString().replaceAll(":", "")}`;
  renameSync(backend, movedTo);
  return movedTo;
}

function ownFiles(dataDir: string): Record<string, Uint8Array> {
  const kept: Record<string, Uint8Array> = {};
  for (const name of readdirSync(dataDir)) {
    const path = join(dataDir, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isFile() !== true || stat.size > LARGEST_KEPT || NOT_KEPT.test(name) || !/^[\w.-]+$/.test(name)) continue;
    kept[name] = readFileSync(path);
  }
  return kept;
}

function putFile(dataDir: string, name: string, bytes: Uint8Array): void {
  const next = join(dataDir, `${name}.restoring`);
  writeFileSync(next, bytes, { mode: 0o600, flush: true });
  try {
    renameSync(next, join(dataDir, name));
  } finally {
    rmSync(next, { force: true });
  }
}

function said<T>(file: string, body: () => T): T {
  try {
    return body();
  } catch (thrown) {
    throw worded(thrown, file);
  }
}

/** A sentence of the host's that tells what to do, after those that tell what is wrong. */
const TO_DO = /^(.+)\. ((?:Choose|Free|Move|Use)\b.+)\.$/s;

/** The host's reasons in our words; its messages name the file, and mostly what to do. */
function worded(thrown: unknown, file: string): unknown {
  const { name, reason, message } = thrown as { name?: string; reason?: string | null; message?: string };
  if (name !== "HostError") return thrown;
  const code =
    reason === "disk_full"
      ? "disk_full"
      : reason === "corrupt"
        ? "data_corrupt"
        : reason === "newer_version"
          ? "conflict"
          : "invalid_input";
  const ofFile = String(message).includes(file);
  const [, wrong = String(message), remedy] = TO_DO.exec(String(message)) ?? [];
  const otherwise = ofFile ? "give a file that factory backup made" : "set FACTORY_DATA_DIR to the folder of the bot";
  return new FactoryError(code, wrong, {
    field: ofFile ? "FILE" : "FACTORY_DATA_DIR",
    remedy: remedy === undefined ? otherwise : `${remedy.charAt(0).toLowerCase()}${remedy.slice(1)}`,
    cause: thrown,
  });
}
