/**
 * Tells the page that something a person can see has changed. It carries no content: whoever listens reads again, so a lost or
 * doubled notice does no harm. Notices of one moment are joined.
 */
export interface Feed {
  changed(): void;
  /** The result ends the listening; `ended` is called when the feed itself ends. */
  listen(heard: () => void, ended?: () => void): () => void;
  close(): void;
}

/** Below what an eye sees, long enough to join the writes of one request. */
const JOIN_MS = 25;

export function createFeed(): Feed {
  const listeners = new Set<{ heard: () => void; ended?: () => void }>();
  let timer: NodeJS.Timeout | null = null;
  return {
    changed() {
      if (timer !== null || listeners.size === 0) return;
      timer = setTimeout(() => {
        timer = null;
        for (const listener of [...listeners]) listener.heard();
      }, JOIN_MS);
      timer.unref();
    },
    listen(heard, ended) {
      const listener = { heard, ended };
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      for (const listener of [...listeners]) listener.ended?.();
      listeners.clear();
    },
  };
}
