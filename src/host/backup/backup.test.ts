import { Buffer } from "node:buffer";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Entry, fromBuffer } from "yauzl";
import { adoptIn, createFileStore } from "../files/index.ts";
import { readInstance } from "../instance.ts";
import { openStore } from "../store/index.ts";
import type { SchemaExport, Store } from "../store/types.ts";
import { backup, exportForConvex, restore } from "./index.ts";

let root: string;
let dataDir: string;
let file: string;
let store: Store;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "backup-"));
  dataDir = join(root, "data");
  file = join(root, "copy.backup");
  readInstance(dataDir);
  store = open(dataDir);
});
afterEach(() => {
  store.close();
  rmSync(root, { recursive: true, force: true });
});

const schema = defineSchema({
  notes: defineTable({ n: v.number(), text: v.string() })
    .index("by_n", ["n"])
    .searchIndex("by_text", { searchField: "text" }),
});
function open(dir: string): Store {
  const opened = openStore({ path: join(dir, "convex.sqlite"), synchronous: "OFF" });
  opened.defineComponents([
    ["", JSON.parse((schema as unknown as { export(): string }).export()) as SchemaExport],
    ["agent/inner", null],
  ]);
  return opened;
}
const insert = (n: number, component = "") =>
  store.write(async (tx) => tx.insert(component, "notes", { n, text: `note ${n} größe` }));
const count = async (from: Store) => (await from.read(async (tx) => tx.count("", "notes"))).value;
async function storeFile(bytes: Uint8Array): Promise<string> {
  const files = createFileStore({ dir: join(dataDir, "files"), store });
  const staged = await files.stage(bytes);
  return (await store.write(async (tx) => adoptIn(tx, files, "", staged, "text/plain"))).value;
}
/** Several parts long, and not the same everywhere. */
const large = Buffer.from(Uint32Array.from({ length: (17 << 20) / 4 }, (_, i) => (i * 2654435761) >>> 0).buffer);

