/** A console without a person: lines in, whole messages out, no prompt. */
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Console, ConsoleEvents } from "./console.ts";

export function createPipe(options: { input: Readable; output: Writable }, events: ConsoleEvents): Console {
  const rl = createInterface({ input: options.input, crlfDelay: Number.POSITIVE_INFINITY, terminal: false });
  let closed = false;
  rl.on("line", (text) => {
    if (!closed) events.line(text);
  });
  rl.on("close", () => events.end());
  return {
    // Nobody reads over its edge: programs get lines as they are.
    columns: 10_000,
    print(lines) {
      if (lines.length > 0) options.output.write(`${lines.join("\n")}\n`);
    },
    grow(_id, lines, final) {
      if (final) options.output.write(`${lines.join("\n")}\n`);
    },
    close() {
      if (closed) return;
      closed = true;
      rl.close();
    },
  };
}
