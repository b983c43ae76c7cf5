/** Runs scheduled functions to the end under a test's (usually fake) timers. */

import { withoutOverrides } from "../executor/global_overrides.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";

const { setTimeout: realSetTimeout } = globalThis;

/** Turns of the real event loop that a job of the real clock gets to become due. */
const IDLE_TURNS = 20;

/**
 * Advances time until nothing is pending and nothing runs. Throws after `maxIterations` rounds: functions that keep scheduling
 * themselves never end. Jobs whose time the test's clock cannot reach are left alone.
 */
export async function finishAllScheduledFunctions(
  scheduler: Scheduler,
  advanceTimers: () => void,
  maxIterations = 100,
): Promise<void> {
  const clock = currentClock();
  const advance = () => {
    if (currentClock() !== clock) {
      throw new Error("finishAllScheduledFunctions: the timers were replaced while it waited for scheduled functions.");
    }
    advanceTimers();
  };
  let idle = 0;
  for (let i = 0; i < maxIterations; i++) {
    // Jobs may wait on a timer of a clock that the test has since replaced.
    scheduler.wake(Number.POSITIVE_INFINITY);
    advance();
    if (scheduler.runningCount > 0) {
      idle = 0;
      await settle(scheduler, advance);
    } else if (!scheduler.hasPending || ++idle > IDLE_TURNS) {
      return;
    } else {
      await turn();
    }
  }
  throw new Error(
    "finishAllScheduledFunctions: too many rounds. Look for functions that schedule themselves for ever, or raise maxIterations.",
  );
}

/** Actions may themselves wait for the test's clock, so it goes on while they run. */
async function settle(scheduler: Scheduler, advance: () => void): Promise<void> {
  let ended = false;
  const settled = scheduler.settled().finally(() => {
    ended = true;
  });
  while (!ended) {
    advance();
    await Promise.race([settled, turn()]);
  }
  await settled;
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    realSetTimeout(resolve, 0);
  });
}

function currentClock(): unknown {
  return withoutOverrides(() => globalThis.setTimeout);
}
