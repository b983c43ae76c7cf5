/** Worktrees over a real repository and a real sandbox. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BUBBLEWRAP, gitIn, makeWorkspace, passableFolder, WITHOUT } from "../../../test/bubblewrap.ts";
import { createBubblewrap } from "./bubblewrap.ts";
import type { Executor } from "./executor.ts";
import { type Worktree, Worktrees } from "./worktrees.ts";

let root: string;
let workspace: string;
let git: ReturnType<typeof gitIn>;
let worktrees: Worktrees;
let executor: Executor;
beforeEach(() => {
  root = passableFolder("factory-worktrees-");
  workspace = makeWorkspace(root);
  git = gitIn(workspace);
  worktrees = again();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** As another process would find them. */
function again(): Worktrees {
  return new Worktrees({
    workspace,
    folder: join(root, "workers"),
    executor: (mirror) => {
      executor = createBubblewrap({ mirror, nodeModules: null, readable: [], hidden: [] });
      return executor;
    },
  });
}

async function sh(worktree: Worktree, script: string): Promise<string> {
  const { path } = worktree;
  const outcome = await executor.run({
    worktree: path,
    argv: ["sh", "-c", script],
    timeoutMs: 20_000,
    maxOutputBytes: 4000,
  });
  if (outcome.exitCode !== 0) throw new Error(`${script}: ${outcome.stdout}${outcome.stderr}`);
  return outcome.stdout;
}

describe.skipIf(!BUBBLEWRAP)(`worktrees${WITHOUT}`, () => {
  test("W16: a branch of its own with what the workspace has committed, and nothing that it has not", async () => {
    const worktree = await worktrees.open("T7");
    expect(await sh(worktree, "git status -sb; ls -A | sort")).toBe("## factory/T7\n.git\n.gitignore\nreadme.txt\n");
    expect(await sh(worktree, "git for-each-ref --format='%(refname)'")).toBe("refs/heads/factory/T7\n");
    expect(git("branch", "--list")).toBe("* main");
  });

  test("what is committed and what is not both come out, without touching the worktree's own state or the workspace's", async () => {
    const worktree = await worktrees.open("T7");
    await sh(worktree, "echo one > one.txt; git add .; git commit -qm One; echo two > two.txt; echo x >> readme.txt");
    const changes = await worktrees.publish(worktree, "T7: so far");
    expect(changes).toMatchObject({ branch: "factory/T7", summary: "3 files changed, 3 insertions(+)" });
    expect(changes.diffstat).toContain("two.txt");
    expect(git("log", "--format=%s %an", "factory/T7", "--not", "main")).toBe(
      "T7: so far Factory Worker\nOne Factory Worker",
    );
    expect(await sh(worktree, "git status --short; git log -1 --format=%s")).toBe(" M readme.txt\n?? two.txt\nOne\n");
    expect(git("status", "--short", "--branch")).toBe("## main");
    // Nothing new: the same branch, without another commit.
    await sh(worktree, "git add .; git commit -qm Two");
    const after = await worktrees.publish(worktree, "T7: so far");
    expect(git("rev-parse", "factory/T7")).toBe(after.commit);
    expect(await worktrees.publish(worktree, "T7: so far")).toEqual(after);
  });

  test("nothing changed -> no branch", async () => {
    const worktree = await worktrees.open("T7");
    expect(await worktrees.publish(worktree, "x")).toMatchObject({ commit: null, diffstat: "" });
    expect(git("branch", "--list", "factory/*")).toBe("");
  });

  test("opened again, by another process too, it is the same worktree; one left half made is made anew", async () => {
    const worktree = await worktrees.open("T7");
    await sh(worktree, "echo mine > mine.txt");
    expect(await again().open("T7")).toEqual(worktree);
    expect(await sh(worktree, "cat mine.txt")).toBe("mine\n");
    // Killed before the clone was whole: there is no state yet.
    rmSync(join(root, "workers/trees/T7/state.json"));
    const anew = await again().open("T7");
    expect(await sh(anew, "ls")).toBe("readme.txt\n");
  });

  test("removed for its age, it begins again from its branch; one in use stays", async () => {
    const worktree = await worktrees.open("T7");
    await sh(worktree, "echo mine > mine.txt");
    await worktrees.publish(worktree, "T7: kept");
    await worktrees.open("T8");
    const old = new Date(Date.now() - 10_000);
    for (const key of ["T7", "T8"]) utimesSync(join(root, "workers/trees", key), old, old);
    expect(worktrees.sweep(60_000, new Set())).toEqual({ removed: [], left: [] });
    expect(worktrees.sweep(5000, new Set(["T8"]))).toEqual({ removed: ["T7"], left: [] });
    expect(readdirSync(join(root, "workers/trees"))).toEqual(["T8"]);
    const back = await worktrees.open("T7");
    expect(await sh(back, "cat mine.txt; git log -1 --format=%s")).toBe("mine\nT7: kept\n");
    // Against where the task began, not where it was resumed.
    expect((await worktrees.publish(back, "x")).summary).toBe("1 file changed, 1 insertion(+)");
    expect(await sh(await worktrees.open("T7", { fresh: true }), "ls")).toBe("readme.txt\n");
  });

  test("a branch that the workspace has checked out is not moved; what git says is the error", async () => {
    const worktree = await worktrees.open("T7");
    await sh(worktree, "echo 1 > a");
    await worktrees.publish(worktree, "one");
    git("checkout", "--quiet", "factory/T7");
    const before = git("rev-parse", "HEAD");
    await sh(worktree, "echo 2 > a");
    await expect(worktrees.publish(worktree, "two")).rejects.toMatchObject({
      info: { code: "platform_unavailable", message: expect.stringContaining("checked out") },
    });
    expect(git("rev-parse", "HEAD")).toBe(before);
  });

  test("I10: links that a command left are never followed out here: not to read, not to publish, not to remove", async () => {
    const secret = join(root, "secret");
    mkdirSync(secret);
    writeFileSync(join(secret, "key"), "sk-outside-secret\n");
    const worktree = await worktrees.open("T7");
    await sh(
      worktree,
      [
        `ln -s ${secret}/key link.txt`,
        `ln -s ${secret} folder`,
        // The repository's own parts, exchanged for links out of it.
        `mv .git/config .git/config.mine && ln -s ${workspace}/.git/config .git/config`,
        `ln -s ${workspace}/.git/hooks .git/outside`,
        `printf '%s\\n' ${workspace}/.git/objects >> .git/objects/info/alternates`,
      ].join(" && "),
    );
    // Git in there does without settings and objects that are not there; what comes out are the links themselves, as links.
    await worktrees.publish(worktree, "T7");
    expect(git("ls-tree", "-r", "factory/T7")).toMatch(/^120000 blob \w+\tfolder$/m);
    expect(git("cat-file", "-p", "factory/T7:link.txt")).toBe(`${secret}/key`);
    worktrees.remove("T7");
    expect(readFileSync(join(secret, "key"), "utf8")).toBe("sk-outside-secret\n");
    expect(existsSync(join(workspace, ".git/config"))).toBe(true);
  });

  test("I10: a whole .git that is a link, a file, or gone gives an error, and the next command of the task still works", async () => {
    const worktree = await worktrees.open("T7");
    for (const trick of [
      `rm -rf .git && ln -s ${workspace}/.git .git`,
      `rm -rf .git && echo 'gitdir: ${workspace}/.git' > .git`,
      "rm -rf .git",
    ]) {
      await sh(worktree, trick);
      await expect(worktrees.publish(worktree, "x")).rejects.toMatchObject({ info: { code: "platform_unavailable" } });
    }
    expect(git("branch", "--list")).toBe("* main");
    expect(await sh(worktree, "ls")).toBe("readme.txt\n");
    expect(await sh(await worktrees.open("T7", { fresh: true }), "git status -sb")).toBe("## factory/T7\n");
  });

  test("I10: neither the workspace's branches nor its hooks, nor the mirror, nor another task can be changed from inside", async () => {
    const other = await worktrees.open("T8");
    await sh(other, "echo theirs > theirs.txt");
    await worktrees.publish(other, "T8");
    const worktree = await worktrees.open("T7");
    const hooks = () => readdirSync(join(workspace, ".git/hooks")).join();
    const before = [hooks(), git("rev-parse", "main", "factory/T8")];
    await sh(worktree, "echo mine > mine.txt; git add .; git commit -qm Mine");
    for (const attempt of [
      `cd ${workspace}`,
      `cd ${other.path}`,
      `cat ${workspace}/.git/config`,
      "touch /work/mirror.git/hooks/post-update",
      "git push -q /work/mirror.git HEAD:refs/heads/base",
      "git push -q /work/mirror.git +HEAD:refs/heads/factory/T8",
      `git push -q ${workspace} HEAD:refs/heads/main`,
      "git config --file /work/mirror.git/config core.hooksPath /work/repo",
      "touch /work/x",
    ])
      await expect(sh(worktree, attempt), attempt).rejects.toThrow(attempt);
    // A hook of the worktree's own runs in there only, never for us.
    await sh(
      worktree,
      "for h in pre-commit post-index-change reference-transaction; do printf '#!/bin/sh\\ntouch /work/repo/ran-$0\\n' > .git/hooks/$h; chmod +x .git/hooks/$h; done; echo 1 > a",
    );
    await worktrees.publish(worktree, "T7");
    expect(await sh(worktree, "ls")).toBe("a\nmine.txt\nreadme.txt\n");
    expect([hooks(), git("rev-parse", "main", "factory/T8")]).toEqual(before);
  });

  test("a key is a plain name: nothing that leads elsewhere", async () => {
    for (const key of ["../x", "a/b", "", ".hidden", "a..b", "x.lock", "a b"])
      await expect(worktrees.open(key)).rejects.toThrow("not a worktree's key");
    symlinkSync("/etc", join(root, "workers/trees/T9"));
    await worktrees.open("T9");
    expect(existsSync("/etc/repo")).toBe(false);
  });
});

