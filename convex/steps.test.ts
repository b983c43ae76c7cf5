// @vitest-environment edge-runtime
/** The step notation and the node types with work of their own, end to end in the backend. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { errorInfo } from "../src/contract/errors.ts";
import { end, pass, question, type RunWire, record, startBackend } from "../test/runs.ts";
import { api, internal } from "./_generated/api.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const broke = errorInfo("internal", "it broke");
const steps = (...list: object[]) => ({ id: "steps", steps: list }) as never;
const chat = (name: string, promptTemplate: string, more: object = {}) => ({ name, promptTemplate, ...more });
const variables = (run: RunWire) => JSON.parse(run.variables) as Record<string, unknown>;
const states = (run: RunWire) => Object.fromEntries(run.nodes.map(({ id, status }) => [id, status]));

test("W1: all ten node types in one run", async () => {
  const backend = await startBackend();
  const { t, create, start, work, run, answer, records } = backend;
  await create({
    id: "below",
    startNodeId: "say",
    nodes: { say: record("below", "done", { saveAs: "say" }), done: end("say.key") },
  });
  const { runId } = await start(
    {
      startNodeId: "write",
      nodes: {
        write: { type: "task", prompt: "List {{topic}}", saveAs: "list", next: "fork" },
        fork: { type: "branch", cond: "list.0 starts_with a and topic != x", truthy: "both", falsy: "never" },
        both: { type: "parallel", branches: ["ask", "later"], next: "each" },
        ask: {
          type: "approval",
          question: "{{list.0}}?",
          options: ["one", "two"],
          next: { one: "each", two: "never" },
        },
        later: { type: "wait", forMs: 60_000, next: "each" },
        each: { type: "fanout", over: "list", functionId: "tool::record", config: { key: "{{item}}" }, next: "rounds" },
        rounds: {
          type: "loop",
          functionId: "tool::record",
          config: { key: "r{{iteration}}" },
          maxIterations: 2,
          next: "sub",
        },
        sub: { type: "run", workflow: "below", saveAs: "sub", next: "hear" },
        hear: { type: "event", name: "heard", saveAs: "heard", next: "done" },
        done: { type: "end", result: "{{sub}} {{heard.word}} {{ask.option}}" },
        never: { type: "end", error: "not this way" },
      },
    },
    { input: '{"topic":"letters"}' },
  );
  await work("write", '["a1","b2"]');
  await answer(question(await run(runId)).approvalId, "one");
  await pass(backend, 60_000);
  for (let level = 0; level < 3; level++) await pass(backend, 10);
  await t.mutation(api.hooks.receive, { name: "heard", key: "k", body: '{"word":"loud"}' });
  expect(await run(runId)).toMatchObject({ status: "completed", result: '"below loud one"' });
  expect(await records()).toEqual({ a1: 1, b2: 1, r0: 1, r1: 1, below: 1 });
  expect(new Set((await run(runId)).nodes.map(({ type }) => type)).size).toBe(10);
});

describe("W3: step modes", () => {
  test("sequential: one after the other, each sees what came before, by outputVar and by name", async () => {
    const { start, work, run, prompts } = await startBackend();
    const { runId } = await start(
      steps(chat("Spec", "Design {{topic}}", { outputVar: "tech" }), chat("Build it", "From {{tech}} / {{Spec}}")),
      { input: '{"topic":"login"}' },
    );
    await work("spec", "the spec");
    await work("build-it", "built");
    expect(await prompts()).toEqual(["Design login", "From the spec / the spec"]);
    expect(await run(runId)).toMatchObject({ status: "completed", result: '"built"' });
  });

  test("W20: fanout over a named list, a few at a time; collect gets the results in the list's order", async () => {
    const { start, work, run, prompts } = await startBackend();
    const { runId } = await start(
      steps(
        chat("Look", "{{index}}: {{item}}", { mode: "fanout", over: "topics", concurrency: 2, outputVar: "looks" }),
        chat("Sum up", "All: {{looks}} {{results}}", { mode: "collect" }),
      ),
      { input: '{"topics":["a","b","c"]}' },
    );
    expect(await prompts()).toEqual(["0: a", "1: b"]);
    await work("look", "A");
    expect(await prompts()).toHaveLength(3);
    await work("look", "B");
    await work("look", "C");
    expect((await prompts())[3]).toBe('All: ["A","B","C"] ["A","B","C"]');
    await work("sum-up", "sum");
    expect(variables(await run(runId))).toMatchObject({ looks: ["A", "B", "C"], sum_up: "sum" });
  });

  test("W20: without over the list is the step before; an item that fails is nothing under skip, and ends the run under fail", async () => {
    const { start, work, run } = await startBackend();
    const fan = (errorMode: string) =>
      steps(chat("List", "list"), chat("Each", "{{item}}", { mode: "fanout", errorMode, outputVar: "each" }));
    const skipping = await start(fan("skip"));
    await work("list", '["x","y"]');
    await work("each", broke);
    await work("each", "Y");
    expect(variables(await run(skipping.runId)).each).toEqual([null, "Y"]);
    const failing = await start(fan("fail"));
    await work("list", '["x","y"]');
    await work("each", broke);
    expect(await run(failing.runId)).toMatchObject({ status: "failed", error: "item 1 of 2: it broke" });
    const nothing = await start(fan("fail"));
    await work("list", "no list at all");
    expect((await run(nothing.runId)).error).toContain("a fanout needs a list");
  });

  test.each([
    ['{"severity":"P0"}', "completed", '"checked"'],
    ['{"severity":"P2"}', undefined, '{"severity":"P2"}'],
  ])("conditional: the step runs only when its condition holds of %s", async (output, status, result) => {
    const { start, work, run } = await startBackend();
    const { runId } = await start(
      steps(
        chat("Triage", "sort", { outputVar: "triage" }),
        chat("Check", "check", { mode: "conditional", condition: "{{triage.severity}} == 'P0'", outputVar: "triage" }),
      ),
    );
    await work("triage", output);
    if (status !== undefined) await work("check", "checked");
    const ended = await run(runId);
    expect(ended).toMatchObject({ status: "completed", result });
    expect(states(ended).check).toBe(status);
  });

  test("W4, W19: loop: the template knows round, bound, last output and feedback; one bare word ends it", async () => {
    const { start, work, run, prompts } = await startBackend();
    const prompt = "{{#if iteration > 0}}{{iteration}}/{{maxIterations}} had {{output}}{{else}}Begin: {{task}}{{/if}}";
    const { runId } = await start(
      steps(chat("Refine", prompt, { mode: "loop", maxIterations: 4, until: "LGTM", outputVar: "final" })),
      { input: '{"task":"poem"}' },
    );
    await work("refine", "draft, NOT_LGTM yet");
    await work("refine", "better");
    await work("refine", "done, LGTM.");
    expect(await prompts()).toEqual(["Begin: poem", "1/4 had draft, NOT_LGTM yet", "2/4 had better"]);
    expect(await run(runId)).toMatchObject({ status: "completed", result: '"done, LGTM."' });
  });

  test("W19: until as an expression over the output's fields; after maxIterations it goes on all the same", async () => {
    const { start, work, run } = await startBackend();
    const loop = steps(chat("Refine", "again", { mode: "loop", maxIterations: 2, until: "quality_score > 0.9" }));
    const good = await start(loop);
    await work("refine", '{"quality_score":0.95}');
    expect((await run(good.runId)).status).toBe("completed");
    const never = await start(loop);
    await work("refine", '{"quality_score":0.5}');
    await work("refine", "no score");
    expect(await run(never.runId)).toMatchObject({ status: "completed", result: '"no score"' });
  });

  test("a loop without until goes through all its rounds", async () => {
    const { start, work, run, prompts } = await startBackend();
    const { runId } = await start(
      steps(chat("Refine", "{{iteration}}{{feedback}}", { mode: "loop", maxIterations: 2 })),
    );
    await work("refine", "one");
    await work("refine", "two");
    expect(await prompts()).toEqual(["0", "1"]);
    expect((await run(runId)).status).toBe("completed");
  });

  test("approval: sync: asked before the step; a no fails the run, or passes the step over under skip", async () => {
    const { start, work, run, answer, prompts } = await startBackend();
    const gated = (errorMode: string) =>
      steps(chat("Ship", "ship {{version}}", { approval: "sync", errorMode }), chat("After", "after"));
    const input = '{"version":"1.2"}';
    const yes = await start(gated("fail"), { input });
    expect(question(yes)).toMatchObject({ question: 'Run "ship" (agent::chat)?', options: ["approve", "deny"] });
    expect(await prompts()).toEqual([]);
    await answer(question(yes).approvalId, "approve");
    await work("ship", "shipped");
    await work("after", "ok");
    expect((await run(yes.runId)).status).toBe("completed");
    const no = await start(gated("fail"), { input });
    await answer(question(no).approvalId, "deny", { reason: "freeze" });
    expect((await run(no.runId)).error).toContain("denied by root freeze");
    const passed = await start(gated("skip"), { input });
    await answer(question(passed).approvalId, "deny");
    await work("after", "ok");
    expect(states(await run(passed.runId)).ship).toBeUndefined();
  });
});

describe("approval: sync before rounds and items", () => {
  test("the question shows what only a round knows as it is written, and the rest filled in", async () => {
    const { start, work, run, answer, approval } = await startBackend();
    const step = chat("Go", "{{topic}}: round {{iteration}}", { mode: "loop", maxIterations: 1, approval: "sync" });
    const started = await start(steps({ ...step, config: { topic: "{{topic}}" } }), { input: '{"topic":"t"}' });
    const { approvalId } = question(started);
    expect(JSON.parse((await approval(approvalId)).payload!)).toMatchObject({
      prompt: "{{topic}}: round {{iteration}}",
      config: { topic: "t" },
    });
    await answer(approvalId, "approve");
    await work("go", "done");
    expect((await run(started.runId)).status).toBe("completed");
  });
});

describe("W3: error modes", () => {
  test("fail: the run ends with the step's error", async () => {
    const { start, work, run } = await startBackend();
    const { runId } = await start(steps(chat("A", "a", { errorMode: "fail" }), chat("B", "b")));
    await work("a", broke);
    const failed = await run(runId);
    expect(failed).toMatchObject({ status: "failed", error: "it broke" });
    expect(states(failed)).toEqual({ a: "failed" });
  });

  test("skip: the step is passed over, its variable is nothing", async () => {
    const { start, work, run, prompts } = await startBackend();
    const { runId } = await start(
      steps(chat("A", "a", { errorMode: "skip" }), chat("B", "{{#if A}}has{{else}}has not{{/if}}")),
    );
    await work("a", broke);
    await work("b", "ok");
    expect((await prompts())[1]).toBe("has not");
    expect(states(await run(runId))).toEqual({ a: "skipped", b: "completed", end: "completed" });
  });

  test("retry: again after a growing wait, maxRetries times; what another try cannot mend is not tried again", async () => {
    const backend = await startBackend();
    const { start, work, run, rows } = backend;
    const step = steps(chat("A", "a", { errorMode: "retry", maxRetries: 2, retryBackoffMs: 1000 }));
    const mended = await start(step);
    await work("a", broke);
    expect((await run(mended.runId)).waitingFor).toMatchObject([{ kind: "wait" }]);
    await pass(backend, 1000);
    await work("a", broke);
    await pass(backend, 1999);
    expect((await rows("jobs")).filter((row) => row.status === "ready")).toEqual([]);
    await pass(backend, 1);
    await work("a", "at last");
    const ended = await run(mended.runId);
    expect(ended).toMatchObject({ status: "completed", result: '"at last"' });
    expect(ended.nodes[0]).toMatchObject({ id: "a", attempt: 3 });
    const hopeless = await start(step);
    await work("a", errorInfo("forbidden", "not you"));
    expect((await run(hopeless.runId)).status).toBe("failed");
  });

  test("W9: ask: a question with retry, skip and abort; abort ends the run", async () => {
    const { start, work, run, answer } = await startBackend();
    const { runId } = await start(steps(chat("A", "a", { errorMode: "ask" })));
    await work("a", broke);
    const asked = question(await run(runId));
    expect(asked.options).toEqual(["retry", "skip", "abort"]);
    expect(asked.question).toContain("it broke");
    await answer(asked.approvalId, "abort");
    expect(await run(runId)).toMatchObject({ status: "failed", error: "it broke" });
  });

  test("timeoutMs: work that holds on for longer fails the step", async () => {
    const backend = await startBackend();
    const { t, start, run, rows } = backend;
    const { runId } = await start(steps(chat("A", "a", { timeoutMs: 30_000 })));
    const jobId = (await rows("jobs"))[0]!._id;
    const { leaseId } = (await t.mutation(internal.jobs.claim, { jobId }))!;
    for (let s = 0; s < 35; s += 5) {
      await pass(backend, 5000);
      await t.mutation(internal.jobs.heartbeat, { jobId, leaseId });
    }
    expect((await run(runId)).error).toContain("did not end within 30000 ms");
    expect(await t.mutation(internal.jobs.complete, { jobId, leaseId, output: "late" })).toEqual({ held: false });
  });
});

describe("W18: fields of a model's output", () => {
  const branching = (onFailure: string) => ({
    startNodeId: "say",
    nodes: {
      say: { type: "task", prompt: "say", saveAs: "said", next: "fork" },
      fork: { type: "branch", cond: "said.severity == P0", truthy: "bad", falsy: "good", onFailure },
      bad: end("said.severity"),
      good: end(),
    },
  });

  test.each([
    ['{"severity":"P0"}', '"P0"'],
    ['```json\n{"severity":"P0"}\n```', '"P0"'],
    ['{"severity":"P3"}', "null"],
  ])("%j is read as an object", async (output, result) => {
    const { start, work, run } = await startBackend();
    const { runId } = await start(branching("fail"));
    await work("say", output);
    expect(await run(runId)).toMatchObject({ status: "completed", result });
  });

  test("a field that a text has not is a typed error of that step, handled as the step says", async () => {
    const { start, work, run } = await startBackend();
    const failing = await start(branching("fail"));
    await work("say", "it is bad");
    expect(await run(failing.runId)).toMatchObject({
      status: "failed",
      error: 'said is text and has no field "severity"',
    });
    const skipping = await start(branching("skip"));
    await work("say", "it is bad");
    expect(await run(skipping.runId)).toMatchObject({ status: "completed", result: "null" });
  });
});

describe("W2: outputs", () => {
  const graph = {
    outputs: [{ to: "terminal:root", template: "Got {{result}}" }],
    startNodeId: "ask",
    nodes: {
      ask: {
        type: "approval",
        question: "Tell?",
        options: ["yes", "no"],
        channels: ["terminal:root"],
        next: { yes: "told", no: "silent" },
      },
      told: end("ask.option"),
      silent: end(),
    },
  };
  test("only an end with a result says something, once in each place", async () => {
    const { start, answer, rows } = await startBackend();
    const said = async () =>
      (await rows("deliveries")).flatMap(({ place, message }) => {
        const parsed = JSON.parse(message) as { kind: string; text?: string };
        return parsed.kind === "text" ? [[place, parsed.text]] : [];
      });
    await answer(question(await start(graph)).approvalId, "no");
    expect(await said()).toEqual([]);
    await answer(question(await start(graph)).approvalId, "yes");
    expect(await said()).toEqual([["terminal:root", "Got yes"]]);
  });
});
