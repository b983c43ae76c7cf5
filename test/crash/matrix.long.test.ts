/** O10 in full: kill -9 before and after every COMMIT of the scripted run, until a run is over before its turn comes. */
import { appendFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Matrix } from "./matrix.ts";
import { EFFECTS, ENDING, RUN_SCRIPT } from "./scripted_run.ts";

const matrix = new Matrix(RUN_SCRIPT);
beforeAll(async () => await matrix.prepare());
afterAll(() => matrix.dispose());

const MOST = 200;
const SIDE_BY_SIDE = 2;

test.each(["before", "after"] as const)(
  "O10: killed %s every commit -> the same final state, each effect once",
  async (when) => {
    const wrong: unknown[] = [];
    let last: number | null = null;
    let next = 1;
    const worker = async () => {
      while (last === null && next <= MOST) {
        const commit = next++;
        const { killed, ending, effects } = await matrix.run({ commit, when });
        const expected = { ending: ENDING, effects: EFFECTS };
        if (!killed) last = Math.min(last ?? commit, commit);
        const found = { ending, effects };
        if (JSON.stringify(sorted(found)) !== JSON.stringify(sorted(expected))) wrong.push({ commit, ...found });
        if (process.env.CRASH_LOG)
          appendFileSync(process.env.CRASH_LOG, `${when} ${commit} ${killed} ${wrong.length}\n`);
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
    expect(wrong).toEqual([]);
    expect(last).not.toBeNull();
    // The run has a task, a wait, two questions, three rounds and a child: fewer commits would mean that nothing was tried.
    expect(last).toBeGreaterThan(10);
  },
);

const sorted = (value: unknown): unknown =>
  value !== null && typeof value === "object" && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, part]) => [key, sorted(part)]),
      )
    : value;
