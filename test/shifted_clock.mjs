/**
 * A process whose clock is ahead. Loaded before anything else (`node --import=file:///…/shifted_clock.mjs?ms=259200000`), it shifts the time
 * of that process and of its workers; imported by a test, `shiftClock` moves the test's own.
 */
import { syncBuiltinESMExports } from "node:module";
import workers from "node:worker_threads";

const Real = Date;
let shiftMs = 0;

class Shifted extends Real {
  constructor(...parts) {
    if (parts.length === 0) super(Shifted.now());
    else super(...parts);
  }
  static now() {
    return Real.now() + shiftMs;
  }
}

/** From now on this process's time is the real one and this much. */
export function shiftClock(ms) {
  shiftMs = ms;
  globalThis.Date = ms === 0 ? Real : Shifted;
}

const preloaded = Number(new URL(import.meta.url).searchParams.get("ms") ?? 0);
if (preloaded !== 0) {
  shiftClock(preloaded);
  const { Worker } = workers;
  // A worker with an environment of its own would not see NODE_OPTIONS.
  workers.Worker = class extends Worker {
    constructor(file, options = {}) {
      super(file, { ...options, execArgv: [...process.execArgv, `--import=${import.meta.url}`] });
    }
  };
  syncBuiltinESMExports();
}
