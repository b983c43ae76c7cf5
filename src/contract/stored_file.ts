/** A file that agents may read. */
export interface StoredFile {
  name: string;
  storageId: string;
  contentType: string | null;
  bytes: number;
  addedBy: string;
  at: number;
}
