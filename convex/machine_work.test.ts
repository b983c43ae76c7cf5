// @vitest-environment edge-runtime
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { errorInfo } from "../src/contract/errors.ts";
import { end, pass, question, startBackend } from "../test/runs.ts";
import { api } from "./_generated/api.js";
import { LEASE_MS } from "./model/jobs.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A run with an approved command that waits for a machine. */
async function withCommand(more: Record<string, unknown> = {}) {
  const backend = await startBackend();
  const { t } = backend;
  await t.mutation(api.profiles.announce, { gatewayId: "g1", sandboxes: ["bubblewrap"], workspace: true });
  const { runId } = await backend.start({
    startNodeId: "test",
    nodes: {
      test: {
        type: "task",
        functionId: "tool::shell_exec",
        config: { command: ["npm", "test"] },
        approval: "sync",
        sandbox: "bubblewrap",
        saveAs: "done",
        next: "end",
        ...more,
      },
      end: end("{{done.exitCode}}: {{done.stdout}}"),
    },
  });
  await backend.answer(question(await backend.run(runId)).approvalId, "approve");
  const ready = (sandboxes = ["bubblewrap"]) => t.query(api.machine_work.ready, { sandboxes });
  const [first] = await ready();
  const jobId = first!.jobId;
  return {
    ...backend,
    runId,
    ready,
    claim: (gatewayId = "g1", sandboxes = ["bubblewrap"], id = jobId) =>
      t.mutation(api.machine_work.claim, { gatewayId, jobId: id, sandboxes }),
    jobId,
    complete: (leaseId: string, output: object) =>
      t.mutation(api.machine_work.complete, { jobId, leaseId, output: JSON.stringify(output) }),
  };
}

describe("a command", () => {
  test("ready -> claimed by one machine that has its sandbox -> done; its result is an object to the steps after it", async () => {
    const { ready, claim, complete, run, runId } = await withCommand();
    expect(await ready(["docker"])).toEqual([]);
    expect(await claim("g2", ["docker"])).toBeNull();
    const held = (await claim())!;
    expect(held).toMatchObject({ sandbox: "bubblewrap", nodeId: "test", args: '{"command":["npm","test"]}' });
    expect(await claim("g2")).toBeNull();
    expect(await ready()).toEqual([]);
    await complete(held.leaseId, { exitCode: 0, stdout: "42 passed", branch: null });
    expect(await run(runId)).toMatchObject({ status: "completed", result: '"0: 42 passed"' });
  });

  test("claimed, its machine is lost -> failed as interrupted, not ready again; retries let it be done again", async () => {
    const backend = await withCommand({ retries: 1, retryBackoffMs: 1000 });
    const { claim, ready, rows, complete, runId, run } = backend;
    const held = (await claim())!;
    await pass(backend, LEASE_MS + 1);
    expect((await rows("jobs")).map(({ status, error }) => [status, error])).toEqual([
      ["failed", "the machine was lost while it ran the command of test; how far it came is not known"],
    ]);
    // What it says later counts no more.
    expect(await complete(held.leaseId, { exitCode: 0 })).toEqual({ held: false });
    await pass(backend, 1001);
    const [again] = await ready();
    expect(again!.jobId).not.toBe(held.jobId);
    const second = (await claim("g1", ["bubblewrap"], again!.jobId))!;
    expect(second.key).not.toBe(held.key);
    expect((await run(runId)).status).toBe("running");
  });

  test("without retries the run fails and says so; onFailure: ask asks", async () => {
    const backend = await withCommand({ onFailure: "ask" });
    await backend.claim();
    // At its gateway's next start, before the lease has run out.
    expect(await backend.t.mutation(api.machine_work.release, { gatewayId: "other" })).toEqual({ interrupted: 0 });
    expect(await backend.t.mutation(api.machine_work.release, { gatewayId: "g1" })).toEqual({ interrupted: 1 });
    const asked = question(await backend.run(backend.runId));
    expect(asked.question).toContain("the machine was lost while it ran the command of test");
  });

  test("heartbeats keep it beyond its lease; a run that is cancelled lets go of it", async () => {
    const { t, claim, jobId, runId, rows } = await withCommand();
    const { leaseId } = (await claim())!;
    const beat = () => t.mutation(api.machine_work.heartbeat, { jobId, leaseId });
    for (let passed = 0; passed < 2 * LEASE_MS; passed += LEASE_MS / 2) {
      expect(await beat()).toEqual({ held: true });
      await pass({ t }, LEASE_MS / 2);
    }
    const actor = { kind: "operator", osUser: "root", as: null, channel: "cli" } as const;
    await t.mutation(api.runs.cancel, { actor, runId });
    expect(await beat()).toEqual({ held: false });
    expect((await rows("jobs")).map(({ status }) => status)).toEqual(["cancelled"]);
  });

  test("an exit code that is not zero is the step's failure, with what was said", async () => {
    const { t, claim, jobId, run, runId } = await withCommand();
    const { leaseId } = (await claim())!;
    const error = errorInfo("conflict", "npm test ended with exit code 1: 3 failed");
    await t.mutation(api.machine_work.fail, { jobId, leaseId, error });
    expect(await run(runId)).toMatchObject({
      status: "failed",
      error: expect.stringContaining("exit code 1: 3 failed"),
    });
  });

  test("only the gateway may ask, and it cannot claim an agent's job", async () => {
    const backend = await withCommand();
    const { anonymous, t } = backend;
    await expect(anonymous.query(api.machine_work.ready, { sandboxes: [] })).rejects.toThrow("only the gateway");
    await backend.start({ startNodeId: "w", nodes: { w: { type: "task", prompt: "x", next: "e" }, e: end() } });
    const agents = (await backend.rows("jobs")).find((job) => job.kind === undefined)!;
    expect(
      await t.mutation(api.machine_work.claim, { gatewayId: "g1", jobId: agents._id, sandboxes: ["bubblewrap"] }),
    ).toBeNull();
  });
});
