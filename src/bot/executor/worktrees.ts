/**
 * Worktrees: one folder for each task or step, with a branch of its own, `factory/KEY`. A folder is a clone that borrows the mirror's
 * objects, made and read only from inside of the sandbox: what a command left in it (settings, links, hooks) is never interpreted
 * out here. Its work comes out as a bundle, checked object by object when the workspace takes it.
 */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { FactoryError } from "../../contract/errors.ts";
import type { Executor, Outcome } from "./executor.ts";
import { giveToWorkers, Mirror } from "./mirror.ts";
import { BUNDLE_SCRIPT, CLONE_SCRIPT, SNAPSHOT_SCRIPT, TIP } from "./scripts.ts";
import { shown } from "./shown.ts";

export interface Worktree {
  key: string;
  branch: string;
  /** Where the commands work. */
  path: string;
  /** The commit it began from. */
  base: string;
}

export interface Changes {
  branch: string;
  /** Null: nothing has changed since `base`, and there is no branch. */
  commit: string | null;
  /** `git diff --stat`, at most 20 files; empty: nothing changed. */
  diffstat: string;
  /** ` 2 files changed, 3 insertions(+)`; empty: nothing changed. */
  summary: string;
}

/** By their keys; `left` could not be removed. */
export interface Swept {
  removed: string[];
  left: { key: string; error: unknown }[];
}

const GIT_TIMEOUT_MS = 120_000;
const GIT_OUTPUT_BYTES = 64 * 1024;
/** What a branch may bring along. */
const MAX_BUNDLE_BYTES = 64 * 1024 * 1024;
const KEY = /^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/;

export interface WorktreesOptions {
  workspace: string;
  /** Beside the data folder. */
  folder: string;
  /** Git on worktrees runs in it. */
  executor: (mirror: string) => Executor;
}

export class Worktrees {
  readonly #mirror: Mirror;
  readonly #folder: string;
  readonly #executor: Executor;

