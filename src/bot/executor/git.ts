/** Git on repositories that are ours to trust: the workspace, which the operator named, and the mirror, which only we write to. */
import { FactoryError } from "../../contract/errors.ts";
import { runProgram } from "./run_process.ts";

const LONGEST_MS = 120_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;

/** Nothing that the repositories' own settings could start: no hooks, no housekeeping in the background, no questions. */
const SETTINGS = [
  "core.hooksPath=/dev/null",
  "gc.auto=0",
  "maintenance.auto=false",
  "fetch.fsckObjects=true",
  "safe.directory=*",
];

/** What it printed, without the last line's end. Throws with git's own words. */
export async function git(args: readonly string[], signal?: AbortSignal): Promise<string> {
  const outcome = await runProgram({
    file: "git",
    args: [...SETTINGS.flatMap((one) => ["-c", one]), ...args],
    env: {
      PATH: process.env.PATH ?? "/usr/bin:/bin",
      HOME: process.env.HOME ?? "/",
      LANG: "C.UTF-8",
      GIT_TERMINAL_PROMPT: "0",
      GIT_OPTIONAL_LOCKS: "0",
    },
    timeoutMs: LONGEST_MS,
    maxOutputBytes: MAX_OUTPUT_BYTES,
    ...(signal === undefined ? {} : { signal }),
  });
  if (outcome.exitCode === 0) return outcome.stdout.trimEnd();
  const said = outcome.stderr.trim().split("\n").slice(-3).join(" ");
  throw new FactoryError("platform_unavailable", `git ${args.find((arg) => /^[a-z]/.test(arg)) ?? ""}: ${said}`, {
    field: "FACTORY_WORKSPACE",
    retryable: outcome.timedOut,
  });
}

/** Null instead of an error. */
export async function tryGit(args: readonly string[]): Promise<string | null> {
  return await git(args).catch(() => null);
}
