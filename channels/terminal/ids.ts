/** Names of the terminal's things. A terminal has no ids of its own: each session makes them, so that no two sessions share one. */
import { randomBytes } from "node:crypto";

export interface TerminalIds {
  /** The next line that somebody typed: unique over sessions, in the order of typing. */
  nextLine(): string;
  /** The next message shown; says by its look whether this session showed it. */
  nextReceipt(): string;
}

export function createIds(session: string = randomBytes(6).toString("hex")): TerminalIds {
  let lines = 0;
  let receipts = 0;
  return {
    nextLine: () => `${session}-${++lines}`,
    nextReceipt: () => `${session}:${++receipts}`,
  };
}

export const terminalHandle = (name: string): string => `terminal:${name}`;
export const terminalPlace = (name: string): string => `terminal:${name}`;
