/** Whether commands can be run in bubblewrap here, and why not; tests that need it say so in their names. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tryBubblewrap } from "../src/bot/machine.ts";

const lacking = await tryBubblewrap(tmpdir());

export const BUBBLEWRAP = lacking === null;
/** For a test's name. */
export const WITHOUT = lacking === null ? "" : ` (skipped: bubblewrap: ${lacking.why})`;

/** A folder that a command's own user may pass through. */
export function passableFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  chmodSync(folder, 0o711);
  return folder;
}

export const gitIn =
  (folder: string) =>
  (...args: string[]): string =>
    execFileSync("git", ["-C", folder, "-c", "user.name=Ana", "-c", "user.email=ana@example.com", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    })
      .toString()
      .trim();

/** A repository with one commit, as an operator would name it in FACTORY_WORKSPACE. */
export function makeWorkspace(folder: string): string {
  const workspace = join(folder, "workspace");
  execFileSync("git", ["init", "--quiet", "--initial-branch=main", workspace]);
  writeFileSync(join(workspace, "readme.txt"), "hello\n");
  writeFileSync(join(workspace, ".gitignore"), ".env\n");
  writeFileSync(join(workspace, ".env"), "ANTHROPIC_API_KEY=sk-workspace-secret\n");
  const git = gitIn(workspace);
  git("add", ".");
  git("commit", "--quiet", "-m", "Begin");
  return workspace;
}
