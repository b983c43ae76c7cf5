/** Steps that run commands, with the real bot and a real sandbox: W16, W22's side of it, and what happens when the bot dies in the middle. */
import { existsSync, rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { workersFolder } from "../../src/bot/executor/workshop.ts";
import { BUBBLEWRAP, gitIn, makeWorkspace, passableFolder, WITHOUT } from "../bubblewrap.ts";
import { type BotProcess, Place } from "./harness.ts";

const SLOW = 60_000;

describe.skipIf(!BUBBLEWRAP)(`commands of workflows${WITHOUT}`, () => {
  const place = new Place();
  const folder = passableFolder("factory-commands-");
  const workspace = makeWorkspace(folder);
  const git = gitIn(workspace);
  let bot: BotProcess;
  const start = () => place.start({ FACTORY_WORKSPACE: workspace });
  beforeAll(async () => {
    bot = await start();
  }, SLOW);
  afterAll(async () => {
    await place.dispose();
    rmSync(folder, { recursive: true, force: true });
    rmSync(workersFolder(place.dataDir), { recursive: true, force: true });
  });

  const steps = (id: string, command: string[], more: object = {}, next: object = {}) => ({
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
      end: { type: "end", result: "{{done.exitCode}} {{done.stdout}}", ...next },
    },
  });
  const begin = async (definition: { id: string }) => {
    const run = await place.ok("workflow", "run", place.file(`${definition.id}.json`, definition));
    const [open] = (await place.ok("approvals", "list")).filter(({ runId }: { runId: string }) => runId === run.runId);
    return { runId: run.runId as string, open };
  };
  const answer = (code: string, option: string) => place.ok("approvals", "answer", code, option);
  const ended = (runId: string) => place.until(["workflow", "status", runId], ({ endedAt }) => endedAt !== null);

  test(
    "W16: an approved command runs in its sandbox on a branch of its own; its output is the step's result",
    async () => {
      const definition = steps("write", ["sh", "-c", "cat readme.txt; echo new > made.txt"]);
      const { runId, open } = await begin(definition);
      // What is approved is what was shown: the very arguments.
      expect(JSON.stringify(open.payload)).toContain("cat readme.txt; echo new > made.txt");
      await answer(open.code, "approve");
      const run = await ended(runId);
      expect(run).toMatchObject({ status: "completed", error: null });
      expect(run.result).toBe("0 hello\n");
      const { branch, diffstat } = run.variables.done;
      expect(diffstat).toContain("made.txt | 1 +");
      expect(git("show", `${branch}:made.txt`)).toBe("new");
      expect(git("log", "-1", "--format=%s", branch)).toContain(`work of run ${runId}`);
      expect(git("rev-parse", "--abbrev-ref", "HEAD")).toBe("main");
    },
    SLOW,
  );

  test(
    "a command that ends with an error is a failed step with the end of what it said; not approved, it never runs",
    async () => {
      const { runId, open } = await begin(steps("fails", ["sh", "-c", "echo tests are red >&2; exit 3"]));
      await answer(open.code, "approve");
      const failed = await ended(runId);
      expect(failed).toMatchObject({ status: "failed", error: expect.stringContaining("exit code 3: tests are red") });
      const denied = await begin(steps("denied", ["sh", "-c", "echo ran > ran.txt"]));
      await answer(denied.open.code, "deny");
      expect((await ended(denied.runId)).status).toBe("failed");
      expect(git("branch", "--list", `factory/run-${denied.runId}*`)).toBe("");
    },
    SLOW,
  );

  test(
    "kill -9 in the middle of a command: it dies with the bot and is not begun again by itself; a person lets it",
    async () => {
      const { runId, open } = await begin(
        steps("long", ["sh", "-c", "test -e again || sleep 300"], { onFailure: "ask", timeoutMs: 600_000 }),
      );
      await answer(open.code, "approve");
      const trees = `${workersFolder(place.dataDir)}/trees`;
      const under = (name: string) => existsSync(trees) && name.includes(runId);
      await place.until(
        ["workflow", "status", runId],
        ({ waitingFor }) => waitingFor[0]?.kind === "job" && under(runId),
      );
      await bot.end("SIGKILL");
      bot = await start();
      const asked = await place.until(["approvals", "list"], (list) =>
        list.some((one: { runId: string }) => one.runId === runId),
      );
      const question = asked.find((one: { runId: string }) => one.runId === runId);
      expect(question.question).toContain("the machine was lost while it ran the command of work");
      expect(question.options).toContain("retry");
      await answer(question.code, "abort");
      expect((await ended(runId)).status).toBe("failed");
    },
    SLOW,
  );
});
