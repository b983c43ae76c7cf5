/** What becomes of a command when its bot dies in the middle, or is stopped. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BUBBLEWRAP, WITHOUT } from "../bubblewrap.ts";
import { CommandPlace, steps } from "./command_steps.ts";
import type { BotProcess } from "./harness.ts";

const SLOW = 120_000;
const LOOK_MS = 50;

describe.skipIf(!BUBBLEWRAP)(`a command under way${WITHOUT}`, () => {
  let at: CommandPlace;
  let bot: BotProcess;
  beforeAll(async () => {
    at = new CommandPlace();
    bot = await at.start();
  }, SLOW);
  afterAll(async () => await at.dispose());

  /** Counts how often it was begun, then does not end. */
  const endless = (id: string, more: object = {}) =>
    steps(id, ["sh", "-c", "echo begun >> begun.txt; sleep 314159"], { timeoutMs: 600_000, ...more });

  async function underWay(runId: string): Promise<string> {
    for (;;) {
      const trees = join(at.workers, "trees");
      const tree = existsSync(trees) ? readdirSync(trees).find((name) => name.includes(runId)) : undefined;
      const file = tree === undefined ? null : join(trees, tree, "repo/begun.txt");
      if (file !== null && existsSync(file)) return file;
      await sleep(LOOK_MS);
    }
  }
  async function nobodySleeps(): Promise<void> {
    while (sleepers() > 0) await sleep(LOOK_MS);
  }
  const questionOf = async (runId: string) => {
    const open = await at.place.until(["approvals", "list"], (list) =>
      list.some((one: { runId: string }) => one.runId === runId),
    );
    return open.find((one: { runId: string }) => one.runId === runId);
  };

  test.each(["SIGKILL", "SIGTERM"] as const)(
    "%s: it ends with the bot and is not begun again by itself; a person is asked, and lets it be done again or not",
    async (signal) => {
      const { runId, open } = await at.begin(endless(`asks-${signal.toLowerCase()}`, { onFailure: "ask" }));
      await at.answer(open.code, "approve");
      const begun = await underWay(runId);
      expect(sleepers()).toBe(1);
      await bot.end(signal);
      await nobodySleeps();
      bot = await at.start();
      const question = await questionOf(runId);
      expect(question.question).toMatch(/while it ran .*work.*; how far it came is not known/);
      expect(question.options).toContain("retry");
      expect(readFileSync(begun, "utf8")).toBe("begun\n");
      await at.answer(question.code, "abort");
      expect((await at.ended(runId)).status).toBe("failed");
    },
    SLOW,
  );

  test(
    "a worker's call: it dies with the bot, the worker hears that it is not known how far it came, and asks for help",
    async () => {
      const asked = async (part: string) => {
        const is = ({ question }: { question: string }) => question.includes(part);
        return (await at.place.until(["approvals", "list"], (list) => list.some(is))).find(is);
      };
      await at.place.ok("chat", 'create a task "wait for ever"');
      await at.place.ok("chat", "have the worker run `sh -c 'echo begun >> begun.txt; sleep 314159'` for T1");
      await at.answer((await asked("Give T1 to the Factory Worker")).code, "yes");
      await at.answer((await asked("for T1? (running a command)")).code, "yes");
      const begun = join(at.workers, "trees/T1/repo/begun.txt");
      while (!existsSync(begun)) await sleep(LOOK_MS);
      await bot.end("SIGKILL");
      await nobodySleeps();
      bot = await at.start();
      const task = await at.place.until(["tasks", "show", "T1"], ({ status }) => status === "BLOCKED");
      expect(JSON.stringify(task)).toContain("how far it came is not known");
      expect(readFileSync(begun, "utf8")).toBe("begun\n");
      // Given out again once the worker has said its last words, it goes on in the same worktree, with what is there.
      const giveOut = async () => await at.place.ok("chat", "have the worker run `cat begun.txt` for T1");
      while (JSON.stringify(await giveOut()).includes("has a worker already")) await sleep(LOOK_MS);
      await at.answer((await asked("Give T1 to the Factory Worker: run `cat")).code, "yes");
      await at.answer((await asked("Run `cat begun.txt` for T1?")).code, "yes");
      await at.place.until(["tasks", "show", "T1"], ({ status }) => status === "IN_REVIEW");
      expect(at.git("show", "factory/T1:begun.txt")).toBe("begun");
    },
    SLOW,
  );

  test(
    "its step may say that it can be done again: then it is, in a worktree of its own",
    async () => {
      const { runId, open } = await at.begin(endless("again", { retries: 1, retryBackoffMs: 100 }));
      await at.answer(open.code, "approve");
      const first = await underWay(runId);
      await bot.end("SIGKILL");
      bot = await at.start();
      const trees = join(at.workers, "trees");
      const of = () => readdirSync(trees).filter((name) => name.includes(runId));
      while (of().length < 2) await sleep(LOOK_MS);
      expect(readFileSync(first, "utf8")).toBe("begun\n");
      await at.place.ok("workflow", "cancel", runId);
      // Cancelled: the machine hears it from its next heartbeat and kills the command.
      await nobodySleeps();
    },
    SLOW,
  );
});

function sleepers(): number {
  let count = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("sleep\u0000314159")) count++;
    } catch {
      // It has ended meanwhile.
    }
  }
  return count;
}
