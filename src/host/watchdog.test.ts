import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HEARTBEAT_MS } from "./messages.ts";
import { Watchdog } from "./watchdog.ts";

let beats = 0;
let rss = 100;
let troubles: string[] = [];
let watchdog: Watchdog;

beforeEach(() => {
  vi.useFakeTimers();
  [beats, rss, troubles] = [0, 100, []];
  watchdog = new Watchdog({
    beats: () => beats,
    hangTimeoutMs: 4 * HEARTBEAT_MS,
    memoryBytes: 1000,
    rss: () => rss,
    onTrouble: (reason) => troubles.push(reason),
  });
});
afterEach(() => {
  watchdog.stop();
  vi.useRealTimers();
});

function pass(ms: number, options: { beating: boolean }): void {
  for (let at = 0; at < ms; at += HEARTBEAT_MS) {
    if (options.beating) beats++;
    vi.advanceTimersByTime(HEARTBEAT_MS);
  }
}

test("beating -> no trouble; silent for as long as allowed -> trouble, once", () => {
  pass(20 * HEARTBEAT_MS, { beating: true });
  pass(3 * HEARTBEAT_MS, { beating: false });
  pass(HEARTBEAT_MS, { beating: true });
  pass(3 * HEARTBEAT_MS, { beating: false });
  expect(troubles).toEqual([]);
  pass(10 * HEARTBEAT_MS, { beating: false });
  expect(troubles).toEqual([expect.stringMatching(/did not return the thread/)]);
});

test("memory counts from the moment the worker is ready", () => {
  rss = 5_000;
  pass(HEARTBEAT_MS, { beating: true });
  watchdog.ready();
  rss = 5_900;
  pass(HEARTBEAT_MS, { beating: true });
  expect(troubles).toEqual([]);
  rss = 6_100;
  // It grew much already, so it is looked at more often than the heart beats.
  vi.advanceTimersByTime(HEARTBEAT_MS / 4);
  expect(troubles).toEqual([expect.stringMatching(/memory/)]);
});

test("a busy worker is looked at closely, an idle one is not", () => {
  watchdog.ready();
  pass(2 * HEARTBEAT_MS, { beating: true });
  rss = 9_000;
  vi.advanceTimersByTime(HEARTBEAT_MS / 4);
  expect(troubles).toEqual([]);
  rss = 100;
  pass(HEARTBEAT_MS, { beating: false });
  rss = 9_000;
  vi.advanceTimersByTime(HEARTBEAT_MS / 4);
  expect(troubles).toHaveLength(1);
});