  constructor({ workspace, folder, executor }: WorktreesOptions) {
    this.#folder = join(folder, "trees");
    this.#mirror = new Mirror(workspace, folder);
    this.#executor = executor(this.#mirror.path);
    // Passable, so that a command's own user finds its worktree; not readable.
    mkdirSync(this.#folder, { recursive: true, mode: 0o711 });
  }

  /** The one of this key, made if it is not there. What was left half made is made anew. `fresh`: from the beginning in any case. */
  async open(key: string, { fresh = false }: { fresh?: boolean } = {}): Promise<Worktree> {
    if (!KEY.test(key) || key.includes("..") || key.endsWith(".lock")) throw new Error(`not a worktree's key: ${key}`);
    const tree = join(this.#folder, key);
    const branch = `factory/${key}`;
    const path = join(tree, "repo");
    const found = fresh ? null : readState(tree);
    if (found !== null && isFolder(path)) {
      touch(tree);
      return { key, branch, path, base: found.base };
    }
    rmSync(tree, { recursive: true, force: true });
    const head = await this.#mirror.update();
    const before = fresh ? null : await this.#mirror.commit(`refs/heads/${branch}`);
    const base = before === null ? head : ((await this.#mirror.mergeBase(head, before)) ?? head);
    mkdirSync(path, { recursive: true, mode: 0o711 });
    giveToWorkers(path);
    const worktree = { key, branch, path, base };
    const start = before ?? head;
    const made = await this.#inside(path, ["sh", "-c", CLONE_SCRIPT, "clone", branch, start]);
    if (made.exitCode !== 0) throw gitFailed(`the worktree of ${key} could not be made`, made);
    // Last, and at once: without it the folder counts as half made.
    writeFileSync(join(tree, "state.new"), JSON.stringify({ base }));
    renameSync(join(tree, "state.new"), join(tree, "state.json"));
    return worktree;
  }

  /** Puts all that was done so far, committed or not, on the worktree's branch in the workspace. Does not touch the worktree's own branch. */
  async publish(worktree: Worktree, message: string, signal?: AbortSignal): Promise<Changes> {
    const { key, branch, path, base } = worktree;
    const looked = await this.#inside(path, ["sh", "-c", SNAPSHOT_SCRIPT, "snapshot", base, message], signal);
    if (looked.exitCode !== 0) throw gitFailed(`what was done in the worktree of ${key} could not be read`, looked);
    const [commit = "", summary = "", ...lines] = looked.stdout.split("\n");
    if (!/^[0-9a-f]{40,64}$/.test(commit)) throw gitFailed(`the worktree of ${key} names no commit`, looked);
    const changes = { branch, summary: shown(summary.trim()), diffstat: shown(lines.join("\n").trimEnd()) };
    if (commit === base) return { ...changes, commit: null };
    const tree = join(this.#folder, key);
    const state = readState(tree);
    if (state?.published === commit) return { ...changes, commit };
    const bundled = await this.#inside(path, ["sh", "-c", BUNDLE_SCRIPT, "bundle", base], signal, MAX_BUNDLE_BYTES);
    if (bundled.exitCode !== 0) throw gitFailed(`the branch ${branch} could not be taken out`, bundled);
    if (bundled.truncated) {
      throw new FactoryError("too_large", `the branch ${branch} brings more than ${MAX_BUNDLE_BYTES} bytes`, {
        remedy: "leave out what is made by a build: name it in .gitignore",
      });
    }
    // In our own folder, which no command can reach: nobody exchanges the file for a link.
    const file = join(tree, "branch.bundle");
    writeFileSync(file, bundled.stdoutBytes, { mode: 0o600 });
    try {
      await this.#mirror.publish(file, TIP, branch);
    } finally {
      rmSync(file, { force: true });
    }
    writeFileSync(join(tree, "state.json"), JSON.stringify({ base, published: commit }));
    return { ...changes, commit };
  }

  /** Removes a worktree; its branch stays in the workspace. */
  remove(key: string): void {
    rmSync(join(this.#folder, key), { recursive: true, force: true });
  }

  /** Removes worktrees that nobody has opened for so long. Links are removed, not followed. One that stays does not keep the others. */
  sweep(olderThanMs: number, inUse: ReadonlySet<string>, now = Date.now()): Swept {
    const swept: Swept = { removed: [], left: [] };
    for (const key of readdirSync(this.#folder)) {
      try {
        const { mtimeMs } = lstatSync(join(this.#folder, key));
        if (inUse.has(key) || now - mtimeMs <= olderThanMs) continue;
        this.remove(key);
        swept.removed.push(key);
      } catch (thrown) {
        swept.left.push({ key, error: thrown });
      }
    }
    return swept;
  }

  async #inside(
    path: string,
    argv: string[],
    signal?: AbortSignal,
    maxOutputBytes = GIT_OUTPUT_BYTES,
  ): Promise<Outcome> {
    return await this.#executor.run({
      worktree: path,
      argv,
      env: INSIDE,
      timeoutMs: GIT_TIMEOUT_MS,
      maxOutputBytes,
      ...(signal === undefined ? {} : { signal }),
    });
  }
}

/** For our own git in there; commands of others do not get it. */
const INSIDE = settings({
  "safe.directory": "*",
  "core.hooksPath": "/dev/null",
  "core.fsmonitor": "false",
  "core.quotePath": "true",
  "user.name": "Factory Worker",
  "user.email": "worker@factory.invalid",
});

function settings(values: Record<string, string>): Record<string, string> {
  const entries = Object.entries(values);
  return {
    GIT_CONFIG_COUNT: String(entries.length),
    ...Object.fromEntries(
      entries.flatMap(([name, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, name],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}

function readState(tree: string): { base: string; published?: string } | null {
  try {
    const state = JSON.parse(readFileSync(join(tree, "state.json"), "utf8")) as { base?: unknown; published?: string };
    return typeof state.base === "string" ? { ...state, base: state.base } : null;
  } catch {
    return null;
  }
}

const isFolder = (path: string): boolean => existsSync(path) && lstatSync(path).isDirectory();

function touch(path: string): void {
  const now = new Date();
  utimesSync(path, now, now);
}

function gitFailed(what: string, outcome: Outcome): FactoryError {
  const said = shown(outcome.stderr.trim().split("\n").slice(-3).join(" ")).slice(0, 500);
  return new FactoryError("platform_unavailable", `${what}: ${said === "" ? "git ended without a word" : said}`, {
    retryable: false,
  });
}
