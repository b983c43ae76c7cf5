import { beforeAll, expect, test } from "vitest";
import { counts, failures } from "./expected.ts";
import { type Outcome, runSuites } from "./run.ts";
import { suites } from "./stage.ts";

let outcomes: Outcome[] = [];

beforeAll(async () => {
  outcomes = await runSuites();
}, 300_000);

/** See `counts`. */
const EMPTY = "setup";

const named = ({ file, test: name }: { file: string; test: string | null }) =>
  `${file} > ${name ?? "(cannot be loaded)"}`;

test.each(suites)("the suite shipped with %s passes on the engine, but for the listed tests", (suite) => {
  const mine = outcomes.filter((outcome) => outcome.suite === suite);
  const failed = mine.filter((outcome) => !outcome.isPassed);
  const expected = failures.filter(({ file }) => file.startsWith(`${suite}/`)).map(named);
  const surprises = failed.filter((outcome) => !expected.includes(named(outcome)));
  expect(surprises.map((outcome) => `${named(outcome)}: ${outcome.message}`)).toEqual([]);
  expect(failed.map(named).toSorted()).toEqual(expected.toSorted());
  expect(mine.filter(({ test: name }) => name !== null && name !== EMPTY)).toHaveLength(counts[suite]);
});
