/** Time as the simulators see it. Whoever tests retries and expiries moves it by hand; a person at the page has the real one. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** Calls once after `delayMs`; the result takes it back. */
  after(delayMs: number, then: () => void): () => void;
}

export const realClock: Clock = {
  now: () => Date.now(),
  after(delayMs, then) {
    const timer = setTimeout(then, delayMs);
    // A simulator that waits for a retry keeps no process alive.
    timer.unref();
    return () => clearTimeout(timer);
  },
};

export interface ManualClock extends Clock {
  /** Moves on and runs what became due, in order; lets what that started settle between any two. */
  advance(byMs: number): Promise<void>;
}

export function createManualClock(startAt = Date.now()): ManualClock {
  let now = startAt;
  let made = 0;
  const timers = new Map<number, { at: number; then: () => void }>();
  const settle = () => new Promise<void>((done) => setImmediate(done));
  return {
    now: () => now,
    after(delayMs, then) {
      const id = ++made;
      timers.set(id, { at: now + delayMs, then });
      return () => timers.delete(id);
    },
    async advance(byMs) {
      const until = now + byMs;
      for (;;) {
        await settle();
        const due = [...timers]
          .filter(([, timer]) => timer.at <= until)
          .sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];
        if (due === undefined) break;
        const [id, timer] = due;
        timers.delete(id);
        now = Math.max(now, timer.at);
        timer.then();
      }
      now = until;
      await settle();
    },
  };
}
