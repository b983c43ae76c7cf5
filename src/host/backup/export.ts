/** Writes what `npx convex import` reads: a zip with the documents of every table as lines of JSON, ids and times kept. */
import { createReadStream, createWriteStream, existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ZipFile } from "yazl";
import { HostError } from "../values/index.ts";
import { assertReadable, withDatabase } from "./archive.ts";
import { ioError } from "./backup.ts";

export interface ExportOptions {
  /** Of the host; it may be running. */
  dataDir: string;
  /** Must not exist; should end with `.zip`. */
  file: string;
}

export interface ExportReport {
  /** `component/table` → documents; the app's own tables without a component. */
  tables: Record<string, number>;
  files: number;
  /** Documents that do not move, because Convex takes no scheduled functions. */
  scheduledLeftOut: number;
}

interface TableRow {
  num: number;
  component: string;
  name: string;
}

/** The file appears when it is whole. Throws HostError; then nothing is left behind. */
export async function exportForConvex({ dataDir, file }: ExportOptions): Promise<ExportReport> {
  if (existsSync(file)) throw new HostError(`${file} exists already. Choose another name, or move it away.`);
  const database = join(dataDir, "convex.sqlite");
  if (!existsSync(database)) throw new HostError(`There is no data in ${dataDir}.`);
  const part = `${file}.part`;
  try {
    const db = openSnapshot(database);
    const sources = new Sources();
    try {
      const report = await writeZip(db, dataDir, part, sources);
      renameSync(part, file);
      return report;
    } finally {
      sources.close();
      db.close();
    }
  } catch (error) {
    throw ioError(error, file);
  } finally {
    rmSync(part, { force: true });
  }
}

/** One read transaction for all that is written, so that references between tables fit. */
function openSnapshot(path: string): DatabaseSync {
  withDatabase(path, {}, (db) => assertReadable(db, path, "database"));
  const db = new DatabaseSync(path, { timeout: 10_000 });
  db.exec("BEGIN");
  return db;
}

/** What the zip is made of, one after the other. The library goes on when the file has failed; then nothing may be read any more. */
class Sources {
  private open: Readable | null = null;
  private over = false;

  add(zip: ZipFile, name: string, read: () => Readable): void {
    zip.addReadStreamLazy(name, (give) => {
      // Not answered: that is where the library stops.
      if (this.over) return;
      this.open = read();
      give(null, this.open);
    });
  }

  close(): void {
    this.over = true;
    this.open?.destroy();
  }
}

async function writeZip(db: DatabaseSync, dataDir: string, part: string, sources: Sources): Promise<ExportReport> {
  const zip = new ZipFile();
  const failed = new Promise<never>((_, reject) => zip.on("error", reject));
  const written = pipeline(zip.outputStream, createWriteStream(part, { mode: 0o600 }));
  const done = Promise.race([written, failed]);
  const report: ExportReport = { tables: {}, files: 0, scheduledLeftOut: 0 };
  const tables = db
    .prepare("SELECT num, component, name FROM tbls ORDER BY component, num")
    .all() as unknown as TableRow[];
  const components = new Set(tables.map(({ component }) => component));
  // Which number each table's ids carry. Before the tables: a reader may go through the file once.
  for (const component of components) {
    const own = tables.filter((table) => table.component === component && moves(table));
    const lines = own.map(({ num, name }) => `${JSON.stringify({ name, id: num })}\n`);
    zip.addBuffer(Buffer.from(lines.join("")), `${folder(component)}_tables/documents.jsonl`);
  }
  const count = db.prepare("SELECT count(*) AS n FROM docs WHERE tbl = ?");
  for (const table of tables) {
    const { n } = count.get(table.num) as { n: number };
    if (!moves(table)) {
      if (table.name === "_scheduled_functions") report.scheduledLeftOut += pendingOf(db, table);
      continue;
    }
    report.tables[table.component === "" ? table.name : `${table.component}/${table.name}`] = n;
    const name = `${folder(table.component)}${table.name}/documents.jsonl`;
    sources.add(zip, name, () => Readable.from(documents(db, table.num)));
    if (table.name === "_storage") report.files += addFiles(zip, sources, db, table, dataDir);
  }
  zip.end();
  await done;
  return report;
}

/** System tables other than that of the files are Convex's own affair. */
function moves({ name }: TableRow): boolean {
  return !name.startsWith("_") || name === "_storage";
}

/** As the importer names components. */
function folder(component: string): string {
  return component === ""
    ? ""
    : component
        .split("/")
        .map((name) => `_components/${name}/`)
        .join("");
}

function* documents(db: DatabaseSync, table: number): Generator<string> {
  for (const row of db.prepare("SELECT json FROM docs WHERE tbl = ? ORDER BY rid").iterate(table)) {
    yield `${(row as { json: string }).json}\n`;
  }
}

function pendingOf(db: DatabaseSync, { component }: TableRow): number {
  const { n } = db.prepare("SELECT count(*) AS n FROM sched WHERE owner = ? AND state <> 'done'").get(component) as {
    n: number;
  };
  return n;
}

function addFiles(zip: ZipFile, sources: Sources, db: DatabaseSync, table: TableRow, dataDir: string): number {
  let files = 0;
  for (const row of db.prepare("SELECT id FROM docs WHERE tbl = ? ORDER BY rid").all(table.num)) {
    const { id } = row as { id: string };
    const path = join(dataDir, "files", id);
    if (!existsSync(path)) continue;
    files++;
    sources.add(zip, `${folder(table.component)}_storage/${id}`, () => createReadStream(path));
  }
  return files;
}
