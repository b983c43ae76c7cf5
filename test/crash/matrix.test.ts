/** O10, two moments; all of them in matrix.long.test.ts. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type KillPoint, Matrix } from "./matrix.ts";
import { EFFECTS, ENDING, RUN_SCRIPT } from "./scripted_run.ts";

const matrix = new Matrix(RUN_SCRIPT);
beforeAll(async () => await matrix.prepare(), 120_000);
afterAll(() => matrix.dispose());

const POINTS: KillPoint[] = [
  { commit: 8, when: "after" },
  { commit: 12, when: "before" },
];

test.concurrent.each(POINTS)(
  "O10: killed $when commit $commit of a run -> the same final state, each effect once",
  async (point) => {
    const { killed, ending, effects } = await matrix.run(point);
    expect(killed).toBe(true);
    expect(ending).toEqual(ENDING);
    expect(effects).toEqual(EFFECTS);
  },
  120_000,
);
