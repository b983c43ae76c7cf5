/**
 * A console for a person: a prompt at the bottom that keeps what is being typed while messages appear above it.
 * The last line of a growing message is always one row (lines are wrapped by us), so it can be drawn again in its place.
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Console, ConsoleEvents } from "./console.ts";

export interface ScreenOptions {
  input: Readable;
  output: Writable & { columns?: number };
  prompt: string;
  /** Typed lines of earlier sessions, oldest first, one a line; null: not kept. */
  historyFile: string | null;
  /** Said after the first Ctrl-C on an empty line; a second one leaves. */
  leaveHint: string;
}

const HISTORY = 500;
const FALLBACK_COLUMNS = 80;
/** Rows of a growing message that are drawn again below what comes between; more may have left the screen. */
const MOST_TAKEN_BACK = 8;

export function createScreen(options: ScreenOptions, events: ConsoleEvents): Console {
  const { input, output, historyFile } = options;
  const rl: Interface = createInterface({
    input,
    output,
    terminal: true,
    prompt: options.prompt,
    history: readHistory(historyFile),
    historySize: HISTORY,
    removeHistoryDuplicates: true,
  });
  /** The growing message whose last line is the row above the prompt, and how many of its rows stand there together. */
  let bottom: string | null = null;
  let rowsOfBottom = 0;
  const shown = new Map<string, number>();
  let leaving = false;
  let closed = false;
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    events.end();
  };

  rl.on("line", (text) => {
    leaving = false;
    // The line just typed stands between the growing message and what follows.
    bottom = null;
    if (text.trim() !== "") keepHistory(historyFile, text);
    events.line(text);
    if (!closed) rl.prompt();
  });
  rl.on("SIGINT", () => {
    if (rl.line !== "") {
      rl.write(null, { ctrl: true, name: "e" });
      rl.write(null, { ctrl: true, name: "u" });
    } else if (leaving) end();
    else {
      leaving = true;
      screen.print([options.leaveHint]);
    }
  });
  rl.on("close", () => {
    if (!closed) output.write("\n");
    end();
  });
  rl.prompt();

  /** Takes prompt and typed text away, draws, and puts them back with the cursor where it was. */
  function above(draw: () => void): void {
    if (closed) {
      draw();
      return;
    }
    const { rows } = rl.getCursorPos();
    if (rows > 0) moveCursor(output, 0, -rows);
    cursorTo(output, 0);
    clearScreenDown(output);
    draw();
    // readline remembers how far down its cursor was and would go up over what was just drawn (undocumented, Node 24).
    Object.assign(rl, { prevRows: 0 });
    rl.prompt(true);
  }

  /** What has just begun is taken back, and comes whole below: half a sentence above another message reads like a fault. */
  function takeBack(): void {
    if (bottom !== null && rowsOfBottom <= MOST_TAKEN_BACK) {
      moveCursor(output, 0, -rowsOfBottom);
      clearScreenDown(output);
      shown.set(bottom, Math.max(0, (shown.get(bottom) ?? 0) - rowsOfBottom + 1));
    }
    bottom = null;
  }

  const screen: Console = {
    get columns() {
      return output.columns ?? FALLBACK_COLUMNS;
    },
    print(lines) {
      if (lines.length === 0) return;
      above(() => {
        takeBack();
        output.write(`${lines.join("\n")}\n`);
      });
    },
    grow(id, lines, final) {
      // Two that grow at a time would take turns at the bottom: the later one waits until it is complete, or the other one is.
      if (bottom !== null && bottom !== id && !final) return;
      const from = shown.get(id) ?? 0;
      above(() => {
        if (bottom !== id) {
          takeBack();
          rowsOfBottom = 0;
        } else if (from < lines.length) {
          moveCursor(output, 0, -1);
          clearScreenDown(output);
          rowsOfBottom -= 1;
        }
        rowsOfBottom += Math.max(0, lines.length - from);
        output.write(`${lines.slice(from).join("\n")}\n`);
      });
      bottom = final ? null : id;
      if (final) shown.delete(id);
      else shown.set(id, Math.max(0, lines.length - 1));
    },
    close() {
      if (closed) return;
      // While the prompt is still there: take it away.
      const { rows } = rl.getCursorPos();
      if (rows > 0) moveCursor(output, 0, -rows);
      cursorTo(output, 0);
      clearScreenDown(output);
      closed = true;
      rl.close();
    },
  };
  return screen;
}

/** readline wants the newest first. */
function readHistory(file: string | null): string[] {
  if (file === null) return [];
  try {
    const lines = readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "");
    if (lines.length > 2 * HISTORY) writeFileSync(file, `${lines.slice(-HISTORY).join("\n")}\n`, { mode: 0o600 });
    return lines.slice(-HISTORY).reverse();
  } catch {
    return [];
  }
}

function keepHistory(file: string | null, line: string): void {
  if (file === null) return;
  try {
    appendFileSync(file, `${line.replaceAll("\n", " ")}\n`, { mode: 0o600 });
  } catch {
    // History is a comfort; a full disk is reported by what matters.
  }
}
