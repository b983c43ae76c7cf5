/**
 * One way to run somebody else's command on this machine. A command is a list of arguments, never a line for a shell; it sees the
 * worktree, the system's programs and nothing else: no network, no data folder, no environment of ours.
 */
export interface Executor {
  readonly name: SandboxName;
  /** Resolves also when the command fails, is killed or takes too long. Rejects only when the sandbox itself could not be started. */
  run(command: Command): Promise<Outcome>;
}

export type SandboxName = "bubblewrap" | "docker";

export interface Command {
  /** The one folder that it may write to, seen as `WORKTREE`. */
  worktree: string;
  argv: readonly string[];
  /** Beside PATH, HOME and LANG, which the sandbox sets. */
  env?: Readonly<Record<string, string>>;
  /** From the start; then everything the command started is killed. */
  timeoutMs: number;
  /** Of each stream; of a longer one the end is kept. The command goes on. */
  maxOutputBytes: number;
  /** Aborted: everything the command started is killed. */
  signal?: AbortSignal;
  onOutput?: (stream: "stdout" | "stderr", chunk: Buffer) => void;
}

export interface Outcome {
  /** null: it was killed. */
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** What `stdout` was made of. */
  stdoutBytes: Buffer;
  /** Something at the beginning of a stream was not kept. */
  truncated: boolean;
  timedOut: boolean;
  /** By `signal` of the command. */
  aborted: boolean;
}

/** Where a command finds its worktree, in every sandbox. */
export const WORKTREE = "/work/repo";
/** Where it finds what the workspace's branches consist of, only to read. */
export const MIRROR = "/work/mirror.git";

/** For one command; enough for a test run of a large project, little enough for a machine to live on. */
export const LIMITS = {
  processes: 512,
  openFiles: 4096,
  /** Of each process. */
  memoryBytes: 4 * 1024 ** 3,
  fileBytes: 4 * 1024 ** 3,
  tmpBytes: 1024 ** 3,
} as const;
