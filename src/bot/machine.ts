/** What this machine can do for commands: sandboxes that really start, and a workspace to work on. Found out once, at the start. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toErrorInfo } from "../contract/errors.ts";
import { createBubblewrap } from "./executor/bubblewrap.ts";
import type { SandboxName } from "./executor/executor.ts";
import { demandRepository, giveToWorkers } from "./executor/mirror.ts";

export interface Machine {
  sandboxes: SandboxName[];
  /** FACTORY_WORKSPACE is a git repository with a commit. */
  workspace: boolean;
  /** Why something that is looked for is not there. */
  lacking: Lacking[];
}

export interface Lacking {
  what: "workspace" | SandboxName;
  why: string;
  remedy: string;
}

export interface MachineQuestion {
  workspace: string | undefined;
  /** Where the worktrees are: a command's own user must come there. Absent: anywhere. */
  folder?: string;
}

/** A docker client whose engine does not answer in this time has none. */
const LONGEST_MS = 3_000;
/** Of bubblewrap, which takes a few hundredths of a second and waits for nobody: only a machine that is very busy needs more. */
const LONGEST_TRY_MS = 15_000;

const RUN_DOCKER = { command: "docker", args: ["version", "--format", "{{.Server.Version}}"] };

/** Each is tried, not only looked for: a docker client without an engine, or a kernel that lets nobody make namespaces, counts as lacking. */
export async function findMachine(
  { workspace, folder }: MachineQuestion,
  tries = { bubblewrap: tryBubblewrap, docker: tryDocker },
): Promise<Machine> {
  const [bubblewrap, docker, repository] = await Promise.all([
    tries.bubblewrap(folder ?? tmpdir()),
    tries.docker(),
    workspace === undefined
      ? { why: "FACTORY_WORKSPACE is not set", remedy: "set it to the git repository that workers may use" }
      : demandRepository(workspace).then(
          () => null,
          (thrown: unknown) => {
            const { message, remedy } = toErrorInfo(thrown);
            return { why: message, remedy: remedy ?? "look at FACTORY_WORKSPACE" };
          },
        ),
  ]);
  const found = { bubblewrap, docker };
  const names = ["bubblewrap", "docker"] as const;
  return {
    sandboxes: names.filter((name) => found[name] === null),
    workspace: repository === null,
    lacking: [
      ...(repository === null ? [] : [{ what: "workspace" as const, ...repository }]),
      ...names.flatMap((what) => (found[what] === null ? [] : [{ what, ...found[what] }])),
    ],
  };
}

type Try = { why: string; remedy: string } | null;

/** With the very settings that commands get, in the folder where they will be. Null: it works. */
export async function tryBubblewrap(folder: string): Promise<Try> {
  let worktree: string | null = null;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o711 });
    worktree = mkdtempSync(join(folder, "factory-try-"));
    giveToWorkers(worktree);
    const executor = createBubblewrap({ mirror: null, nodeModules: null, readable: [], hidden: [] });
    const outcome = await executor.run({
      worktree,
      argv: ["sh", "-c", "test -w . && ! test -w / && ! test -e /etc/shadow"],
      timeoutMs: LONGEST_TRY_MS,
      maxOutputBytes: 2000,
    });
    if (outcome.exitCode === 0) return null;
    const said = outcome.stderr.trim().split("\n").at(-1) ?? "";
    return { why: `it does not start: ${said || "without a word"}`, remedy: remedyFor(said) };
  } catch (thrown) {
    return { why: toErrorInfo(thrown).message, remedy: "install bubblewrap (0.8 or newer), then restart the bot" };
  } finally {
    if (worktree !== null) rmSync(worktree, { recursive: true, force: true });
  }
}

function remedyFor(said: string): string {
  if (/source path|Permission denied/i.test(said) && /find|bind|source/i.test(said))
    return "the folder of the worktrees lies below one that others may not pass; run the bot as a user that is not root, or move FACTORY_DATA_DIR";
  if (/namespace|uid map|Operation not permitted|No permissions/i.test(said))
    return "the kernel lets this user make no namespaces: allow unprivileged user namespaces (see docs/workers.md), or use docker";
  if (/unknown option/i.test(said)) return "install bubblewrap 0.8 or newer";
  return "see docs/workers.md";
}

export async function tryDocker(run = succeeds): Promise<Try> {
  if (await run(RUN_DOCKER.command, RUN_DOCKER.args)) return null;
  return { why: "no engine answers", remedy: "install docker and start its engine, or use bubblewrap" };
}

export function succeeds(command: string, args: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: LONGEST_MS, killSignal: "SIGKILL" }, (error) => resolve(error === null));
  });
}
