/** First come, first served. The lock passes from holder to holder without being free in between. */
export class Mutex {
  #held = false;
  #queue: (() => void)[] = [];
  #head = 0;

  get held(): boolean {
    return this.#held;
  }

  get waiting(): number {
    return this.#queue.length - this.#head;
  }

  /** null when the lock was free and is now held by the caller; otherwise resolves when it is the caller's turn. */
  acquire(): Promise<void> | null {
    if (!this.#held) {
      this.#held = true;
      return null;
    }
    return new Promise((resolve) => this.#queue.push(resolve));
  }

  release(): void {
    if (this.waiting === 0) {
      this.#held = false;
      return;
    }
    const next = this.#queue[this.#head++]!;
    // The spent front is cut off now and then: Array.shift would move the whole queue each time.
    if (this.#head > 1000) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    next();
  }
}
