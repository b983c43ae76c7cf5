import { createHash, randomBytes, randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openAsBlob,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { FileStore, StagedFile } from "../engine/types.ts";
import { UploadTokens } from "./upload_tokens.ts";

export interface FileStoreOptions {
  /** `dataDir/files`; made when missing. Bytes lie in it under their storage id, unfinished ones in `staging/`. */
  dir: string;
  /** ms since 1970; injectable for tests. */
  now?: () => number;
}

/** Ids are Convex ids: lower case letters and digits. Anything else never reaches the file system. */
const idPattern = /^[a-z0-9]{16,64}$/;

export class DiskFileStore implements FileStore {
  readonly #dir: string;
  readonly #staging: string;
  readonly #tokens: UploadTokens;
  /** Staged file → its path; gone when adopted or discarded. */
  readonly #staged = new WeakMap<StagedFile, string>();

  constructor(options: FileStoreOptions) {
    this.#dir = options.dir;
    this.#staging = join(options.dir, "staging");
    mkdirSync(this.#dir, { recursive: true });
    // Nobody can be uploading before the start: what lies here was cut off.
    rmSync(this.#staging, { recursive: true, force: true });
    mkdirSync(this.#staging);
    this.#tokens = new UploadTokens(secretOf(this.#dir), options.now ?? Date.now);
  }

  async stage(source: Uint8Array | Blob | AsyncIterable<Uint8Array>): Promise<StagedFile> {
    const path = join(this.#staging, randomUUID());
    const hash = createHash("sha256");
    let size = 0;
    try {
      const file = await open(path, "wx");
      try {
        for await (const chunk of chunksOf(source)) {
          hash.update(chunk);
          size += chunk.byteLength;
          await file.writeFile(chunk);
        }
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
    const staged: StagedFile = { sha256: hash.digest("base64"), size };
    this.#staged.set(staged, path);
    return staged;
  }

  adopt(staged: StagedFile, storageId: string): void {
    const path = this.#staged.get(staged);
    if (path === undefined) throw new Error("This staged file was adopted or discarded before");
    renameSync(path, this.#path(storageId));
    this.#staged.delete(staged);
    // The document must not be durable before the name is.
    syncDirectory(this.#dir);
  }

  discard(staged: StagedFile): void {
    const path = this.#staged.get(staged);
    if (path === undefined) return;
    this.#staged.delete(staged);
    rmSync(path, { force: true });
  }

  async open(storageId: string, contentType = ""): Promise<Blob | null> {
    if (!idPattern.test(storageId)) return null;
    try {
      return await openAsBlob(this.#path(storageId), { type: contentType });
    } catch {
      return null;
    }
  }

  remove(storageId: string): void {
    if (idPattern.test(storageId)) rmSync(this.#path(storageId), { force: true });
  }

  createUploadToken(component: string): string {
    return this.#tokens.create(component);
  }

  readUploadToken(token: string): string | null {
    return this.#tokens.read(token);
  }

  /** Removes bytes whose document does not exist (a crash between the two). For the start only. Returns how many. */
  sweep(exists: (storageId: string) => boolean): number {
    let removed = 0;
    for (const name of readdirSync(this.#dir)) {
      if (!idPattern.test(name) || name === "staging" || exists(name)) continue;
      rmSync(this.#path(name), { force: true });
      removed++;
    }
    return removed;
  }

  #path(storageId: string): string {
    if (!idPattern.test(storageId)) throw new Error(`Not a storage id: ${JSON.stringify(storageId)}`);
    return join(this.#dir, storageId);
  }
}

async function* chunksOf(source: Uint8Array | Blob | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) yield source;
  // By shape, not by class: a Blob may come from another realm.
  else if ("stream" in source) yield* source.stream() as unknown as AsyncIterable<Uint8Array>;
  else yield* source;
}

function secretOf(dir: string): Buffer {
  const path = join(dir, ".upload-secret");
  if (!existsSync(path)) {
    const part = `${path}.${randomUUID()}`;
    writeFileSync(part, randomBytes(32), { mode: 0o600, flush: true });
    renameSync(part, path);
    syncDirectory(dir);
  }
  return readFileSync(path);
}

function syncDirectory(path: string): void {
  // Windows cannot sync a directory; there the rename itself is journaled.
  if (process.platform === "win32") return;
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
