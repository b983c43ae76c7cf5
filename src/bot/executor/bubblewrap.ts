/**
 * Commands in bubblewrap: namespaces of the kernel, no daemon. Everything is absent unless it is bound here.
 *
 * Never as root: root without capabilities still owns /proc/sys and could tell the kernel what to run. A bot that runs as root gives
 * its commands a user that owns nothing but their worktrees.
 */
import { accessSync, existsSync, lstatSync, readlinkSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { type Command, type Executor, LIMITS, MIRROR, type Outcome, WORKTREE } from "./executor.ts";
import { runProgram } from "./run_process.ts";

export interface SandboxPaths {
  /** Bound read-only as `MIRROR`; null: none. */
  mirror: string | null;
  /** Of the workspace, bound read-only beside the worktree, where Node looks next; null: none. */
  nodeModules: string | null;
  /** More to read, at the same place as outside: tool chains. Their `bin` is searched for programs. */
  readable: readonly string[];
  /** What no command may see, although it may lie below something that is bound: data folder, product, workspace, worktrees. */
  hidden: readonly string[];
}

/** No account of any distribution; in the range that containers map. */
export const WORKER_UID = 65_533;

/** The user that commands run as; undefined: the one of this process. */
export const workerUid = (): number | undefined => (process.getuid?.() === 0 ? WORKER_UID : undefined);

const SYSTEM_LINKS = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];
/** Of /etc only what programs need to be found and linked. */
const ETC = ["alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d"];
export const BASE_PATH = ["/usr/local/bin", "/usr/bin", "/bin"];

export function createBubblewrap(paths: SandboxPaths): Executor {
  return {
    name: "bubblewrap",
    async run(command: Command): Promise<Outcome> {
      const uid = workerUid();
      const outcome = await runProgram({
        ...command,
        file: "bwrap",
        args: bubblewrapArgs(command, paths),
        // The first process of the sandbox keeps what it is given here, and a command can read that.
        env: { PATH: searchPath() },
        cwd: "/",
        ...(uid === undefined ? {} : { uid }),
      });
      return outcome;
    },
  };
}

/** As the system's own tools see it: `bwrap` is not looked for in folders that a user may write to. */
const searchPath = (): string => [...BASE_PATH, "/run/current-system/sw/bin"].join(delimiter);

export function bubblewrapArgs(command: Pick<Command, "worktree" | "argv" | "env">, paths: SandboxPaths): string[] {
  const { worktree, argv, env = {} } = command;
  const readable = paths.readable.filter((path) => existsSync(path));
  const path = [...BASE_PATH, ...readable.map((one) => join(one, "bin")).filter((one) => existsSync(one))];
  const variables = { PATH: path.join(delimiter), HOME: "/home/worker", LANG: "C.UTF-8", ...env };
  return [
    ...["--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL"],
    ...["--die-with-parent", "--new-session", "--hostname", "worker", "--clearenv"],
    ...Object.entries(variables).flatMap(([name, value]) => ["--setenv", name, value]),
    ...["--ro-bind", "/usr", "/usr"],
    ...SYSTEM_LINKS.flatMap(systemFolder),
    ...ETC.flatMap((name) => ["--ro-bind-try", `/etc/${name}`, `/etc/${name}`]),
    ...readable.flatMap((one) => ["--ro-bind", one, one]),
    // After what is readable, so that nothing of ours shows through it.
    ...covered(paths.hidden, ["/usr", ...readable]).flatMap((one) => ["--tmpfs", one, "--remount-ro", one]),
    ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/dev/shm", "--remount-ro", "/dev"],
    ...["--size", String(LIMITS.tmpBytes), "--tmpfs", "/tmp", "--dir", "/var", "--symlink", "../tmp", "/var/tmp"],
    ...["--size", String(LIMITS.tmpBytes), "--tmpfs", "/home/worker"],
    ...["--dir", dirname(WORKTREE), "--bind", worktree, WORKTREE],
    ...(paths.mirror === null ? [] : ["--ro-bind", paths.mirror, MIRROR]),
    ...(paths.nodeModules === null ? [] : ["--ro-bind", paths.nodeModules, join(dirname(WORKTREE), "node_modules")]),
    ...["--remount-ro", "/", "--chdir", WORKTREE, "--"],
    ...limited(argv),
  ];
}

/** Where `/bin` is a link to `/usr/bin` it stays one; where it is a folder, it is bound. */
function systemFolder(name: string): string[] {
  const path = `/${name}`;
  try {
    if (lstatSync(path).isSymbolicLink()) return ["--symlink", readlinkSync(path), path];
    return ["--ro-bind", path, path];
  } catch {
    return [];
  }
}

/** Those of `hidden` that lie in something bound, by their real places. */
export function covered(hidden: readonly string[], bound: readonly string[]): string[] {
  const roots = bound.map(real);
  return [...new Set(hidden.map(real))].filter(
    (path) => existsSync(path) && roots.some((root) => path === root || path.startsWith(`${root}/`)),
  );
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Limits inside of the sandbox, where processes are counted from nothing. Without `prlimit` there are none. */
function limited(argv: readonly string[]): string[] {
  const prlimit = BASE_PATH.map((folder) => join(folder, "prlimit")).find(executable);
  if (prlimit === undefined) return [...argv];
  const { processes, openFiles, memoryBytes, fileBytes } = LIMITS;
  return [
    prlimit,
    `--nproc=${processes}`,
    `--nofile=${openFiles}`,
    `--data=${memoryBytes}`,
    `--fsize=${fileBytes}`,
    "--core=0",
    "--",
    ...argv,
  ];
}

function executable(path: string): boolean {
  try {
    accessSync(path, 1);
    return true;
  } catch {
    return false;
  }
}
