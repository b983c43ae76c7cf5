/** Slack's ids and time stamps. Ids count up, so that a run of one seed can be compared with another; kept over restarts. */
import { createHash } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { Collection } from "../store.ts";

export interface SlackIds {
  /** `next("V")` → "V0000000001": unique over the workspace's life. */
  next(prefix: string): string;
  /** A message's or event's time stamp: later than every one before. */
  ts(): string;
  /** A number that grows with every call. */
  count(): number;
  /** Unguessable to a caller, the same for the same seed. */
  secret(purpose: string): string;
}

export interface Counters {
  made: number;
  /** Micros since 1970 of the last time stamp; below 2^53 until the year 2255. */
  lastTs: number;
}

export function createSlackIds(clock: Clock, counters: Collection<Counters>, seed: string): SlackIds {
  const state = counters.get("ids") ?? { made: 0, lastTs: 0 };
  const step = () => {
    state.made++;
    counters.put("ids", state);
    return state.made;
  };
  return {
    next: (prefix) => `${prefix}${String(step()).padStart(10, "0")}`,
    ts() {
      state.lastTs = Math.max(state.lastTs + 1, Math.floor(clock.now()) * 1000);
      counters.put("ids", state);
      return formatTs(state.lastTs);
    },
    count: step,
    secret: (purpose) => createHash("sha256").update(`${seed}:${purpose}`).digest("hex"),
  };
}

const formatTs = (micros: number): string =>
  `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, "0")}`;

/** Time stamps have the same number of digits until 2286, so text compares like time; written out because callers send short ones. */
export function compareTs(a: string, b: string): number {
  const [aSeconds = "0", aMicros = "0"] = a.split(".");
  const [bSeconds = "0", bMicros = "0"] = b.split(".");
  return Number(aSeconds) - Number(bSeconds) || Number(aMicros.padEnd(6, "0")) - Number(bMicros.padEnd(6, "0"));
}

export const tsToMs = (ts: string): number => Number(ts) * 1000;
