/**
 * Commands in a container that is thrown away. Same view as in bubblewrap: the worktree to write, the mirror and the dependencies to
 * read, no network. What programs there are is the image's matter.
 */

import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type SandboxPaths, workerUid } from "./bubblewrap.ts";
import { type Command, type Executor, LIMITS, MIRROR, type Outcome, WORKTREE } from "./executor.ts";
import { runProgram } from "./run_process.ts";

export interface DockerOptions extends Pick<SandboxPaths, "mirror" | "nodeModules"> {
  image: string;
}

/** What a container may use in all: the limits of bubblewrap are for each process. */
const CONTAINER_MEMORY_BYTES = 2 * LIMITS.memoryBytes;
export const DEFAULT_IMAGE = "node:24";

export function createDocker(options: DockerOptions): Executor {
  return {
    name: "docker",
    async run(command: Command): Promise<Outcome> {
      await endLeftOver(labelOf(options));
      const container = `factory-${randomUUID()}`;
      return await runProgram({
        ...command,
        file: "docker",
        args: dockerArgs(command, options, container),
        env: clientEnv(process.env),
        // The engine runs the container, not our child: it has to be told.
        onKill: () => void execFile("docker", ["kill", container], { env: clientEnv(process.env) }, () => {}),
      });
    },
  };
}

/** Of the containers of one data folder, which one bot at a time uses. */
const labelOf = ({ mirror }: Pick<DockerOptions, "mirror">): string =>
  `factory.worker=${createHash("sha256")
    .update(mirror ?? "")
    .digest("hex")
    .slice(0, 16)}`;

const ended = new Map<string, Promise<void>>();

const LONGEST_LOOK_MS = 20_000;

/** Once in a process, before it has containers of its own: a bot that was killed could not end its, and they go on in the same worktrees. */
function endLeftOver(label: string): Promise<void> {
  const docker = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)("docker", args, { env: clientEnv(process.env), timeout: LONGEST_LOOK_MS })).stdout;
  const look = async (): Promise<void> => {
    const ids = (await docker("ps", "--quiet", "--filter", `label=${label}`)).split(/\s+/).filter((id) => id !== "");
    if (ids.length > 0) await docker("kill", ...ids);
  };
  // One that has ended meanwhile makes the kill fail; an engine that does not answer refuses the command, too, and says why.
  const done = ended.get(label) ?? look().catch(() => {});
  ended.set(label, done);
  return done;
}

/** Only what tells the client where its engine is. */
function clientEnv(env: NodeJS.ProcessEnv): Record<string, string> {
  const names = [
    "PATH",
    "HOME",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_CERT_PATH",
    "DOCKER_TLS_VERIFY",
  ];
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

export function dockerArgs(
  command: Pick<Command, "worktree" | "argv" | "env">,
  options: DockerOptions,
  container: string,
): string[] {
  const { image, mirror, nodeModules } = options;
  const { worktree, argv, env = {} } = command;
  const user = workerUid() ?? process.getuid?.() ?? 1000;
  const group = workerUid() ?? process.getgid?.() ?? 1000;
  const bind = (source: string, target: string, more = "") => [
    "--mount",
    `type=bind,src=${source},dst=${target}${more}`,
  ];
  const [program = "", ...args] = argv;
  return [
    ...["run", "--rm", "--init", "--name", container, "--label", labelOf(options)],
    ...["--network", "none", "--ipc", "none", "--hostname", "worker"],
    ...["--read-only", "--tmpfs", `/tmp:rw,size=${LIMITS.tmpBytes}`],
    ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
    ...["--pids-limit", String(LIMITS.processes), "--memory", String(CONTAINER_MEMORY_BYTES)],
    ...["--ulimit", `nofile=${LIMITS.openFiles}`, "--ulimit", "core=0"],
    ...["--user", `${user}:${group}`],
    ...bind(worktree, WORKTREE),
    ...(mirror === null ? [] : bind(mirror, MIRROR, ",readonly")),
    ...(nodeModules === null ? [] : bind(nodeModules, join(dirname(WORKTREE), "node_modules"), ",readonly")),
    ...["--workdir", WORKTREE, "--env", "HOME=/tmp", "--env", "LANG=C.UTF-8"],
    ...Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    // The image's own entry point would get the command as words to make something of.
    ...["--entrypoint", program, image, ...args],
  ];
}
