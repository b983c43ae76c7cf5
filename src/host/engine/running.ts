/** What is running, so that the engine can stop in order. */
import { EngineError } from "./errors.ts";
import { withLimit } from "./timers.ts";

export class Running {
  readonly #work = new Set<Promise<unknown>>();
  #closed = false;

  assertOpen(): void {
    if (this.#closed) throw new EngineError("The backend is shutting down. Try again in a moment.");
  }

  add<T>(work: Promise<T>): Promise<T> {
    this.#work.add(work);
    const remove = () => this.#work.delete(work);
    work.then(remove, remove);
    return work;
  }

  /** Refuses new work, then waits for what runs, at most so long. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    const drained = (async () => {
      while (this.#work.size > 0) await Promise.allSettled(this.#work);
    })();
    await withLimit(drained, timeoutMs, () => new Error("still running")).catch(() => {});
  }
}
