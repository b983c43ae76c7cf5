/** Commit times and creation times: both strictly increasing over the life of the database, even when the clock goes back. */
export class Clock {
  readonly #now: () => number;
  #lastTs: bigint;
  #lastCreationTime: number;

  constructor(now: () => number, lastTs: bigint) {
    this.#now = now;
    this.#lastTs = lastTs;
    // Commit times never lie before the creation times they cover, so the persisted one bounds both.
    this.#lastCreationTime = Number(lastTs / 1000n) / 1000;
  }

  now(): number {
    return this.#now();
  }

  /** Of the latest transaction, durable or not. */
  get lastTs(): bigint {
    return this.#lastTs;
  }

  /** ns since 1970. */
  nextTs(): bigint {
    const candidates = [BigInt(Math.floor(this.#now())) * 1_000_000n, toNs(this.#lastCreationTime), this.#lastTs + 1n];
    this.#lastTs = candidates.reduce((a, b) => (b > a ? b : a));
    return this.#lastTs;
  }

  /** ms since 1970, in steps of at least 0.001. */
  nextCreationTime(): number {
    const now = this.#now();
    this.#lastCreationTime = now > this.#lastCreationTime ? now : this.#lastCreationTime + 0.001;
    return this.#lastCreationTime;
  }
}

/** Rounded up, so that the commit time is never before the creation time. */
function toNs(ms: number): bigint {
  return BigInt(Math.ceil(ms * 1000)) * 1000n;
}
