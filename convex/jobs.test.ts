// @vitest-environment edge-runtime
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { errorInfo } from "../src/contract/errors.ts";
import { end, startBackend } from "../test/runs.ts";
import { internal } from "./_generated/api.js";
import { LEASE_MS } from "./model/jobs.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const graph = (more: Record<string, unknown> = {}) => ({
  startNodeId: "work",
  nodes: { work: { type: "task", prompt: "work", saveAs: "text", next: "done", ...more }, done: end("text") },
});

/** A run that waits for one job. The scheduled agent is not let loose: the test is the worker. */
async function withJob(more: Record<string, unknown> = {}) {
  const backend = await startBackend();
  const { t, rows } = backend;
  const started = await backend.start(graph(more));
  const jobId = (await rows("jobs"))[0]!._id;
  return {
    ...backend,
    runId: started.runId,
    jobId,
    job: async () => (await rows("jobs")).find((row) => row._id === jobId)!,
    claim: (id = jobId) => t.mutation(internal.jobs.claim, { jobId: id }),
    beat: (leaseId: string) => t.mutation(internal.jobs.heartbeat, { jobId, leaseId }),
    complete: (leaseId: string, output = "done") => t.mutation(internal.jobs.complete, { jobId, leaseId, output }),
    look: () => t.mutation(internal.jobs.look, { jobId }),
    /** Only the clock: what is scheduled is called by hand. */
    later: (ms: number) => vi.setSystemTime(Date.now() + ms),
  };
}

describe("a job", () => {
  test("ready -> claimed once -> done; the result told twice under one lease changes nothing", async () => {
    const { claim, complete, run, runId, rows } = await withJob();
    const held = (await claim())!;
    expect(await claim()).toBeNull();
    expect(await complete(held.leaseId)).toEqual({ held: true });
    expect(await complete(held.leaseId)).toEqual({ held: true });
    expect(await run(runId)).toMatchObject({ status: "completed", result: '"done"' });
    expect(await rows("signals")).toHaveLength(1);
  });

  test("claimed, lease runs out -> ready again; the late result of the first worker is refused, the second's counts", async () => {
    const { claim, complete, beat, look, later, job, run, runId } = await withJob();
    const first = (await claim())!;
    later(LEASE_MS + 1);
    await look();
    expect((await job()).status).toBe("ready");
    const second = (await claim())!;
    expect(second.leaseId).not.toBe(first.leaseId);
    expect(second.idempotencyKey).toBe(first.idempotencyKey);
    expect(await beat(first.leaseId)).toEqual({ held: false });
    expect(await complete(first.leaseId, "late")).toEqual({ held: false });
    expect(await complete(second.leaseId, "in time")).toEqual({ held: true });
    expect((await run(runId)).result).toBe('"in time"');
  });

  test("claimed with heartbeats -> kept over a look", async () => {
    const { claim, beat, look, later, job } = await withJob();
    const held = (await claim())!;
    later(LEASE_MS - 1000);
    expect(await beat(held.leaseId)).toEqual({ held: true });
    later(2000);
    await look();
    expect(await job()).toMatchObject({ status: "claimed", leaseId: held.leaseId });
  });

  test("over its time -> failed, though its worker still beats; the run says which step", async () => {
    const { claim, beat, look, later, run, runId } = await withJob({ timeoutMs: 15_000 });
    const held = (await claim())!;
    later(9000);
    await beat(held.leaseId);
    later(7000);
    await look();
    expect(await beat(held.leaseId)).toEqual({ held: false });
    const ended = await run(runId);
    expect(ended.status).toBe("failed");
    expect(ended.nodes[0]?.error ?? "").toContain("work did not end within 15000 ms");
  });

  test("failed with retries -> another attempt with a job of its own and the same idempotency key", async () => {
    const { t, claim, jobId, rows, run, runId } = await withJob({ retries: 1 });
    const held = (await claim())!;
    const error = errorInfo("model_unavailable", "no model");
    await t.mutation(internal.jobs.fail, { jobId, leaseId: held.leaseId, error });
    const [timer] = await rows("timers");
    await t.mutation(internal.runs.timerDue, { key: timer!.key });
    const again = (await rows("jobs")).find((row) => row.status === "ready")!;
    expect(again).toMatchObject({ attempt: 2, idempotencyKey: held.idempotencyKey });
    const second = (await claim(again._id))!;
    await t.mutation(internal.jobs.complete, { jobId: again._id, leaseId: second.leaseId, output: "at last" });
    expect(await run(runId)).toMatchObject({ status: "completed", result: '"at last"' });
  });
});
