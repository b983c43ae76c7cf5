/** The workshop of this machine, when it has all that one needs. */
import { delimiter, isAbsolute, resolve } from "node:path";
import { toErrorInfo } from "../../contract/errors.ts";
import { APP_DIR } from "../app_dir.ts";
import type { Config } from "../config.ts";
import type { Logger } from "../logger.ts";
import type { Machine } from "../machine.ts";
import { DEFAULT_IMAGE } from "./docker.ts";
import { Workshop } from "./workshop.ts";

/** null: commands cannot be run here. Why is logged, when a workspace was asked for. */
export function openWorkshop(config: Config, machine: Machine, log: Logger): Workshop | null {
  const { FACTORY_WORKSPACE: workspace, FACTORY_WORKER_READ, FACTORY_WORKER_IMAGE } = config.values;
  if (workspace === undefined) return null;
  if (!machine.workspace || machine.sandboxes.length === 0) {
    const lacking = machine.lacking.filter(({ what }) => what === "workspace" || machine.sandboxes.length === 0);
    log.warn({ lacking }, "commands cannot be run here, so workers are off; factory doctor says more");
    return null;
  }
  try {
    return new Workshop({
      workspace: resolve(workspace),
      dataDir: config.dataDir,
      sandboxes: machine.sandboxes,
      appDir: APP_DIR,
      readable: (FACTORY_WORKER_READ ?? "").split(delimiter).filter(isAbsolute),
      image: FACTORY_WORKER_IMAGE ?? DEFAULT_IMAGE,
    });
  } catch (thrown) {
    log.error({ error: toErrorInfo(thrown) }, "the folder of the worktrees cannot be made, so workers are off");
    return null;
  }
}
