/** A closed-open interval of index keys, and who depends on it. */
interface Interval<T> {
  low: Uint8Array;
  high: Uint8Array;
  owner: T;
}

/**
 * Which intervals hold a key: an interval tree laid out over a sorted array (the middle element is the root). Changes only mark it
 * stale; it is laid out again at the next question, so a burst of changes costs one sort.
 */
export class RangeIndex<T> {
  readonly #byOwner = new Map<T, Interval<T>[]>();
  #sorted: Interval<T>[] = [];
  /** At each middle element: the highest `high` of its part. */
  #reach: Uint8Array[] = [];
  #stale = false;

  get size(): number {
    return this.#byOwner.size;
  }

  add(owner: T, low: Uint8Array, high: Uint8Array): void {
    const interval = { low, high, owner };
    const own = this.#byOwner.get(owner);
    if (own === undefined) this.#byOwner.set(owner, [interval]);
    else own.push(interval);
    this.#stale = true;
  }

  remove(owner: T): void {
    if (this.#byOwner.delete(owner)) this.#stale = true;
  }

  /** Calls back for each interval that holds the key; an owner with several may come several times. */
  stab(key: Uint8Array, found: (owner: T) => void): void {
    if (this.#stale) this.#layOut();
    this.#search(0, this.#sorted.length, key, found);
  }

  #search(from: number, to: number, key: Uint8Array, found: (owner: T) => void): void {
    if (from >= to) return;
    const middle = (from + to) >> 1;
    if (Buffer.compare(this.#reach[middle]!, key) <= 0) return;
    this.#search(from, middle, key, found);
    const interval = this.#sorted[middle]!;
    if (Buffer.compare(interval.low, key) > 0) return;
    if (Buffer.compare(interval.high, key) > 0) found(interval.owner);
    this.#search(middle + 1, to, key, found);
  }

  #layOut(): void {
    this.#sorted = [...this.#byOwner.values()].flat().sort((a, b) => Buffer.compare(a.low, b.low));
    this.#reach = new Array(this.#sorted.length);
    this.#measure(0, this.#sorted.length);
    this.#stale = false;
  }

  #measure(from: number, to: number): Uint8Array | null {
    if (from >= to) return null;
    const middle = (from + to) >> 1;
    let reach = this.#sorted[middle]!.high;
    for (const part of [this.#measure(from, middle), this.#measure(middle + 1, to)]) {
      if (part !== null && Buffer.compare(part, reach) > 0) reach = part;
    }
    this.#reach[middle] = reach;
    return reach;
  }
}
