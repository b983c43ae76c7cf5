/** Sends one call's answer. */
type Answer = () => void;

/**
 * A socket's mutations: each begins when the one before has its place in the order of transactions, so several share one commit;
 * the answers go out in the order in which the mutations came. What has not begun when the queue is closed never begins.
 */
export class CallQueue {
  readonly #most: number;
  readonly #waiting: ((queued: () => void) => Promise<Answer>)[] = [];
  /** Begun and not yet answered. */
  #begun = 0;
  #beginning = false;
  #answered: Promise<void> = Promise.resolve();
  #closed = false;

  /** At most `most` wait for their commits at a time, so that one client cannot fill the queue of all. */
  constructor(most: number) {
    this.#most = most;
  }

  /** `run` calls `queued` when the next may begin, at the latest it settles; it must not reject. */
  push(run: (queued: () => void) => Promise<Answer>): void {
    if (this.#closed) return;
    this.#waiting.push(run);
    this.#next();
  }

  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
  }

  #next(): void {
    if (this.#beginning || this.#begun >= this.#most) return;
    const run = this.#waiting.shift();
    if (run === undefined) return;
    this.#begun++;
    this.#beginning = true;
    let isQueued = false;
    const queued = () => {
      if (isQueued) return;
      isQueued = true;
      this.#beginning = false;
      this.#next();
    };
    const settled = run(queued);
    // One answer that could not be sent must not keep back the others.
    const before = this.#answered.catch(() => {});
    this.#answered = (async () => {
      const answer = await settled;
      queued();
      await before;
      answer();
      this.#begun--;
      this.#next();
    })();
  }
}
