// @vitest-environment edge-runtime
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { errorInfo } from "../src/contract/errors.ts";
import { approve, end, type Graph, OWNER, question, record, startBackend } from "../test/runs.ts";
import { api, internal } from "./_generated/api.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets so much time pass, with everything scheduled in it. */
async function pass(t: Awaited<ReturnType<typeof startBackend>>["t"], ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await t.finishInProgressScheduledFunctions();
}

const slice = {
  name: "slice",
  startNodeId: "before",
  nodes: {
    before: record("before", "ask"),
    ask: approve("Go on?", "after", "done"),
    after: record("after", "done"),
    done: end(),
  },
};

describe("a run from start to end", () => {
  test("task, question, answer, task, end: each effect once", async () => {
    const { start, answer, run, records } = await startBackend();
    const started = await start(slice);
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

  test("the same request key twice -> the same run, once", async () => {
    const { start, records, rows } = await startBackend();
    const first = await start(slice, { requestKey: "k1" });
    const second = await start(slice, { requestKey: "k1" });
    expect(second.runId).toBe(first.runId);
    expect(await records()).toEqual({ before: 1 });
    expect(await rows("runs")).toHaveLength(1);
  });

  test("an input that does not fit -> refused with the field, and no run", async () => {
    const { start, rows } = await startBackend();
    const graph = {
      ...slice,
      inputs: { type: "object", properties: { version: { type: "string" } }, required: ["version"] },
    };
    await expect(start(graph, { input: '{"version":3}' })).rejects.toMatchObject({
      data: { code: "invalid_input", field: "input.version" },
    });
    await expect(start(graph, { input: "{" })).rejects.toMatchObject({ data: { code: "invalid_input" } });
    expect(await rows("runs")).toHaveLength(0);
  });

  test("a variable that is too large -> the node fails, and the error names it", async () => {
    const { t, start, run } = await startBackend();
    const started = await start({
      startNodeId: "big",
      nodes: { big: { type: "task", prompt: "write much", saveAs: "essay", next: "done" }, done: end("essay") },
    });
    const [wait] = started.waitingFor;
    if (wait?.kind !== "job") throw new Error("no job");
    const jobId = wait.jobId as never;
    const job = await t.mutation(internal.jobs.claim, { jobId });
    const output = "x".repeat(500_000);
    expect(await t.mutation(internal.jobs.complete, { jobId, leaseId: job!.leaseId, output })).toEqual({ held: true });
    const ended = await run(started.runId);
    expect(ended.status).toBe("failed");
    expect(ended.error).toContain("essay");
  });

  test("variables that are too large together -> the node that goes over fails, and the run can still be shown", async () => {
    const { t, start, run } = await startBackend();
    const nodes: Graph["nodes"] = { done: end() };
    for (let i = 0; i < 12; i++) {
      nodes[`n${i}`] = { type: "task", prompt: "write much", saveAs: `part${i}`, next: i < 11 ? `n${i + 1}` : "done" };
    }
    const { runId } = await start({ startNodeId: "n0", nodes });
    for (let i = 0; i < 12; i++) {
      const [wait] = (await run(runId)).waitingFor;
      if (wait?.kind !== "job") break;
      const jobId = wait.jobId as never;
      const job = await t.mutation(internal.jobs.claim, { jobId });
      await t.mutation(internal.jobs.complete, { jobId, leaseId: job!.leaseId, output: "x".repeat(390_000) });
    }
    const ended = await run(runId);
    expect(ended.status).toBe("failed");
    expect(ended.error).toContain("part10");
    expect(ended.error).toContain("at most 4000000");
  });
});

describe("W1: node types", () => {
  test("branch takes the truthy or the falsy way by an expression over the input", async () => {
    const { start, records } = await startBackend();
    const graph = {
      startNodeId: "fork",
      nodes: {
        fork: { type: "branch", cond: "env == prod", truthy: "careful", falsy: "quick" },
        careful: record("careful", "done"),
        quick: record("quick", "done"),
        done: end("env"),
      },
      inputs: { type: "object", properties: { env: { type: "string" } } },
    };
    expect((await start(graph, { input: '{"env":"prod"}' })).result).toBe('"prod"');
    await start(graph, { input: '{"env":"test"}' });
    expect(await records()).toEqual({ careful: 1, quick: 1 });
  });

  test("parallel starts every branch and goes on once when all have arrived", async () => {
    const { start, answer, run, records } = await startBackend();
    const started = await start({
      startNodeId: "both",
      nodes: {
        both: { type: "parallel", branches: ["a", "b"], next: "join" },
        a: approve("A?", "ra", "join"),
        b: approve("B?", "rb", "join"),
        ra: record("a", "join"),
        rb: record("b", "join"),
        join: record("join", "done"),
        done: end(),
      },
    });
    expect(await answer(question(started, 1).approvalId, "yes")).toMatchObject({ outcome: "settled" });
    const half = await run(started.runId);
    expect(half.status).toBe("waiting");
    expect(await records()).toEqual({ b: 1 });
    expect(await answer(question(half).approvalId, "yes")).toMatchObject({ outcome: "settled" });
    expect((await run(started.runId)).status).toBe("completed");
    expect(await records()).toEqual({ a: 1, b: 1, join: 1 });
  });

  test("an agent's task is a job; its result becomes a variable and the run's result", async () => {
    const { t, start, run, rows } = await startBackend();
    const started = await start(
      {
        startNodeId: "write",
        nodes: { write: { type: "task", prompt: "Greet {{who}}", saveAs: "text", next: "done" }, done: end("text") },
        inputs: { type: "object", properties: { who: { type: "string" } } },
      },
      { input: '{"who":"Ana"}' },
    );
    expect(started.status).toBe("running");
    const [row] = await rows("jobs");
    const job = await t.mutation(internal.jobs.claim, { jobId: row!._id });
    expect(job).toMatchObject({ prompt: "Greet Ana", nodeId: "write", runId: started.runId });
    expect(await t.mutation(internal.jobs.claim, { jobId: row!._id })).toBeNull();
    await t.mutation(internal.jobs.complete, { jobId: row!._id, leaseId: job!.leaseId, output: "Hello Ana" });
    expect(await run(started.runId)).toMatchObject({ status: "completed", result: '"Hello Ana"' });
  });

  test("W7: a wait costs a row and fires once, also when the clock tells it twice", async () => {
    const { t, start, run, records, rows } = await startBackend();
    const days = 3 * 24 * 3600_000;
    const started = await start({
      startNodeId: "later",
      nodes: { later: { type: "wait", forMs: days, next: "after" }, after: record("after", "done"), done: end() },
    });
    expect(started).toMatchObject({ status: "waiting", waitingFor: [{ kind: "wait" }] });
    await pass(t, days - 1000);
    expect(await records()).toEqual({});
    await pass(t, 2000);
    expect((await run(started.runId)).status).toBe("completed");
    const [timer] = await rows("timers");
    await t.mutation(internal.runs.timerDue, { key: timer!.key });
    expect(await records()).toEqual({ after: 1 });
  });

  test("a failed inline function -> nothing of it stays, the run fails with the node and its reason", async () => {
    const { start, records } = await startBackend();
    const failed = await start({
      startNodeId: "good",
      nodes: {
        good: record("good", "bad"),
        bad: { type: "task", functionId: "tool::record", config: "not an object", retries: 3, next: "done" },
        done: end(),
      },
    });
    expect(failed.status).toBe("failed");
    expect(failed.error).toContain("tool::record needs the arguments");
    expect(failed.nodes.map(({ id, status }) => [id, status])).toEqual([
      ["good", "completed"],
      ["bad", "failed"],
    ]);
    expect(await records()).toEqual({ good: 1 });
  });

  test("W9: a failed node under onFailure: ask -> a question; retry runs that node again only", async () => {
    const { t, start, answer, run, rows, records } = await startBackend();
    const started = await start({
      startNodeId: "first",
      nodes: {
        first: record("first", "work"),
        work: { type: "task", prompt: "work", onFailure: "ask", next: "done" },
        done: end(),
      },
    });
    const fail = async () => {
      const job = (await rows("jobs")).find((row) => row.status === "ready")!;
      const claimed = await t.mutation(internal.jobs.claim, { jobId: job._id });
      const error = errorInfo("internal", "it broke");
      await t.mutation(internal.jobs.fail, { jobId: job._id, leaseId: claimed!.leaseId, error });
    };
    await fail();
    const asked = question(await run(started.runId));
    expect(asked.options).toContain("retry");
    await answer(asked.approvalId, "retry");
    await fail();
    await answer(question(await run(started.runId)).approvalId, "skip");
    expect((await run(started.runId)).status).toBe("completed");
    expect(await records()).toEqual({ first: 1 });
  });

  test("W11: a child run: the parent waits and gets its result; a cancelled parent cancels it", async () => {
    const { t, start, answer, run, rows } = await startBackend();
    await t.mutation(api.workflows.create, {
      actor: OWNER,
      source: JSON.stringify({
        name: "child",
        startNodeId: "ask",
        nodes: { ask: approve("Child?", "yes", "no"), yes: end("ask.option"), no: end() },
      }),
      file: "child.json",
    });
    const parent = {
      name: "parent",
      startNodeId: "sub",
      nodes: { sub: { type: "run", workflow: "child", saveAs: "got", next: "done" }, done: end("got") },
    };
    const first = await start(parent);
    await pass(t, 10);
    const child = (await rows("runs")).find((row) => row.workflow === "child");
    expect((await run(first.runId)).waitingFor).toEqual([{ kind: "run", runId: child!._id }]);
    await answer(question(await run(child!._id)).approvalId, "yes");
    await pass(t, 10);
    expect(await run(first.runId)).toMatchObject({ status: "completed" });

    const second = await start(parent);
    await pass(t, 10);
    await t.mutation(api.runs.cancel, { actor: OWNER, runId: second.runId, reason: "enough" });
    await pass(t, 10);
    const children = (await rows("runs")).filter((row) => row.workflow === "child");
    expect(children.map((row) => row.status)).toEqual(["completed", "cancelled"]);
    expect(children.map((row) => row.cancelled)).toEqual([undefined, { by: "root", reason: "enough" }]);
  });
});

describe("W6: the definition is pinned to the run", () => {
  test("changed and created anew while runs wait -> they end on the version they began with, new ones on the new", async () => {
    const { t, start, answer, run, records } = await startBackend();
    const version = (key: string) => ({ ...slice, nodes: { ...slice.nodes, after: record(key, "done") } });
    const create = (key: string) =>
      t.mutation(api.workflows.create, { actor: OWNER, source: JSON.stringify(version(key)), file: "slice.json" });
    expect(await create("v1")).toMatchObject({ version: 1, changed: true });
    const byName = { workflow: "slice", definition: null };
    const waiting = [await start(slice, byName), await start(slice, byName), await start(slice, byName)];
    expect(await create("v2")).toMatchObject({ version: 2, changed: true });
    expect(await create("v2")).toMatchObject({ version: 2, changed: false });
    const later = await start(slice, byName);
    for (const each of [...waiting, later]) await answer(question(each).approvalId, "yes");
    expect(await records()).toEqual({ before: 4, v1: 3, v2: 1 });
    expect((await run(waiting[0]!.runId)).version).toBe(1);
    expect((await run(later.runId)).version).toBe(2);
  });

  test("removed while a run waits -> the run ends, a new one is refused, and creating it again counts on", async () => {
    const { t, start, answer, run } = await startBackend();
    const source = JSON.stringify(slice);
    await t.mutation(api.workflows.create, { actor: OWNER, source, file: "slice.json" });
    const waiting = await start(slice, { workflow: "slice", definition: null });
    await t.mutation(api.workflows.remove, { actor: OWNER, name: "slice" });
    await expect(start(slice, { workflow: "slice", definition: null })).rejects.toMatchObject({
      data: { code: "not_found" },
    });
    await answer(question(waiting).approvalId, "yes");
    expect((await run(waiting.runId)).status).toBe("completed");
    const again = await t.mutation(api.workflows.create, { actor: OWNER, source, file: "slice.json" });
    expect(again).toMatchObject({ version: 2, changed: true });
  });
});

describe("cancel", () => {
  test("retires questions, jobs and timers; a late answer is told, a late result changes nothing", async () => {
    const { t, start, answer, run, rows } = await startBackend();
    const started = await start({
      startNodeId: "all",
      nodes: {
        all: { type: "parallel", branches: ["ask", "work", "later"], next: "done" },
        ask: approve("A?", "done", "done"),
        work: { type: "task", prompt: "work", next: "done" },
        later: { type: "wait", forMs: 60_000, next: "done" },
        done: end(),
      },
    });
    const [job] = await rows("jobs");
    const claimed = await t.mutation(internal.jobs.claim, { jobId: job!._id });
    const wordy = t.mutation(api.runs.cancel, { actor: OWNER, runId: started.runId, reason: "x".repeat(4001) });
    await expect(wordy).rejects.toMatchObject({ data: { code: "too_large", field: "reason" } });
    const cancelled = await t.mutation(api.runs.cancel, { actor: OWNER, runId: started.runId, reason: "enough" });
    expect(cancelled).toMatchObject({
      ...{ status: "cancelled", waitingFor: [] },
      cancelled: { by: "root", reason: "enough" },
    });
    expect(await answer(question(started).approvalId, "yes")).toMatchObject({
      ...{ outcome: "cancelled", by: "root", at: expect.any(Number) },
      message: expect.stringMatching(/^This question was cancelled by root: enough \(2\d{3}-/),
    });
    expect((await rows("deliveries")).map(({ message }) => JSON.parse(message).card.outcomeLine)).toEqual([
      "Cancelled by root: enough",
    ]);
    const lease = { jobId: job!._id, leaseId: claimed!.leaseId };
    expect(await t.mutation(internal.jobs.complete, { ...lease, output: "late" })).toEqual({ held: false });
    await pass(t, 120_000);
    expect(await run(started.runId)).toEqual(cancelled);
    await expect(t.mutation(api.runs.cancel, { actor: OWNER, runId: started.runId })).rejects.toMatchObject({
      data: { code: "conflict", message: "the run has been cancelled already", field: "runId" },
    });
    expect((await rows("timers")).map((row) => row.status)).toEqual(["cancelled"]);
  });
});
