/** What this machine can do for workflows: sandboxes that really start, and a workspace. Found out once, at the start. */
import { execFile } from "node:child_process";
import { statSync } from "node:fs";

export interface Machine {
  sandboxes: ("bubblewrap" | "docker")[];
  workspace: boolean;
}

/** A docker client whose engine does not answer in this time has none. */
const LONGEST_MS = 3_000;

/** Each is tried, not only looked for: a docker client without an engine, or a kernel that lets nobody make namespaces, counts as lacking. */
export async function findMachine(workspace: string | undefined, run = succeeds): Promise<Machine> {
  const [bubblewrap, docker] = await Promise.all([
    run("bwrap", ["--ro-bind", "/", "/", "--unshare-all", "--die-with-parent", "true"]),
    run("docker", ["version", "--format", "{{.Server.Version}}"]),
  ]);
  return {
    sandboxes: [...(bubblewrap ? (["bubblewrap"] as const) : []), ...(docker ? (["docker"] as const) : [])],
    workspace: workspace !== undefined && isFolder(workspace),
  };
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

export function succeeds(command: string, args: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: LONGEST_MS, killSignal: "SIGKILL" }, (error) => resolve(error === null));
  });
}
