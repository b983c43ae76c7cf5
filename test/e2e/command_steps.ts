/** A bot with a workspace, and workflows of one step that runs a command in it. */
import { rmSync } from "node:fs";
import { workersFolder } from "../../src/bot/executor/workshop.ts";
import { gitIn, makeWorkspace, passableFolder } from "../bubblewrap.ts";
import { type BotProcess, Place } from "./harness.ts";

export const steps = (id: string, command: string[], more: object = {}) => ({
  id,
  startNodeId: "work",
  nodes: {
    work: {
      type: "task",
      functionId: "tool::shell_exec",
      config: { command },
      approval: "sync",
      sandbox: "bubblewrap",
      saveAs: "done",
      next: "end",
      ...more,
    },
    end: { type: "end", result: "{{done.exitCode}} {{done.stdout}}" },
  },
});

export class CommandPlace {
  readonly place = new Place();
  readonly #folder = passableFolder("factory-commands-");
  readonly workspace = makeWorkspace(this.#folder);
  readonly git = gitIn(this.workspace);
  readonly workers = workersFolder(this.place.dataDir);

  /** No Slack is there: what is told to engineering and support waits in the outbox, to be read. */
  start = (): Promise<BotProcess> =>
    this.place.start({
      FACTORY_WORKSPACE: this.workspace,
      FACTORY_ENGINEERING: "slack:#eng",
      FACTORY_SUPPORT: "slack:#support",
    });

  async begin(definition: { id: string }) {
    const run = await this.place.ok("workflow", "run", this.place.file(`${definition.id}.json`, definition));
    const open = (await this.place.ok("approvals", "list")) as { runId: string; code: string; payload: unknown }[];
    return { runId: run.runId as string, open: open.find(({ runId }) => runId === run.runId)! };
  }
  answer = (code: string, option: string) => this.place.ok("approvals", "answer", code, option);
  ended = (runId: string) => this.place.until(["workflow", "status", runId], ({ endedAt }) => endedAt !== null);

  async dispose(): Promise<void> {
    await this.place.dispose();
    for (const folder of [this.#folder, this.workers]) rmSync(folder, { recursive: true, force: true });
  }
}
