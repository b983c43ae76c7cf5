/** "… is typing" while an answer is being made. Discord shows it for ten seconds and forgets it when something is said. */
import { parsePlace } from "./ids.ts";
import type { Places } from "./places.ts";
import type { Api } from "./rest.ts";

export interface Typing {
  begin(place: string): void;
  end(place: string): void;
  stop(): void;
}

const AGAIN_MS = 8_000;
/** Something went wrong, or the answer is a question to somebody else. */
const LONGEST_MS = 60_000;

export function createTyping(api: Api, places: Places, known: (channel: string) => boolean): Typing {
  const timers = new Map<string, NodeJS.Timeout>();

  async function show(place: string): Promise<void> {
    const parsed = parsePlace(place);
    // A thread that nobody has opened yet: its channel.
    const unopened = parsed?.kind === "thread" && !known(parsed.thread);
    const channel = unopened ? parsed.parent : (await places.resolve(place))?.channel;
    if (channel !== undefined && timers.has(place)) await api.post(`/channels/${channel}/typing`, undefined);
  }

  function end(place: string): void {
    clearInterval(timers.get(place));
    timers.delete(place);
  }

  return {
    begin(place) {
      end(place);
      const until = Date.now() + LONGEST_MS;
      // Nothing depends on it: what Discord refuses here is not worth a word.
      const timer = setInterval(() => {
        if (Date.now() > until) end(place);
        else void show(place).catch(() => end(place));
      }, AGAIN_MS);
      timer.unref();
      timers.set(place, timer);
      void show(place).catch(() => end(place));
    },
    end,
    stop() {
      for (const place of [...timers.keys()]) end(place);
    },
  };
}
