/** One number says about one segment a second; what comes faster waits here instead of in the carrier's queue, where it may be dropped. */

export interface Pace {
  /** Resolves when this many segments may be sent; in the order of the calls. Rejects after `stop`. */
  turn(segments: number): Promise<void>;
  stop(): void;
}

export function createPace(options: {
  segmentsPerSecond: number;
  now?: () => number;
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}): Pace {
  const { segmentsPerSecond, now = Date.now, sleep = wait } = options;
  const stopping = new AbortController();
  let freeAt = 0;
  return {
    async turn(segments) {
      stopping.signal.throwIfAborted();
      const at = Math.max(now(), freeAt);
      freeAt = at + (segments * 1000) / segmentsPerSecond;
      const waitMs = at - now();
      if (waitMs > 0) await sleep(waitMs, stopping.signal);
    },
    stop: () => stopping.abort(),
  };
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, failed) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      failed(new Error("stopping"));
    });
  });
}
