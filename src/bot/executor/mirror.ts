/**
 * A bare copy of the workspace's HEAD and of the branches of workers, beside the worktrees. Commands read it; they never see the
 * workspace's own repository, whose hooks and branches are therefore out of their reach.
 */
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { FactoryError } from "../../contract/errors.ts";
import { workerUid } from "./bubblewrap.ts";
import { git, tryGit } from "./git.ts";

/** What a new worktree begins from. */
export const BASE = "refs/heads/base";

export class Mirror {
  readonly path: string;
  readonly #workspace: string;
  /** One writer at a time. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(workspace: string, folder: string) {
    this.#workspace = workspace;
    this.path = join(folder, "mirror.git");
  }

  /** Brings it up to date; resolves with the commit that is the base now. */
  async update(): Promise<string> {
    const updated = this.#queue.then(() => this.#update());
    this.#queue = updated.catch(() => {});
    return await updated;
  }

  async #update(): Promise<string> {
    await demandRepository(this.#workspace);
    if (!existsSync(join(this.path, "HEAD"))) {
      mkdirSync(this.path, { recursive: true, mode: 0o700 });
      await git(["init", "--quiet", "--bare", "--initial-branch=base", this.path]);
    }
    await git([
      ...["--git-dir", this.path, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--prune"],
      this.#workspace,
      `+HEAD:${BASE}`,
      "+refs/heads/factory/*:refs/heads/factory/*",
    ]);
    giveToWorkers(this.path);
    return (await this.commit(BASE))!;
  }

  /** Null: there is no such branch. */
  async commit(ref: string): Promise<string | null> {
    return await tryGit(["--git-dir", this.path, "rev-parse", "--verify", "--quiet", `${ref}^{commit}`]);
  }

  async mergeBase(one: string, other: string): Promise<string | null> {
    return await tryGit(["--git-dir", this.path, "merge-base", one, other]);
  }

  /** Puts a bundle's tip on a branch of the workspace. Only `factory/…`: a branch of a person is never moved. */
  async publish(bundle: string, ref: string, branch: string): Promise<void> {
    if (!/^factory\/[A-Za-z0-9._/-]+$/.test(branch)) throw new Error(`not a branch of a worker: ${branch}`);
    await git([
      ...["-C", this.#workspace, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"],
      bundle,
      `+${ref}:refs/heads/${branch}`,
    ]);
  }
}

/** Says what is wrong with the workspace before anything is tried with it. */
export async function demandRepository(workspace: string): Promise<void> {
  const problem = async (): Promise<string | null> => {
    if (!existsSync(workspace)) return "is not there";
    if ((await tryGit(["-C", workspace, "rev-parse", "--git-dir"])) === null) return "is not a git repository";
    if ((await tryGit(["-C", workspace, "rev-parse", "--verify", "--quiet", "HEAD^{commit}"])) === null)
      return "has no commit yet";
    return null;
  };
  const why = await problem();
  if (why === null) return;
  throw new FactoryError("not_found", `the workspace ${workspace} ${why}`, {
    field: "FACTORY_WORKSPACE",
    remedy: "name the folder of a git repository with at least one commit",
    retryable: false,
  });
}

/** Where commands run as a user of their own, that user must own what git reads. Links are not followed. */
export function giveToWorkers(path: string): void {
  const uid = workerUid();
  if (uid === undefined) return;
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return;
  if (stat.uid !== uid) chownSync(path, uid, uid);
  if (stat.isDirectory()) {
    chmodSync(path, 0o700);
    for (const name of readdirSync(path)) giveToWorkers(join(path, name));
  }
}
