/**
 * For a program that asks and then ends. The client waits for twice as long after each try to connect, so that of a restart of one
 * second it may hear fifteen seconds later; here it tries again soon, and a connection that stays cut is given up. What was asked is sent
 * again by the client with the same number, under which the backend does it once.
 */
import type { ConvexClient } from "convex/browser";

const TRY_EVERY_MS = 250;
/** Whoever starts a bot again by itself has done so by then. */
const LONGEST_CUT_MS = 5_000;

export interface Line {
  /** Calls back with the reason once the connection has been cut for too long; returns the way to stop it. */
  onLost(tell: (reason: string) => void): () => void;
  stop(): void;
}

export function takeUpAgain(
  client: Pick<ConvexClient, "connectionState" | "client">,
  /** Whether somebody is known to start there: then it is waited for. */
  isStarting: () => boolean,
  { tryEveryMs = TRY_EVERY_MS, longestCutMs = LONGEST_CUT_MS } = {},
): Line {
  let since: number | null = null;
  const waiting = new Set<(reason: string) => void>();
  const timer = setInterval(() => {
    const { isWebSocketConnected, hasEverConnected, connectionRetries } = client.connectionState();
    const cut = !isWebSocketConnected && (hasEverConnected || connectionRetries > 0);
    if (!cut) {
      since = null;
      return;
    }
    since ??= performance.now();
    if (performance.now() - since >= longestCutMs && !isStarting()) {
      for (const tell of waiting)
        tell(`the connection was cut, and could not be made again for ${longestCutMs / 1000} s`);
    }
    connectNow(client);
  }, tryEveryMs);
  return {
    onLost(tell) {
      waiting.add(tell);
      return () => waiting.delete(tell);
    },
    stop: () => clearInterval(timer),
  };
}

/** What the client does when a browser is online again; it has no public name for it. It does nothing unless a try is being waited for. */
function connectNow({ client }: Pick<ConvexClient, "client">): void {
  const { webSocketManager } = client as unknown as { webSocketManager?: { tryReconnectImmediately?(): void } };
  webSocketManager?.tryReconnectImmediately?.();
}
