/** File storage of a test. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { FileStore, StagedFile } from "../engine/types.ts";

export class MemoryFiles implements FileStore {
  readonly #staged = new WeakMap<StagedFile, Uint8Array<ArrayBuffer>>();
  readonly #files = new Map<string, Uint8Array<ArrayBuffer>>();
  #tokens = 0;

  async stage(source: Uint8Array | Blob | AsyncIterable<Uint8Array>): Promise<StagedFile> {
    const bytes = await bytesOf(source);
    const staged = { sha256: createHash("sha256").update(bytes).digest("base64"), size: bytes.byteLength };
    this.#staged.set(staged, bytes);
    return staged;
  }

  adopt(staged: StagedFile, storageId: string): void {
    const bytes = this.#staged.get(staged);
    if (bytes === undefined) throw new Error("This staged file was adopted or discarded before");
    this.#files.set(storageId, bytes);
    this.#staged.delete(staged);
  }

  discard(staged: StagedFile): void {
    this.#staged.delete(staged);
  }

  async open(storageId: string, contentType = ""): Promise<Blob | null> {
    const bytes = this.#files.get(storageId);
    return bytes === undefined ? null : new Blob([bytes], { type: contentType });
  }

  remove(storageId: string): void {
    this.#files.delete(storageId);
  }

  createUploadToken(component: string): string {
    return `${++this.#tokens}:${component}`;
  }

  readUploadToken(token: string): string | null {
    const colon = token.indexOf(":");
    return colon < 0 ? null : token.slice(colon + 1);
  }
}

async function bytesOf(source: Uint8Array | Blob | AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  if (source instanceof Uint8Array) return new Uint8Array(source);
  // By shape, not by class: the test environment may have a Blob of its own.
  if ("arrayBuffer" in source) return new Uint8Array(await source.arrayBuffer());
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}
