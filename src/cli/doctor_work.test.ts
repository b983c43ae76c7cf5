import { expect, test } from "vitest";
import { workLine } from "./doctor_work.ts";

test("only what there is is counted, and a count at the limit may be more", () => {
  const idle = {
    approvalsPending: 0,
    runs: { running: 0, waiting: 0, failed: 0 },
    jobs: { ready: 0, claimed: 0 },
    deliveries: { ready: 0, waiting: 0, failed: 0 },
    countLimit: 1000,
  };
  expect(workLine(idle)).toBe("questions: none; runs: none; jobs: none; messages to send: none");
  const busy = { ...idle, approvalsPending: 1000, runs: { running: 0, waiting: 2, failed: 1 } };
  expect(workLine(busy)).toBe(
    "questions: 1000 or more open; runs: 2 waiting, 1 failed; jobs: none; messages to send: none",
  );
});
