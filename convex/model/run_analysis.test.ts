// @vitest-environment edge-runtime
/** S4: what run analysis reads: over the rows of real runs, bounded, with near candidates where nothing fits. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { errorInfo } from "../../src/contract/errors.ts";
import { approve, at, end, type Graph, question, record, startBackend } from "../../test/runs.ts";
import { internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import { runContext, stepResults } from "./run_analysis.ts";
import { costBreakdown } from "./run_cost.ts";
import { stepDetail } from "./run_step.ts";
import { structuralTimeline } from "./run_timeline.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 20, 10, 0, 0) });
});
afterEach(() => {
  vi.useRealTimers();
});

const DEPLOY: Graph = {
  name: "deploy",
  startNodeId: "note",
  nodes: {
    note: record("noted", "build"),
    build: { type: "task", prompt: "Build it", saveAs: "build", retries: 1, retryBackoffMs: 5000, next: "ship" },
    ship: approve("Ship it?", "live", "stopped", { payload: { version: "1.2" }, approvers: ["person:bo"] }),
    live: { type: "task", prompt: "Go live", saveAs: "live", next: "done" },
    done: end("live"),
    stopped: end(),
  },
};
const LOST = errorInfo("platform_unavailable", "the registry did not answer", { remedy: "try again in a minute" });

async function setup() {
  const backend = await startBackend();
  const { t, create, person, start } = backend;
  await person("bo");
  await create(DEPLOY, "deploy.json");
  const begin = async () => (await start(DEPLOY, { workflow: "deploy", definition: null })).runId;
  /** And the time to try again has come. Only the clock goes on, so that no agent takes the work. */
  const failedOnce = async () => {
    await backend.work("build", LOST);
    vi.setSystemTime(Date.now() + 6000);
    const timer = (await backend.rows("timers")).at(-1)!;
    await t.mutation(internal.runs.timerDue, { key: timer.key });
  };
  /** build fails twice: that is the end of the run. */
  const failed = async () => {
    const runId = await begin();
    await failedOnce();
    await backend.work("build", errorInfo("internal", "exit code 2: tests are red"));
    return runId;
  };
  const look = {
    context: (run: string, more = {}) => t.run((ctx) => runContext(ctx, { run, ...more })),
    steps: (run: string) => t.run((ctx) => stepResults(ctx, { run })),
    timeline: (run: string) => t.run((ctx) => structuralTimeline(ctx, { run })),
    detail: (run: string, step: string) => t.run((ctx) => stepDetail(ctx, { run, step })),
    cost: (run: string) => t.run((ctx) => costBreakdown(ctx, { run })),
  };
  return { ...backend, begin, failedOnce, failed, look };
}

const refused = async (looking: Promise<unknown>) =>
  await looking.then(
    () => null,
    (thrown: { data: { code: string; message: string; remedy: string; field: string } }) => thrown.data,
  );

describe("a failed run", () => {
  test("its context names the step, the attempt, the time and the error with its code", async () => {
    const { failed, look } = await setup();
    const runId = await failed();
    expect(await look.context(runId)).toMatchObject({
      ...{ runId, workflow: "deploy", status: "failed", startedBy: "root", took: "6.0 s", waitingFor: [] },
      startedAt: "2026-11-20T10:00:00Z",
      failedSteps: [
        {
          ...{ step: "build", type: "task", attempt: 2, at: "2026-11-20T10:00:06Z" },
          error: { code: "internal", message: "exit code 2: tests are red" },
        },
      ],
    });
  });

  test("the detail of the step has every attempt with its own error and remedy", async () => {
    const { failed, look } = await setup();
    const detail = await look.detail(await failed(), "build");
    expect(detail).toMatchObject({
      ...{ step: "build", type: "task", reached: true },
      toDo: { prompt: "Build it", furtherAttempts: 1, onFailure: "fail" },
      attempts: [
        {
          ...{ attempt: 1, status: "failed", takenUp: 1 },
          error: { code: "platform_unavailable", message: LOST.message, remedy: LOST.remedy },
        },
        { attempt: 2, status: "failed", error: { code: "internal", message: "exit code 2: tests are red" } },
      ],
    });
  });

  test("the timeline has both attempts before the end", async () => {
    const { failed, look } = await setup();
    const { events } = await look.timeline(await failed());
    const told = events.map(({ what, step }) => (step === null ? what : `${step}: ${what}`));
    expect(told).toEqual([
      "started by root",
      "note: step began",
      "note: step completed",
      "build: step began",
      "build: attempt 1 failed",
      "build: attempt 2 failed",
      "build: step failed",
      "failed",
    ]);
  });

  test("while it is tried again -> the step is troubled, not failed", async () => {
    const { begin, work, look } = await setup();
    const runId = await begin();
    await work("build", LOST);
    expect(await look.context(runId)).toMatchObject({
      ...{ status: "waiting", failedSteps: [] },
      troubledSteps: [
        { step: "build", status: "waiting", error: { code: "platform_unavailable", remedy: LOST.remedy } },
      ],
    });
  });

  test("a try that went well takes the error away", async () => {
    const backend = await setup();
    const runId = await backend.begin();
    await backend.failedOnce();
    await backend.work("build", "green");
    expect(await backend.look.context(runId)).toMatchObject({ failedSteps: [], troubledSteps: [] });
  });
});

