/** S11, G4 in full: kill -9 before and after every COMMIT of a conversation with an agent's question and a gated call outside. */
import { appendFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Matrix } from "./matrix.ts";
import { type TurnEnding, TurnScript, wrongWith } from "./scripted_turn.ts";

let script: TurnScript;
let matrix: Matrix<TurnEnding>;
beforeAll(async () => {
  script = await TurnScript.start("question", "branch");
  matrix = new Matrix(script);
  await matrix.prepare();
});
afterAll(() => {
  matrix.dispose();
  script.close();
});

const MOST = 300;
const SIDE_BY_SIDE = 2;

test.each(["before", "after"] as const)(
  "killed %s every commit -> exactly one reply for each turn, each question answered once, each effect once",
  async (when) => {
    const undisturbed = await matrix.run({ commit: MOST * 10, when });
    expect(undisturbed.killed).toBe(false);
    expect(wrongWith(undisturbed)).toBeNull();
    expect(undisturbed.ending.turns).toHaveLength(4);
    const wrong: unknown[] = [];
    let last: number | null = null;
    let next = 1;
    const worker = async () => {
      while (last === null && next <= MOST) {
        const commit = next++;
        const found = await matrix.run({ commit, when }).catch((thrown: unknown) => `${thrown}`);
        if (typeof found !== "string" && !found.killed) last = Math.min(last ?? commit, commit);
        const trouble = typeof found === "string" ? found : wrongWith(found);
        if (trouble !== null) wrong.push({ commit, trouble, found });
        if (process.env.CRASH_LOG)
          appendFileSync(process.env.CRASH_LOG, `${when} ${commit} ${trouble ?? "right"} ${JSON.stringify(found)}\n`);
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
    expect(wrong).toEqual([]);
    expect(last).not.toBeNull();
    // Two messages, two answers, four turns and a call outside: fewer commits would mean that nothing was tried.
    expect(last).toBeGreaterThan(20);
  },
);
