import { test } from "vitest";
import { compareWithConvexTest } from "./differential_run.test-support.ts";

test("any programs on any schemas see the same results and the same refusals as on convex-test", async () => {
  await compareWithConvexTest(50);
});
