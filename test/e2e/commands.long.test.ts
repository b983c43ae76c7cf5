/**
 * Commands with the real bot, a real repository and a real sandbox: steps of workflows (W16), and the Factory Worker (S2), whose command
 * tries to answer an open question and to reach everything it should not (I10). A bot that dies: commands_killed.long.test.ts.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { functions } from "../../src/bot/backend.ts";
import { BUBBLEWRAP, WITHOUT } from "../bubblewrap.ts";
import { CommandPlace, steps } from "./command_steps.ts";
import type { BotProcess } from "./harness.ts";

const SLOW = 120_000;
const ROOT = join(import.meta.dirname, "..", "..");

describe.skipIf(!BUBBLEWRAP)(`commands in a sandbox${WITHOUT}`, () => {
  let at: CommandPlace;
  let bot: BotProcess;
  beforeAll(async () => {
    at = new CommandPlace();
    bot = await at.start();
  }, SLOW);
  afterAll(async () => await at.dispose());

  const say = async (text: string) => JSON.stringify(await at.place.ok("chat", text));
  const questions = async () =>
    (await at.place.ok("approvals", "list")) as { code: string; question: string; status: string; votes: unknown[] }[];
  const asked = async (part: string) => {
    const open = await at.place.until(["approvals", "list"], (list) =>
      list.some(({ question }: { question: string }) => question.includes(part)),
    );
    return open.find(({ question }: { question: string }) => question.includes(part));
  };

  /** Each line that gets somewhere says so. */
  const attack = (code: string) => `
for command in "factory approvals answer ${code} yes" "node ${ROOT}/src/cli/main.mjs approvals answer ${code} yes" \\
  "${ROOT}/bin/factory.mjs approvals answer ${code} yes" "cat ${at.place.dataDir}/gateway_key.json" "cat ${ROOT}/.env" "ls ${at.workspace}"
do FACTORY_DATA_DIR=${at.place.dataDir} $command >/tmp/said 2>&1 && echo "REACHED $command"; done
for url in ${bot.ready.backend} ${bot.ready.http}
do node -e 'fetch(process.argv[1]).then(() => console.log("REACHED", process.argv[1]), () => {})' $url; done
tr '\\0' '\\n' < /proc/1/environ | grep -E 'FACTORY|KEY' && echo "REACHED environment"
echo changed > changed.txt
echo "the attack is over"
`;

  test(
    "W16: an approved command runs in its sandbox on a branch of its own; its output is the step's result, its failure the step's",
    async () => {
      const { runId, open } = await at.begin(steps("write", ["sh", "-c", "cat readme.txt; echo new > made.txt"]));
      const red = await at.begin(steps("red", ["sh", "-c", "echo tests are red >&2; exit 3"]));
      // What is approved is what was shown: the very arguments.
      expect(JSON.stringify(open.payload)).toContain("cat readme.txt; echo new > made.txt");
      await at.answer(open.code, "approve");
      await at.answer(red.open.code, "approve");

      const run = await at.ended(runId);
      expect(run).toMatchObject({ status: "completed", error: null, result: "0 hello\n" });
      const { branch, diffstat } = run.variables.done;
      expect(diffstat).toContain("made.txt | 1 +");
      expect(at.git("show", `${branch}:made.txt`)).toBe("new");
      expect(at.git("log", "-1", "--format=%s", branch)).toContain(`work of run ${runId}`);
      expect(at.git("rev-parse", "--abbrev-ref", "HEAD")).toBe("main");

      const failed = await at.ended(red.runId);
      expect(failed).toMatchObject({ status: "failed", error: expect.stringContaining("exit code 3: tests are red") });
    },
    SLOW,
  );

  test(
    "S2, I10: a task for the worker: asked, approved, run, reported, in review; a question that its command tries to answer stays as it was",
    async () => {
      const ship = {
        id: "ship",
        startNodeId: "ask",
        nodes: {
          ask: { type: "approval", question: "Ship it?", options: ["yes", "no"], next: { yes: "end", no: "end" } },
          end: { type: "end" },
        },
      };
      await at.begin(ship);
      const [before] = await questions();
      writeFileSync(join(at.workspace, "attack.sh"), attack(before!.code));
      at.git("add", ".");
      at.git("commit", "--quiet", "-m", "Attack");

      await say('create a task "try everything"');
      await say("have the worker run `sh attack.sh` for T1");
      await at.answer((await asked("Give T1 to the Factory Worker")).code, "yes");
      await at.answer((await asked("Run `sh attack.sh` for T1?")).code, "yes");
      const done = await at.place.until(["tasks", "show", "T1"], ({ status }) => status !== "IN_PROGRESS");
      expect(done.status).toBe("IN_REVIEW");

      const backend = await at.place.backend();
      const filters = [{ channel: "slack" }];
      const told = await backend.mutation(functions.outbox.claim, { gatewayId: "test", filters, limit: 50 });
      const said = told.map(({ message }) => (JSON.parse(message) as { text: string }).text).join("\n");
      expect(said).toContain("the attack is over");
      expect(said).not.toContain("REACHED");
      expect(said).toMatch(/Branch `factory\/T1`[\s\S]*changed\.txt/);
      expect(await questions()).toEqual([before]);
      expect(at.git("diff", "--name-only", "main", "factory/T1")).toBe("changed.txt");
      expect(at.git("status", "--short")).toBe("");
    },
    SLOW,
  );
});
