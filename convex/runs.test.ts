// @vitest-environment edge-runtime
import { describe, expect, test } from "vitest";
import { approve, end, question, record, startBackend } from "../test/runs.ts";

describe("a run from start to end", () => {
  test("task, question, answer, task, end: each effect once", async () => {
    const { start, answer, run, records } = await startBackend();
    const started = await start({
      name: "slice",
      startNodeId: "before",
      nodes: {
        before: record("before", "ask"),
        ask: approve("Go on?", "after", "done"),
        after: record("after", "done"),
        done: end(),
      },
    });
    expect(started.status).toBe("waiting");
    expect(await records()).toEqual({ before: 1 });
    const { approvalId } = question(started);
    expect(await answer(approvalId, "yes")).toMatchObject({ outcome: "settled", option: "yes" });
    const ended = await run(started.runId);
    expect(ended).toMatchObject({ status: "completed", error: null, waitingFor: [] });
    expect(ended.nodes.map(({ id, status }) => [id, status])).toEqual([
      ["before", "completed"],
      ["ask", "completed"],
      ["after", "completed"],
      ["done", "completed"],
    ]);
    expect(await records()).toEqual({ before: 1, after: 1 });
  });
});
