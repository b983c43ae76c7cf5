import { fstatSync } from "node:fs";

/** `terminal`: a person types. `pipe`: a program writes lines and reads replies. `headless`: it serves until it is told to stop. */
export type Mode = "terminal" | "pipe" | "headless";

/** By what stdin is, unless `--headless`. Node gives its children sockets as pipes, so both count as one. */
export function modeOf(args: string[], stdin: { isTTY?: boolean; fd: number }): Mode {
  if (args.includes("--headless")) return "headless";
  if (stdin.isTTY === true) return "terminal";
  try {
    const kind = fstatSync(stdin.fd);
    return kind.isFIFO() || kind.isSocket() ? "pipe" : "headless";
  } catch {
    // A closed stdin.
    return "headless";
  }
}
