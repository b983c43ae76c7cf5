import type { FileStore, StagedFile } from "../engine/types.ts";
import type { ComponentPath, JsonObject, Store, Writer } from "../store/types.ts";

/** Inserts the `_storage` document and gives it its bytes, inside the caller's transaction. Returns the storage id. */
export function adoptIn(
  tx: Writer,
  files: FileStore,
  component: ComponentPath,
  staged: StagedFile,
  contentType?: string,
): string {
  const document: JsonObject = { sha256: staged.sha256, size: staged.size };
  if (contentType !== undefined && contentType !== "") document.contentType = contentType;
  const id = tx.insert(component, "_storage", document);
  files.adopt(staged, id);
  return id;
}

/** The same in a transaction of its own (uploads, `ctx.storage.store` of an action). */
export async function saveFile(
  store: Store,
  files: FileStore,
  component: ComponentPath,
  source: Uint8Array | Blob | AsyncIterable<Uint8Array>,
  contentType?: string,
): Promise<string> {
  const staged = await files.stage(source);
  try {
    const { value } = await store.write(async (tx) => adoptIn(tx, files, component, staged, contentType));
    return value;
  } catch (error) {
    files.discard(staged);
    throw error;
  }
}
