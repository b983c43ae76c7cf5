import { fstatSync } from "node:fs";
import { FactoryError } from "../contract/errors.ts";

/** `terminal`: a person types. `pipe`: a program writes lines and reads replies. `headless`: it serves until it is told to stop. */
export type Mode = "terminal" | "pipe" | "headless";

export const USAGE = `Usage: npm start [-- --headless]

Starts the bot. On a terminal, or with a pipe as stdin, it opens the terminal channel; with any other stdin, or --headless, it
serves until SIGTERM. Settings are environment variables: .env.example. To talk to a running bot: npm run factory -- --help
`;

/** Refuses what it does not know: a mistyped option must not start a bot in another mode than was meant. */
export function checkArgs(args: string[]): void {
  const unknown = args.filter((arg) => !["--headless", "--help", "-h"].includes(arg));
  if (unknown.length === 0) return;
  throw new FactoryError("invalid_input", `npm start does not know ${unknown.join(" ")}`, {
    field: unknown[0]!,
    remedy: "leave it out, or write --headless; commands belong to: npm run factory -- …",
  });
}

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