describe("a run that waits and is answered", () => {
  test("it says what it waits for, then who answered where, with the copies that were made", async () => {
    const { begin, work, look, answer, run } = await setup();
    const runId = await begin();
    await work("build", "green");
    expect(await look.context(runId)).toMatchObject({ status: "waiting", waitingFor: ['an answer to "Ship it?"'] });
    await answer(question(await run(runId)).approvalId, "yes", { actor: at("terminal:bo"), reason: "all green" });
    const detail = await look.detail(runId, "ship");
    expect(detail).toMatchObject({
      questions: [
        {
          ...{ question: "Ship it?", status: "answered", asked: ["person:bo"], payload: '{"version":"1.2"}' },
          answers: [{ by: "bo", option: "yes", channel: "terminal", reason: "all green" }],
          copies: [{ channel: "terminal" }],
        },
      ],
    });
    const { events } = await look.timeline(runId);
    expect(events).toContainEqual({
      ...{ at: "2026-11-20T10:00:00Z", step: "ship", what: "bo answered yes by terminal" },
      detail: '"Ship it?": all green',
    });
  });

  test("a step that was not reached is known, with what it is to do", async () => {
    const { begin, look } = await setup();
    expect(await look.detail(await begin(), "live")).toMatchObject({
      ...{ step: "live", reached: false, visits: [], attempts: [] },
      toDo: { prompt: "Go live" },
    });
  });
});

describe("which run", () => {
  test("by its workflow the newest, or the newest that stands so; by `last`; by the beginning of its id", async () => {
    const { failed, begin, look } = await setup();
    const first = await failed();
    const second = await begin();
    expect(await look.context("deploy")).toMatchObject({ runId: second });
    expect(await look.context("Deploy", { status: "failed" })).toMatchObject({ runId: first });
    expect(await look.context("last")).toMatchObject({ runId: second });
    expect(await look.context("the last run", { status: "failed" })).toMatchObject({ runId: first });
  });

  test("unknown -> the near ones are named; none that stands so -> the newest is named", async () => {
    const { begin, look } = await setup();
    const runId = await begin();
    expect(await refused(look.context("deplyo"))).toMatchObject({
      ...{ code: "not_found", field: "run", message: 'there is no run "deplyo"' },
      remedy: `did you mean "deploy"? the latest runs are deploy (${runId})`,
    });
    expect(await refused(look.context("deploy", { status: "failed" }))).toMatchObject({
      message: "the only run of deploy is not failed",
      remedy: `the newest is deploy (${runId}), running`,
    });
    expect(await refused(look.detail(runId, "biuld"))).toMatchObject({
      ...{ code: "not_found", field: "step", remedy: 'did you mean "build"?' },
    });
  });

  test("nothing has been run -> it says so", async () => {
    const { look } = await setup();
    expect(await refused(look.context("deploy"))).toMatchObject({ remedy: "nothing has been run yet" });
  });
});

describe("cost and bounds", () => {
  test("the cost stands by step, the dearest first, with what has no price", async () => {
    const { begin, look, rows, t } = await setup();
    const runId = await begin();
    const job = (await rows("jobs"))[0]!;
    const used = (inputTokens: number, costMicroUsd: number | null) => ({
      ...{ agent: "stepExecutor", model: "some/model", provider: "x", inputTokens, outputTokens: 10 },
      ...{ costMicroUsd, threadId: null, turnId: null, jobId: job._id },
    });
    await t.mutation(internal.spend.record, used(100, 5000));
    await t.mutation(internal.spend.record, used(50, null));
    expect(await look.cost(runId)).toMatchObject({
      total: { calls: 2, inputTokens: 150, costUsd: 0.005, unpricedCalls: 1 },
      steps: [{ step: "build", calls: 2, inputTokens: 150, costUsd: 0.005, unpricedCalls: 1, models: ["some/model"] }],
      complete: true,
    });
  });

  test("a long run and large outputs stay small answers", async () => {
    const { begin, look, t, work } = await setup();
    const runId = (await begin()) as Id<"runs">;
    await work("build", "x".repeat(300_000));
    await t.run(async (ctx) => {
      const row = (await ctx.db.query("runNodes").first())!;
      const { _id, _creationTime, ...fields } = row;
      for (let seq = 10; seq < 210; seq++) {
        await ctx.db.insert("runNodes", { ...fields, seq, nodeKey: `note#${seq}`, error: "e".repeat(5000) });
      }
    });
    const answers = [await look.context(runId), await look.steps(runId), await look.timeline(runId)];
    for (const answer of [...answers, await look.detail(runId, "build")]) {
      expect(JSON.stringify(answer).length).toBeLessThan(120_000);
    }
    expect(await look.steps(runId)).toMatchObject({ onlyTheNewestSteps: true });
    expect((await look.timeline(runId)).leftOut).toBeGreaterThan(0);
  });
});