describe("backup and restore", () => {
  test("the folder comes back as it was: documents, indexes, searches, files, keys, and what was given", async () => {
    for (let n = 0; n < 50; n++) await insert(n);
    const ids = [await storeFile(large), await storeFile(new Uint8Array())];
    const report = backup({ dataDir, file, extra: { "gateway_key.json": Buffer.from("secret") } });
    expect(report).toMatchObject({ documents: 52, files: 2 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await insert(50);

    const other = join(root, "elsewhere");
    const restored = restore({ file, dataDir: other });
    expect(restored).toMatchObject({ documents: 52, files: 2, createdAt: expect.stringMatching(/^20/) });
    expect(Buffer.from(restored.extra["gateway_key.json"]!).toString()).toBe("secret");
    expect(readFileSync(join(other, "files", ids[0]!)).equals(large)).toBe(true);
    expect(readFileSync(join(other, "files", ids[1]!))).toHaveLength(0);
    expect(readInstance(other)).toEqual(readInstance(dataDir));
    expect(readFileSync(join(other, "files/.upload-secret"))).toEqual(
      readFileSync(join(dataDir, "files/.upload-secret")),
    );
    const again = open(other);
    expect(await count(again)).toBe(50);
    const found = await again.read(async (tx) =>
      tx
        .stream("", {
          source: {
            type: "Search",
            indexName: "notes.by_text",
            filters: [{ type: "Search", fieldPath: "text", value: "größe" }],
          },
          operators: [],
        })
        .next(),
    );
    expect(found.value).toContain("größe");
    // Not twice as large for having carried the files.
    expect(statSync(join(other, "convex.sqlite")).size).toBeLessThan(1 << 20);
    again.close();
  });

  test("made between any two commits: all of the one and nothing of the other, and nobody waits", async () => {
    let stop = false;
    const writing = (async () => {
      // Two documents in each transaction: a half would be seen.
      for (let n = 0; !stop; n++) {
        await store.write(async (tx) => {
          tx.insert("", "notes", { n, text: "a" });
          tx.insert("", "notes", { n, text: "b" });
        });
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      backup({ dataDir, file: `${file}${i}` });
      const db = new DatabaseSync(`${file}${i}`, { readOnly: true });
      expect((db.prepare("SELECT count(*) % 2 AS odd FROM docs").get() as { odd: number }).odd).toBe(0);
      db.close();
    }
    stop = true;
    await writing;
    expect(readdirSync(dataDir)).not.toContain("backup-links");
  });

  test("a file that is deleted afterwards is still in the backup", async () => {
    const id = await storeFile(Buffer.from("bytes"));
    backup({ dataDir, file });
    rmSync(join(dataDir, "files", id));
    const other = join(root, "elsewhere");
    restore({ file, dataDir: other });
    expect(readFileSync(join(other, "files", id), "utf8")).toBe("bytes");
  });

  test.each([
    ["a file that exists", () => writeFileSync(file, "mine"), /exists already/],
    ["a folder without data", () => rmSync(join(dataDir, "convex.sqlite")), /no data/],
    ["a place that is none", () => (file = join(root, "absent/x")), /cannot be used/],
  ])("refused: %s; nothing is left behind", (_what, arrange, why) => {
    arrange();
    const before = readdirSync(root);
    expect(() => backup({ dataDir, file })).toThrow(why);
    expect(readdirSync(root)).toEqual(before);
    expect(readdirSync(dataDir)).not.toContain("backup-links");
  });

  test.each([
    ["a file that is no backup", () => writeFileSync(file, "something else"), /not a backup/],
    ["a database instead of a backup", () => (file = join(dataDir, "convex.sqlite")), /not a backup/],
    ["half of a backup", () => truncateSync(file, statSync(file).size - 5000), /damaged/],
    [
      "a backup of a newer version",
      () => {
        const db = new DatabaseSync(file);
        db.exec("PRAGMA user_version = 99");
        db.close();
      },
      /newer version/,
    ],
    [
      "a backup with a file that would land elsewhere",
      () => {
        const db = new DatabaseSync(file);
        db.exec("INSERT INTO backup_files VALUES('files/../../x', 0, x'00')");
        db.close();
      },
      /holds a file with the name/,
    ],
  ])("not restored: %s; nothing is left behind", async (_what, arrange, why) => {
    for (let n = 0; n < 200; n++) await insert(n);
    backup({ dataDir, file });
    arrange();
    const other = join(root, "elsewhere");
    expect(() => restore({ file, dataDir: other })).toThrow(why);
    expect(existsSync(other)).toBe(false);
    expect(existsSync(`${other}.restoring`)).toBe(false);
  });

  test("never over data that is there", async () => {
    await insert(1);
    backup({ dataDir, file });
    expect(() => restore({ file, dataDir })).toThrow(/not empty/);
    expect(await count(store)).toBe(1);
  });
});

test("the export holds every table of every component, ids and times as they are, and files beside their documents", async () => {
  for (let n = 0; n < 20; n++) await insert(n);
  await insert(99, "agent/inner");
  const id = await storeFile(Buffer.from("bytes of a file"));
  await store.write(async (tx) => {
    const owner = { component: "", owner: "", udfPath: "a:b", args: "{}", state: "pending" } as const;
    const job = tx.insert("", "_scheduled_functions", { name: "a:b" });
    tx.schedule({ ...owner, id: job, ts: 1e15 });
  });
  const zip = join(root, "export.zip");
  const report = await exportForConvex({ dataDir, file: zip });
  expect(report).toEqual({
    tables: { notes: 20, _storage: 1, "agent/inner/notes": 1 },
    files: 1,
    scheduledLeftOut: 1,
  });
  const entries = await unzip(readFileSync(zip));
  expect([...entries.keys()].sort()).toEqual([
    "_components/agent/_components/inner/_tables/documents.jsonl",
    "_components/agent/_components/inner/notes/documents.jsonl",
    "_storage/documents.jsonl",
    `_storage/${id}`,
    "_tables/documents.jsonl",
    "notes/documents.jsonl",
  ]);
  expect(entries.get(`_storage/${id}`)!.toString()).toBe("bytes of a file");
  const lines = (name: string) =>
    entries
      .get(name)!
      .toString()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const notes = lines("notes/documents.jsonl");
  expect(notes).toHaveLength(20);
  const { value: stored } = await store.read(async (tx) => tx.get("", notes[7]!._id as string));
  expect(notes[7]).toEqual(JSON.parse(stored!));
  expect(lines("_storage/documents.jsonl")[0]).toMatchObject({ _id: id, size: 15, contentType: "text/plain" });
  const numbers = lines("_tables/documents.jsonl");
  expect(numbers.map(({ name }) => name).sort()).toEqual(["_storage", "notes"]);
  for (const { id: number } of numbers) expect(number).toBeGreaterThan(10_000);
});

test("an export that cannot be written is refused, and nothing goes on reading what is closed", async () => {
  for (let n = 0; n < 5; n++) await insert(n);
  await storeFile(Buffer.from("bytes of a file"));
  const absent = join(root, "absent");
  // Whatever were read afterwards would end this process: nobody listens for its error.
  await expect(exportForConvex({ dataDir, file: join(absent, "export.zip") })).rejects.toThrow(
    `${join(absent, "export.zip")} cannot be used: there is no folder ${absent}. Choose another place`,
  );
  await new Promise((done) => setImmediate(done));
  expect(readdirSync(root).sort()).toEqual(["data"]);
});

function unzip(bytes: Buffer): Promise<Map<string, Buffer>> {
  return new Promise((resolve, reject) => {
    fromBuffer(bytes, { lazyEntries: true }, (error, zip) => {
      if (error) return reject(error);
      const entries = new Map<string, Buffer>();
      zip.on("entry", (entry: Entry) => {
        zip.openReadStream(entry, async (failure, stream) => {
          if (failure) return reject(failure);
          const parts: Buffer[] = [];
          for await (const part of stream) parts.push(part as Buffer);
          entries.set(entry.fileName, Buffer.concat(parts));
          zip.readEntry();
        });
      });
      zip.on("end", () => resolve(entries));
      zip.readEntry();
    });
  });
}
