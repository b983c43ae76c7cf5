/** A command for a sandbox: a program and its arguments. Nobody puts a shell's line together; who wants a shell names one. */
import { z } from "zod";

export const MAX_ARGUMENTS = 256;
export const MAX_COMMAND_CHARACTERS = 100_000;

export const zArgv = z
  .array(
    z.string().refine((text) => !text.includes("\0"), "has a NUL character in it"),
    {
      error: 'is not a list of a program and its arguments; write for example ["npm", "test"]',
    },
  )
  .min(1, "names no program")
  .max(MAX_ARGUMENTS, `has more than ${MAX_ARGUMENTS} arguments`)
  .refine((words) => words[0]?.trim() !== "" && !words[0]?.startsWith("-"), "names no program")
  .refine(
    (words) => words.join("").length <= MAX_COMMAND_CHARACTERS,
    `is longer than ${MAX_COMMAND_CHARACTERS} characters`,
  );

/** As one reads it, with quotes where an argument has blanks. */
export const commandText = (argv: readonly string[]): string =>
  argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(" ");

/** What a command came to, as steps and workers get it. */
export interface CommandResult {
  exitCode: number;
  /** The ends of what it printed. */
  stdout: string;
  stderr: string;
  truncated: boolean;
  /** `factory/…` in the workspace; null: nothing was changed. */
  branch: string | null;
  diffstat: string;
}
