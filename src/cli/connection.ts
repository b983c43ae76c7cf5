/** For commands that follow something for long: the backend may restart meanwhile, and is waited for, but not for ever. */
import type { Backend } from "../bot/backend.ts";
import { BackendUnreachable } from "../bot/unreachable.ts";

/** As long as a single call waits for its answer. */
const LONGEST_AWAY_MS = 30_000;
const LOOK_EVERY_MS = 500;

export interface ConnectionWatch {
  /** Rejects with `backend_unavailable` once the backend was away for too long; never resolves. */
  lost: Promise<never>;
  stop(): void;
}

/** `away` is called once each time the connection is lost: a person who waits wants to know for what. */
export function watchConnection(
  backend: Pick<Backend, "connected" | "url" | "dataDir">,
  away: () => void,
  { longestAwayMs = LONGEST_AWAY_MS, lookEveryMs = LOOK_EVERY_MS } = {},
): ConnectionWatch {
  const { promise: lost, reject } = Promise.withResolvers<never>();
  // Whoever does not wait for it is not to be told of it either.
  lost.catch(() => {});
  let since: number | null = null;
  const timer = setInterval(() => {
    if (backend.connected()) since = null;
    else if (since === null) {
      since = performance.now();
      away();
    } else if (performance.now() - since >= longestAwayMs) {
      reject(new BackendUnreachable(backend, `no connection for ${Math.round(longestAwayMs / 1000)} s`));
    }
  }, lookEveryMs);
  return { lost, stop: () => clearInterval(timer) };
}

/** A connection that was made again begins with the state that was there before: told only when it is another one. */
export function eachChange<T>(tell: (state: T) => unknown): (state: T) => void {
  let last = "";
  return (state) => {
    const text = JSON.stringify(state);
    if (text !== last) tell(state);
    last = text;
  };
}

export const AWAY = "the connection to the backend is lost; waiting for it to come back";
