/** What the shipped suites contain and what of it does not pass on the engine. Checked exactly, in both directions. */
import type { Suite } from "./stage.ts";

/**
 * Tests in each suite: 689, of which 687 pass. (719 and 717 with the empty test `setup` of the suites' shared modules, which is there
 * once more for each file that imports them, as long as each file has a process of its own; it is not counted.) On the package
 * convex-test 0.0.60 itself 15 fewer pass: that version forbids the timers that fifteen tests of agent use inside `t.run`; the facade
 * allows them there, a test's handler being no product code.
 */
export const counts: Record<Suite, number> = {
  workflow: 93,
  workpool: 211,
  "batch-worker": 21,
  agent: 364,
};

export interface ExpectedFailure {
  /** Path below `vendor/`. */
  file: string;
  /** Full name; null: the file cannot be loaded. */
  test: string | null;
  reason: string;
}

/** All of these fail on convex-test too, for the same reasons. */
export const failures: ExpectedFailure[] = [
  {
    file: "agent/src/eslintConfig.test.ts",
    test: null,
    reason: "needs eslint and the repository's own configuration; no test of behaviour",
  },
  {
    file: "agent/src/vercel/mapping.test.ts",
    test: "mapping infers correct mimeType for all test-assets",
    reason: "the folder test-assets is not part of the published package",
  },
  {
    file: "agent/src/vercel/client/index.test.ts",
    test: "Agent text/object generation generateObject returns object",
    reason: "written for ai 7.0.28; the mock's answer does not fit the newer ai installed here",
  },
];
