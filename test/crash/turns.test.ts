/** S11, G4, one moment; all of them in turns.long.test.ts. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Matrix } from "./matrix.ts";
import { type TurnEnding, TurnScript } from "./scripted_turn.ts";

/** The commit after which the call is ready and nobody has it yet: nothing has to run out before it goes on. */
const READY = 12;

let script: TurnScript;
let matrix: Matrix<TurnEnding>;
beforeAll(async () => {
  script = await TurnScript.start("branch");
  matrix = new Matrix(script);
  await matrix.prepare();
}, 120_000);
afterAll(() => {
  matrix.dispose();
  script.close();
});

test("G4: killed after the yes to a call outside, before it is claimed -> done once, one reply", async () => {
  const { killed, ending, effects } = await matrix.run({ commit: READY, when: "after" });
  expect(killed).toBe(true);
  expect(ending).toMatchObject({
    turns: ["done", "done"],
    questions: ["answered yes"],
    outside: ["createBranch done"],
  });
  expect(ending.said).toEqual([
    expect.stringContaining("I have asked you"),
    expect.stringContaining("Created the branch"),
  ]);
  expect(effects).toEqual({ branches: 1, results: 1 });
}, 120_000);
