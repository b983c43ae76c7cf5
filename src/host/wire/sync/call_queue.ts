/** Runs tasks one after another; what has not begun when it is closed never begins. */
export class CallQueue {
  readonly #tasks: (() => Promise<void>)[] = [];
  #running = false;
  #closed = false;

  /** Waiting and running. */
  get length(): number {
    return this.#tasks.length + (this.#running ? 1 : 0);
  }

  /** Tasks must not reject. */
  push(task: () => Promise<void>): void {
    if (this.#closed) return;
    this.#tasks.push(task);
    if (!this.#running) void this.#run();
  }

  close(): void {
    this.#closed = true;
    this.#tasks.length = 0;
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) await task();
    this.#running = false;
  }
}
