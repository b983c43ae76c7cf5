import { describe, expect, test } from "vitest";
import fc from "../../test/property.ts";
import { isLegalMove, legalMoves, parseTaskStatus, TASK_STATUSES, type TaskStatus } from "./task_machine.ts";

const WAY: TaskStatus[] = ["BACKLOG", "ASSIGNED", "IN_PROGRESS", "IN_REVIEW", "COMPLETE"];

describe("task machine", () => {
  test("forward one step at a time, never two", () => {
    for (const [at, from] of WAY.entries()) {
      for (const [to, target] of WAY.entries()) {
        if (to > at) expect(isLegalMove(from, null, target), `${from} -> ${target}`).toBe(to === at + 1);
      }
    }
  });

  test("anything open can be blocked and goes back to where it was; what is complete stays", () => {
    for (const from of WAY) {
      expect(isLegalMove(from, null, "BLOCKED")).toBe(from !== "COMPLETE");
      expect(legalMoves("BLOCKED", from)).toEqual([from]);
    }
    expect(legalMoves("COMPLETE", null)).toEqual([]);
  });

  test("no sequence of legal moves skips review on the way to COMPLETE", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...TASK_STATUSES), { maxLength: 40 }), (wanted) => {
        let status: TaskStatus = "BACKLOG";
        let blockedFrom: TaskStatus | null = null;
        for (const to of wanted) {
          if (!isLegalMove(status, blockedFrom, to)) continue;
          if (to === "COMPLETE") expect(status).toBe("IN_REVIEW");
          blockedFrom = to === "BLOCKED" ? status : null;
          status = to;
        }
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ["in progress", "IN_PROGRESS"],
    ["In-Review", "IN_REVIEW"],
    ["done", "COMPLETE"],
    ["BLOCKED", "BLOCKED"],
    ["todo", "BACKLOG"],
    ["constructor", null],
    ["", null],
  ])("%s -> %s", (text, status) => {
    expect(parseTaskStatus(text)).toBe(status);
  });
});
