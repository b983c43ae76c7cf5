/**
 * Moments at which a platform stands still. Whoever tests what a killed process leaves behind has a call or an event wait just before
 * it is done, or just after and before anybody hears of it, kills the process there, and lets the platform go on.
 */
export type HoldStage =
  /** It has come in (an event: it is about to go out) and nothing is done yet. */
  | "before"
  /** It is done (an event: it is acknowledged), and the caller has not heard of it. */
  | "after";

export interface HoldOrder {
  /** As for faults: a method's name, `event:TYPE`, `interactive:TYPE`. */
  on: string;
  stage: HoldStage;
  /** Absent: the first that comes. */
  fits?: (fields: Record<string, unknown>) => boolean;
}

export interface Held {
  /** Resolves when something stands still here. */
  reached: Promise<void>;
  /** It goes on. */
  release(): void;
  /** It is never done, and nobody is told; of what is done already only the answer is lost. */
  drop(): void;
}

export interface Holds {
  /** Good for one call or event. */
  order(order: HoldOrder): Held;
  /** Resolves at once when nothing is ordered for this. False: it is to be dropped. */
  at(stage: HoldStage, target: string, fields?: Record<string, unknown>): Promise<boolean>;
  /** Something is ordered. While nothing is, whoever must not be late by a tick need not ask `at`. */
  ordered(): boolean;
  /** What waits goes on, and what was ordered is forgotten. */
  clear(): void;
}

export function createHolds(): Holds {
  interface Open extends HoldOrder {
    reached: PromiseWithResolvers<void>;
    decided: PromiseWithResolvers<boolean>;
  }
  const open = new Set<Open>();
  const waiting = new Set<Open>();
  return {
    order(order) {
      const held: Open = {
        ...order,
        reached: Promise.withResolvers<void>(),
        decided: Promise.withResolvers<boolean>(),
      };
      open.add(held);
      const decide = (goesOn: boolean) => {
        open.delete(held);
        held.decided.resolve(goesOn);
      };
      return { reached: held.reached.promise, release: () => decide(true), drop: () => decide(false) };
    },
    async at(stage, target, fields = {}) {
      const held = [...open].find(
        (one) => one.stage === stage && one.on === target && (one.fits === undefined || one.fits(fields)),
      );
      if (held === undefined) return true;
      open.delete(held);
      waiting.add(held);
      held.reached.resolve();
      try {
        return await held.decided.promise;
      } finally {
        waiting.delete(held);
      }
    },
    ordered: () => open.size > 0,
    clear() {
      for (const held of [...open, ...waiting]) held.decided.resolve(true);
      open.clear();
    },
  };
}