/** No one may remove it, not even the system's administrator, where its file system knows of that. */
function hold(path: string): () => void {
  chmodSync(path, 0o500);
  spawnSync("chattr", ["+i", path]);
  return () => {
    spawnSync("chattr", ["-i", path]);
    chmodSync(path, 0o700);
  };
}

const HOLDABLE = (() => {
  const folder = mkdtempSync(join(tmpdir(), "hold-"));
  mkdirSync(join(folder, "held/inside"), { recursive: true });
  const free = hold(join(folder, "held"));
  try {
    rmSync(folder, { recursive: true });
    return false;
  } catch {
    free();
    rmSync(folder, { recursive: true });
    return true;
  }
})();

test.skipIf(!HOLDABLE)(
  `one that cannot be removed does not keep the others${HOLDABLE ? "" : " (skipped: here everything can be removed)"}`,
  () => {
    const trees = join(root, "workers/trees");
    for (const key of ["T7", "T8", "T9"]) mkdirSync(join(trees, key, "repo"), { recursive: true });
    const free = hold(join(trees, "T8"));
    try {
      const { removed, left } = worktrees.sweep(0, new Set(), Date.now() + 1000);
      expect(removed).toEqual(["T7", "T9"]);
      expect(left.map(({ key }) => key)).toEqual(["T8"]);
      expect(readdirSync(trees)).toEqual(["T8"]);
    } finally {
      free();
    }
  },
);
