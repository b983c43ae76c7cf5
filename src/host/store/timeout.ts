/** A transaction that takes too long is given up. */
import { HostError } from "../values/error.ts";
import type { StoreReader } from "./reader.ts";

// Captured here: a test's fake timers must not stop the store's own limits.
const { setTimeout, clearTimeout } = globalThis;

/** The body goes on after the timeout, but each of its calls throws; its own end is no longer of interest. */
export function withTimeout<R extends StoreReader, T>(
  body: (tx: R) => Promise<T>,
  tx: R,
  timeoutMs: number,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const error = new HostError(
        `Function execution timed out (maximum duration: ${timeoutMs} ms). Its transaction was rolled back.`,
        "timeout",
      );
      tx.end(() => error);
      reject(error);
    }, timeoutMs);
    const run = async () => body(tx);
    run()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
