/** The scheduler's timers in tests: the globals of the moment, so that fake timers drive it. */
import type { Timers } from "../engine/options.ts";
import { withoutOverrides } from "../executor/global_overrides.ts";

interface Handle {
  timer: ReturnType<typeof setTimeout>;
  /** The clock it was set on. */
  set: typeof setTimeout;
  clear: typeof clearTimeout;
}

export const testTimers: Timers = {
  setTimeout(callback, ms): Handle {
    return withoutOverrides(() => {
      const { setTimeout: set, clearTimeout: clear } = globalThis;
      const timer = set(callback, ms);
      return { timer, set, clear };
    });
  },
  clearTimeout(handle) {
    const { timer, clear } = handle as Handle;
    withoutOverrides(() => clear(timer));
  },
  isAlive(handle) {
    return withoutOverrides(() => globalThis.setTimeout) === (handle as Handle).set;
  },
};
