/** Steps that run commands, with the real bot and a real sandbox: W16. A bot that dies in the middle: commands_killed.long.test.ts. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BUBBLEWRAP, WITHOUT } from "../bubblewrap.ts";
import { CommandPlace, steps } from "./command_steps.ts";

const SLOW = 60_000;

describe.skipIf(!BUBBLEWRAP)(`commands of workflows${WITHOUT}`, () => {
  let at: CommandPlace;
  beforeAll(async () => {
    at = new CommandPlace();
    await at.start();
  }, SLOW);
  afterAll(async () => await at.dispose());

  test(
    "W16: an approved command runs in its sandbox on a branch of its own; its output is the step's result, its failure the step's",
    async () => {
      const { runId, open } = await at.begin(steps("write", ["sh", "-c", "cat readme.txt; echo new > made.txt"]));
      const red = await at.begin(steps("red", ["sh", "-c", "echo tests are red >&2; exit 3"]));
      const denied = await at.begin(steps("denied", ["sh", "-c", "echo ran > ran.txt"]));
      // What is approved is what was shown: the very arguments.
      expect(JSON.stringify(open.payload)).toContain("cat readme.txt; echo new > made.txt");
      await at.answer(open.code, "approve");
      await at.answer(red.open.code, "approve");
      await at.answer(denied.open.code, "deny");

      const run = await at.ended(runId);
      expect(run).toMatchObject({ status: "completed", error: null, result: "0 hello\n" });
      const { branch, diffstat } = run.variables.done;
      expect(diffstat).toContain("made.txt | 1 +");
      expect(at.git("show", `${branch}:made.txt`)).toBe("new");
      expect(at.git("log", "-1", "--format=%s", branch)).toContain(`work of run ${runId}`);
      expect(at.git("rev-parse", "--abbrev-ref", "HEAD")).toBe("main");

      const failed = await at.ended(red.runId);
      expect(failed).toMatchObject({ status: "failed", error: expect.stringContaining("exit code 3: tests are red") });
      expect((await at.ended(denied.runId)).status).toBe("failed");
      expect(at.git("branch", "--list", `factory/run-${denied.runId}*`)).toBe("");
    },
    SLOW,
  );
});
