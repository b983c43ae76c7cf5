/** The end of a stream, of at most so many bytes. */
export class Tail {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;
  /** Something was dropped. */
  cut = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    // Whole chunks first; twice the limit is held at most before the rest is cut exactly.
    while (this.#chunks.length > 1 && this.#size - this.#chunks[0]!.length >= this.#limit) {
      this.#size -= this.#chunks.shift()!.length;
      this.cut = true;
    }
  }

  bytes(): Buffer {
    const all = Buffer.concat(this.#chunks);
    if (all.length <= this.#limit) return all;
    this.cut = true;
    const end = all.subarray(all.length - this.#limit);
    this.#chunks = [end];
    this.#size = end.length;
    return end;
  }
}
