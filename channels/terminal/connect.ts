/** Opens a console on the streams given and hands what is typed to the inbox, one line after the other. */
import type { Inbox } from "../../src/contract/adapter.ts";
import { toErrorInfo } from "../../src/contract/errors.ts";
import type { Console } from "./console.ts";
import type { TerminalIds } from "./ids.ts";
import { parseLine, type Speaker } from "./parse.ts";

export interface ConnectOptions {
  open(events: { line(text: string): void; end(): void }): Console;
  speaker: Speaker;
  ids: TerminalIds;
  inbox: Inbox;
  /** Resolves when what was said has been answered: the next line waits for it. Absent: it does not. */
  answered?: (() => Promise<void>) | undefined;
  /** `/quit`, Ctrl-D, or the end of the pipe; every line before it has been stored. Once. */
  onEnd(): void;
}

export interface Connection {
  console: Console;
  /** Resolves when every line typed so far is stored, or was given up. */
  settled(): Promise<void>;
}

export function connect({ open, speaker, ids, inbox, answered, onEnd }: ConnectOptions): Connection {
  // One after the other, so that lines are stored in the order of typing even while the backend comes and goes.
  let stored: Promise<void> = Promise.resolve();
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    stored = stored.then(onEnd);
  };
  const console: Console = open({
    line(text) {
      if (ended) return;
      const line = parseLine(text, speaker, ids.nextLine(), Date.now());
      if (line.kind === "quit") end();
      else if (line.kind === "nothing") {
        if (line.why !== null) console.print([line.why]);
      } else {
        const { event } = line;
        stored = stored
          .then(async () => void (await inbox.receive(event)))
          .catch((thrown: unknown) => {
            const { message, remedy } = toErrorInfo(thrown);
            console.print([`not sent: ${text.trim()} (${message}${remedy === null ? "" : `; ${remedy}`})`]);
          });
        // What cannot be waited for does not hold back what was typed after it.
        if (answered !== undefined) stored = stored.then(answered).catch(() => {});
      }
    },
    end,
  });
  return { console, settled: () => stored };
}
