/** Whether commands can be run on this machine: a workspace and a sandbox. Without FACTORY_WORKSPACE nobody wants to, and nothing is wrong. */
import type { Config } from "../bot/config.ts";
import { workersFolder } from "../bot/executor/workshop.ts";
import { findMachine, type Machine } from "../bot/machine.ts";
import type { Check } from "./doctor.ts";

export async function examineMachine(config: Config, find = findMachine): Promise<Check[]> {
  const workspace = config.values.FACTORY_WORKSPACE;
  if (workspace === undefined) {
    const detail = "off: FACTORY_WORKSPACE names no repository, so workers and tool::shell_exec run no commands";
    return [{ name: "workers", ok: true, detail, remedy: null }];
  }
  return checksOf(workspace, await find({ workspace, folder: workersFolder(config.dataDir) }));
}

function checksOf(workspace: string, { sandboxes, workspace: usable, lacking }: Machine): Check[] {
  const of = (what: string) => lacking.find((one) => one.what === what);
  const repository = of("workspace");
  const [first] = sandboxes;
  return [
    usable
      ? { name: "workspace", ok: true, detail: workspace, remedy: null }
      : {
          name: "workspace",
          ok: false,
          detail: repository?.why ?? "cannot be used",
          remedy: repository?.remedy ?? null,
        },
    first !== undefined
      ? { name: "sandbox", ok: true, detail: sandboxes.join(", "), remedy: null }
      : {
          name: "sandbox",
          ok: false,
          detail: `executeCommand and tool::shell_exec are off: bubblewrap: ${of("bubblewrap")?.why}; docker: ${of("docker")?.why}`,
          remedy: of("bubblewrap")?.remedy ?? null,
        },
  ];
}
