/** Timers. Captured when the module is loaded, so that a test's fake timers never stop the engine's own limits. */
import type { Timers } from "./options.ts";

const { setTimeout, clearTimeout, setImmediate, clearImmediate } = globalThis;

/** Longest delay that setTimeout keeps; a longer one would fire at once. */
export const MAX_DELAY_MS = 2 ** 31 - 1;

/** Nothing is kept alive by them: the process lives as long as its server does. */
export const realTimers: Timers = {
  maxDelayMs: 60_000,
  setTimeout(callback, ms) {
    // setTimeout(…, 0) waits a whole millisecond.
    if (ms <= 0) return { immediate: setImmediate(callback) };
    const timer = setTimeout(callback, Math.min(ms, MAX_DELAY_MS));
    timer.unref?.();
    return { timer };
  },
  clearTimeout(handle) {
    const { immediate, timer } = handle as { immediate?: NodeJS.Immediate; timer?: NodeJS.Timeout };
    if (immediate !== undefined) clearImmediate(immediate);
    if (timer !== undefined) clearTimeout(timer);
  },
};

/** Rejects with `giveUp()` when the work takes longer. The work itself goes on, unless `giveUp` ends it. */
export function withLimit<T>(work: Promise<T>, ms: number, giveUp: () => Error): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(giveUp()), Math.min(ms, MAX_DELAY_MS));
    timer.unref?.();
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (thrown) => {
        clearTimeout(timer);
        reject(thrown);
      },
    );
  });
}
