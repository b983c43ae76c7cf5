/** What this machine has for commands: sandboxes that were seen to work, and the worktrees of the workspace. */

import { existsSync, mkdirSync, realpathSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join } from "node:path";
import type { CommandResult } from "../../contract/command.ts";
import { FactoryError } from "../../contract/errors.ts";
import { createBubblewrap, type SandboxPaths } from "./bubblewrap.ts";
import { createDocker } from "./docker.ts";
import type { Executor, Outcome, SandboxName } from "./executor.ts";
import { shown } from "./shown.ts";
import { type Swept, Worktrees } from "./worktrees.ts";

export interface WorkshopOptions {
  workspace: string;
  dataDir: string;
  /** Those that work here. */
  sandboxes: readonly SandboxName[];
  /** Of the product: its `.env` lies there. */
  appDir: string;
  /** Further folders that commands may read. */
  readable: readonly string[];
  image: string;
}

export interface Errand {
  /** Of the worktree, and of the branch behind `factory/`. */
  key: string;
  /** The worktree is made anew. */
  fresh: boolean;
  /** null: any. */
  sandbox: string | null;
  argv: readonly string[];
  timeoutMs: number;
  /** Of the commit that keeps what the command did not commit. */
  message: string;
  signal: AbortSignal;
}

/** Kept of each stream: what fits into a row beside everything else, and what somebody may read. */
const MAX_OUTPUT_BYTES = 16 * 1024;
/** A task's worktree that nobody has used for so long is made again from its branch when it is needed. */
export const WORKTREE_AGE_MS = 7 * 24 * 3600_000;

/** Beside the data folder, never in it: commands have their worktrees there. */
export const workersFolder = (dataDir: string): string => join(dirname(dataDir), `${basename(dataDir)}-workers`);

export class Workshop {
  readonly sandboxes: readonly SandboxName[];
  /** Commands at a time. */
  readonly places = Math.max(1, Math.min(4, availableParallelism()));
  readonly #worktrees: Worktrees;
  readonly #executors: Map<SandboxName, Executor>;
  /** Worktrees in which a command is under way, each with the end of the last one that waits for its turn. */
  readonly #busy = new Map<string, Promise<unknown>>();

  constructor({ workspace, dataDir, sandboxes, appDir, readable, image }: WorkshopOptions) {
    const folder = workersFolder(dataDir);
    mkdirSync(folder, { recursive: true, mode: 0o711 });
    const hidden = [dataDir, workspace, folder, appDir];
    const modules = join(workspace, "node_modules");
    const nodeModules = existsSync(modules) && statSync(modules).isDirectory() ? realpathSync(modules) : null;
    const make = (name: SandboxName, mirror: string): Executor => {
      const paths: SandboxPaths = { mirror, nodeModules, readable, hidden };
      return name === "bubblewrap" ? createBubblewrap(paths) : createDocker({ mirror, nodeModules, image });
    };
    this.sandboxes = sandboxes;
    const mirror = join(folder, "mirror.git");
    this.#executors = new Map(sandboxes.map((name) => [name, make(name, mirror)]));
    this.#worktrees = new Worktrees({ workspace, folder, executor: (path) => make(sandboxes[0]!, path) });
  }

  /** Throws what a person has to know: the command ended with an error, took too long, was interrupted, or could not be begun. */
  async run(errand: Errand): Promise<CommandResult> {
    const { key, fresh, sandbox, argv, timeoutMs, message, signal } = errand;
    const executor = this.#executors.get((sandbox ?? this.sandboxes[0]) as SandboxName);
    if (executor === undefined) throw noSandbox(sandbox);
    return await this.#alone(key, async () => {
      const worktree = await this.#worktrees.open(key, { fresh });
      const outcome = await executor.run({
        worktree: worktree.path,
        argv,
        timeoutMs,
        maxOutputBytes: MAX_OUTPUT_BYTES,
        signal,
      });
      demandEnded(outcome, argv, timeoutMs);
      const changes = await this.#worktrees.publish(worktree, message, signal);
      return {
        exitCode: outcome.exitCode ?? -1,
        stdout: shown(outcome.stdout),
        stderr: shown(outcome.stderr),
        truncated: outcome.truncated,
        branch: changes.commit === null ? null : changes.branch,
        diffstat: changes.diffstat,
      };
    });
  }

  /** One command at a time in a worktree. */
  async #alone<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#busy.get(key) ?? Promise.resolve();
    const done = before.then(work, work);
    this.#busy.set(key, done);
    try {
      return await done;
    } finally {
      if (this.#busy.get(key) === done) this.#busy.delete(key);
    }
  }

  remove(key: string): void {
    if (!this.#busy.has(key)) this.#worktrees.remove(key);
  }

  sweep(): Swept {
    return this.#worktrees.sweep(WORKTREE_AGE_MS, new Set(this.#busy.keys()));
  }
}

function demandEnded(outcome: Outcome, argv: readonly string[], timeoutMs: number): void {
  const said = tailOf(outcome);
  if (outcome.aborted) throw new FactoryError("interrupted", `${argv[0]} was stopped before it ended`, {});
  if (outcome.timedOut) {
    throw new FactoryError("interrupted", `${argv[0]} did not end within ${timeoutMs} ms and was killed${said}`, {
      remedy: "give it more time (timeoutMs), or do less at once",
    });
  }
  if (outcome.exitCode === null) {
    throw new FactoryError("interrupted", `${argv[0]} was killed by ${outcome.signal}${said}`, {
      remedy: "it may have wanted more memory than there is for a command",
    });
  }
}

const TAIL_CHARACTERS = 800;

/** The end of what was said, for an error's text. */
export function tailOf(outcome: { stdout: string; stderr: string }): string {
  const text = shown(outcome.stderr).trim() || shown(outcome.stdout).trim();
  if (text === "") return "";
  return text.length > TAIL_CHARACTERS ? `: …${text.slice(-TAIL_CHARACTERS)}` : `: ${text}`;
}

export const noSandbox = (name: string | null): FactoryError =>
  new FactoryError("platform_unavailable", `this machine has no ${name ?? "sandbox"} to run commands in`, {
    field: "sandbox",
    remedy: "install bubblewrap (or docker with its engine), then restart the bot; factory doctor says what is missing",
    retryable: false,
  });
