import type { FileStore } from "../engine/types.ts";
import type { Store } from "../store/types.ts";
import { DiskFileStore, type FileStoreOptions } from "./file_store.ts";

export { DiskFileStore, type FileStoreOptions } from "./file_store.ts";
export { adoptIn, saveFile } from "./save.ts";

/** Opens file storage and removes the bytes a crash left without a document. */
export function createFileStore(options: FileStoreOptions & { store?: Store }): FileStore {
  const files = new DiskFileStore(options);
  if (options.store !== undefined) {
    const reader = options.store.snapshot();
    files.sweep((id) => {
      const owner = reader.tableOfId(id);
      return owner !== null && reader.get(owner.component, id) !== null;
    });
  }
  return files;
}
