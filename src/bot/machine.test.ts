import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findMachine, succeeds, tryBubblewrap, tryDocker } from "./machine.ts";

const lacks = async () => ({ why: "it is not there", remedy: "bring it" });
const works = async () => null;

test("W16: a sandbox counts when it really starts; of one that does not, it is said why and what to do", async () => {
  expect(await findMachine({ workspace: undefined }, { bubblewrap: lacks, docker: works })).toEqual({
    sandboxes: ["docker"],
    workspace: false,
    lacking: [
      { what: "workspace", why: "FACTORY_WORKSPACE is not set", remedy: expect.stringContaining("git repository") },
      { what: "bubblewrap", why: "it is not there", remedy: "bring it" },
    ],
  });
});

test("docker counts when its engine answers, not when there is a client", async () => {
  const asked: string[] = [];
  const answers = async (command: string, args: string[]) => asked.push([command, ...args].join(" ")) > 1;
  expect(await tryDocker(answers)).toMatchObject({ why: "no engine answers" });
  expect(await tryDocker(answers)).toBeNull();
  expect(asked[0]).toBe("docker version --format {{.Server.Version}}");
});

test("the try leaves nothing behind in the folder of the worktrees", async () => {
  const folder = mkdtempSync(join(tmpdir(), "factory-machine-"));
  await tryBubblewrap(folder);
  expect(execFileSync("ls", ["-A", folder]).toString()).toBe("");
  rmSync(folder, { recursive: true });
});

test("a workspace counts when it is a git repository with a commit", async () => {
  const folder = mkdtempSync(join(tmpdir(), "factory-machine-"));
  const tries = { bubblewrap: works, docker: lacks };
  const look = async (workspace = folder) => {
    const { workspace: counts, lacking } = await findMachine({ workspace }, tries);
    return [counts, lacking.find(({ what }) => what === "workspace")?.why];
  };
  expect(await look("/no/such/folder")).toEqual([false, "the workspace /no/such/folder is not there"]);
  expect(await look()).toEqual([false, `the workspace ${folder} is not a git repository`]);
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@b.c", ...args]);
  git("init", "--quiet");
  expect(await look()).toEqual([false, `the workspace ${folder} has no commit yet`]);
  git("commit", "--quiet", "--allow-empty", "-m", "one");
  expect(await look()).toEqual([true, undefined]);
  rmSync(folder, { recursive: true });
});

test("a command that is not there, or fails, does not succeed", async () => {
  expect(await succeeds("no-such-command", [])).toBe(false);
  expect(await succeeds(process.execPath, ["-e", "process.exit(3)"])).toBe(false);
  expect(await succeeds(process.execPath, ["-e", ""])).toBe(true);
});
