/** Documents as they stand within one write transaction, so that what was read need not be read again to be changed. */
import type { DocRow } from "./sql.ts";

/** Enough for what a function reads in order to change it; one that walks a table must not hold all of it. */
const MAX_ROWS = 256;
/** Large documents would fill the memory and gain little. */
const MAX_BYTES = 16_384;

export class RowCache {
  readonly #rows = new Map<string, DocRow>();

  get = (id: string): DocRow | undefined => this.#rows.get(id);
  delete = (id: string): boolean => this.#rows.delete(id);
  /** After a rollback nobody knows which of them were written in what was undone. */
  clear = (): void => this.#rows.clear();

  /** Read from the database just now, after every write of the transaction so far. */
  add(row: DocRow): void {
    if (this.#rows.size >= MAX_ROWS || row[2] > MAX_BYTES) return;
    const id = idOf(row[3]);
    if (id !== null) this.#rows.set(id, row);
  }

  /** Read or written under this id. What is known already is replaced even if there is no room for more. */
  set(id: string, row: DocRow): void {
    if (row[2] > MAX_BYTES) this.#rows.delete(id);
    else if (this.#rows.size < MAX_ROWS || this.#rows.has(id)) this.#rows.set(id, row);
  }
}

const START = '{"_creationTime":';
const ID = ',"_id":"';

/**
 * Of a stored text. Its keys are sorted and no field of an application begins with `_`: after the creation time comes the id. Null when
 * something comes before both (a capital letter does): such a document is read again.
 */
function idOf(json: string): string | null {
  if (!json.startsWith(START)) return null;
  const from = json.indexOf(ID, START.length) + ID.length;
  return json.slice(from, json.indexOf('"', from));
}
