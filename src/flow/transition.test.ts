import { describe, expect, it } from "vitest";
import { compile, SimulatedRun, verdict } from "./simulated_run.ts";
import { emptyState, transition } from "./transition.ts";

const graph = (nodes: object, more: object = {}) =>
  compile({ id: "test", startNodeId: Object.keys(nodes)[0], nodes, ...more });
const begin = (nodes: object, input: Record<string, string | number | string[]> = {}, more: object = {}) =>
  new SimulatedRun(graph(nodes, more), input).start();
const end = { type: "end", result: "r" };
const task = (next: string, more: object = {}) => ({ type: "task", prompt: "do it", saveAs: "r", next, ...more });

describe("a task", () => {
  it("starts its work with the prompt filled in", () => {
    const run = begin({ a: task("z", { prompt: "Build {{version}}\n", timeoutMs: 5000 }), z: end }, { version: "1.2" });
    expect(run.work("a")).toMatchObject({
      prompt: "Build 1.2",
      functionId: "agent::chat",
      timeoutMs: 5000,
      attempt: 1,
      key: "a/1",
    });
    expect(run.status("a")).toBe("running");
  });

  it("result -> saved, next node, run completed with the end's result", () => {
    const run = begin({ a: task("z"), z: end });
    run.done("a", "  built\n");
    expect(run.variables.r).toBe("  built\n");
    expect(run.finish).toMatchObject({ status: "completed", result: "  built\n", nodeId: "z", error: null });
    expect(run.status("a")).toBe("completed");
  });

  it("output that is a JSON object, also in a code fence, becomes an object", () => {
    const run = begin({ a: task("b"), b: task("z", { prompt: "{{r.severity}}", saveAs: "s" }), z: end });
    run.done("a", '```json\n{"severity":"P0"}\n```');
    expect(run.variables.r).toEqual({ severity: "P0" });
    expect(run.work("b").prompt).toBe("P0");
  });

  it("a field that a text has not -> the step fails, typed", () => {
    const run = begin({ a: task("b"), b: task("z", { prompt: "{{r.severity}}" }), z: end });
    run.done("a", "just words");
    expect(run.finish).toMatchObject({
      status: "failed",
      nodeId: "b",
      error: { code: "invalid_input", field: "r.severity" },
    });
  });

  it("failed without retries -> run failed with the node's error", () => {
    const run = begin({ a: task("z"), z: end });
    run.failed("a", "no compiler");
    expect(run.finish).toMatchObject({ status: "failed", nodeId: "a", error: { message: "no compiler" } });
    expect(run.nodes.get("a")).toMatchObject({ status: "failed", endedAt: run.now });
  });

  it("failed with retries -> waits with growing backoff, tries again under the same key, then fails", () => {
    const run = begin({ a: task("z", { retries: 2, retryBackoffMs: 100 }), z: end });
    const key = run.work("a").key;
    run.failed("a");
    expect(run.waiting("setTimer")[0]?.at).toBe(run.now + 100);
    run.timer("a");
    expect(run.work("a")).toMatchObject({ attempt: 2, key });
    run.failed("a");
    expect(run.waiting("setTimer")[0]?.at).toBe(run.now + 200);
    run.timer("a");
    run.failed("a");
    expect(run.finish.status).toBe("failed");
    expect(run.nodes.get("a")?.attempt).toBe(3);
  });

  it("failed for a reason that no retry mends -> fails at once", () => {
    const run = begin({ a: task("z", { retries: 5 }), z: end });
    const error = { code: "forbidden" as const, message: "no", remedy: null, retryable: false, field: null };
    run.signal(run.work("a").waitId, { kind: "error", error });
    expect(run.finish.error?.code).toBe("forbidden");
  });

  it("onFailure skip -> its variable is null, the run goes on", () => {
    const run = begin({ a: task("z", { onFailure: "skip" }), z: end });
    run.failed("a");
    expect(run.finish).toMatchObject({ status: "completed", result: null });
    expect(run.nodes.get("a")).toMatchObject({ status: "skipped", error: { message: "it broke" } });
  });

  it("onFailure ask, retry -> that node again only", () => {
    const run = begin({ a: task("b"), b: task("z", { onFailure: "ask", saveAs: "s" }), z: end });
    run.done("a", "one");
    run.failed("b", "oops");
    expect(run.ask("b")).toMatchObject({ purpose: "failure", options: ["retry", "skip", "abort"] });
    expect(run.ask("b").question).toContain("oops");
    run.answered("b", "retry");
    expect(run.waiting("startWork").map(({ nodeId }) => nodeId)).toEqual(["b"]);
    run.done("b", "two");
    expect(run.finish.status).toBe("completed");
  });

  it.each([
    ["skip", "completed"],
    ["abort", "failed"],
  ])("onFailure ask, %s -> run %s", (option, status) => {
    const run = begin({ a: task("z", { onFailure: "ask" }), z: end });
    run.failed("a");
    run.answered("a", option);
    expect(run.finish.status).toBe(status);
  });

  it("a variable too large to store -> the node fails and names it", () => {
    const run = begin({ a: task("z"), z: end });
    run.done("a", "x".repeat(500_000));
    expect(run.finish.error).toMatchObject({ code: "too_large", field: "r" });
  });
});

describe("an approval", () => {
  const nodes = {
    q: {
      type: "approval",
      question: "Ship {{version}}?",
      options: ["yes", "no"],
      payload: { v: "{{version}}", n: "{{count}}" },
      expiresInMs: 60_000,
      next: { yes: "y", no: "n", expired: "x" },
    },
    y: { type: "end", result: "q.option" },
    n: { type: "end" },
    x: { type: "end", result: "q" },
  };
  const input = { version: "1.2", count: 3 };

  it("asks with question, payload (types kept) and expiry", () => {
    const run = begin(nodes, input);
    expect(run.ask("q")).toMatchObject({
      question: "Ship 1.2?",
      options: ["yes", "no"],
      payload: { v: "1.2", n: 3 },
      approvers: null,
      expiresAt: run.now + 60_000,
      purpose: "node",
    });
    expect(run.status("q")).toBe("waiting");
  });

  it.each([
    ["yes", "y", "yes"],
    ["no", "n", null],
  ])("%s -> its branch, once", (option, node, result) => {
    const run = begin(nodes, input);
    run.answered("q", option, { reason: "because" });
    expect(run.finish).toMatchObject({ status: "completed", nodeId: node, result });
    expect(run.variables.q).toMatchObject({ option, reason: "because", by: "Ana" });
  });

  it("expired -> the expired branch, with the outcome as its own", () => {
    const run = begin(nodes, input);
    run.answered("q", "expired", { by: null, channel: null });
    expect(run.finish).toMatchObject({ nodeId: "x", result: { option: "expired", by: null } });
  });

  it("a second answer -> changes nothing", () => {
    const run = begin(nodes, input);
    const { waitId } = run.ask("q");
    run.answered("q", "yes");
    expect(run.signal(waitId, verdict("no"))).toEqual([]);
    expect(run.finishes).toHaveLength(1);
  });

  it("an answer that is no option -> the node fails", () => {
    const run = begin(nodes, input);
    run.answered("q", "maybe");
    expect(run.finish.error).toMatchObject({ code: "invalid_option" });
  });

  it("nobody can be asked -> the node fails", () => {
    const run = begin(nodes, input);
    const error = {
      code: "not_found" as const,
      message: "nobody has the role",
      remedy: null,
      retryable: false,
      field: null,
    };
    run.signal(run.ask("q").waitId, { kind: "error", error });
    expect(run.finish).toMatchObject({ status: "failed", error });
  });

  it("free text -> stored verbatim, goes to answered", () => {
    const run = begin({
      q: { type: "approval", question: "How?", freeText: true, next: "z" },
      z: { type: "end", result: "q.text" },
    });
    expect(run.ask("q")).toMatchObject({ freeText: true, options: [] });
    run.answered("q", "answered", { text: "  yes, staging first {{x}} " });
    expect(run.finish.result).toBe("  yes, staging first {{x}} ");
  });
});

describe("a run", () => {
  it("only an end with result fires the outputs", () => {
    const more = { outputs: [{ to: "slack:#eng", template: "Result: {{result}} ({{run.title}})" }, "terminal"] };
    const yes = begin({ z: { type: "end", result: "version" } }, { version: "1.2" }, more);
    expect(yes.finish.outputs).toEqual([
      { to: "slack:#eng", text: "Result: 1.2 (Run)" },
      { to: "terminal", text: "1.2" },
    ]);
    expect(begin({ z: { type: "end" } }, {}, more).finish.outputs).toEqual([]);
  });

  it("an end with error -> the run fails with that message", () => {
    const run = begin({ z: { type: "end", error: "Not healthy: {{why}}" } }, { why: "disk" });
    expect(run.finish).toMatchObject({ status: "failed", error: { message: "Not healthy: disk" } });
  });

  it("cancel while waiting -> everything open is closed, the run is cancelled; later signals change nothing", () => {
    const run = begin({ a: task("z"), z: end });
    const { waitId } = run.work("a");
    run.send({ type: "cancel", reason: "not needed" });
    expect(run.finish).toMatchObject({ status: "cancelled", error: null });
    expect(run.status("a")).toBe("cancelled");
    expect(run.signal(waitId, { kind: "result", output: "late" })).toEqual([]);
    expect(run.send({ type: "cancel", reason: null })).toEqual([]);
  });

  it("a second start -> changes nothing", () => {
    const run = begin({ a: task("z"), z: end });
    expect(run.send({ type: "start" })).toEqual([]);
  });

  it("start from a node -> begins there with the variables as they are", () => {
    const run = new SimulatedRun(graph({ a: task("b"), b: task("z", { prompt: "{{r}}", saveAs: "s" }), z: end }));
    run.variables = { r: "kept" };
    run.send({ type: "start", fromNodeId: "b" });
    expect(run.work().prompt).toBe("kept");
  });

  it("start from a node with approval: sync -> asks first", () => {
    const run = new SimulatedRun(graph({ a: task("b"), b: task("z", { approval: "sync" }), z: { type: "end" } }));
    run.send({ type: "start", fromNodeId: "b" });
    expect(run.ask().nodeId).toBe("b.approval");
  });

  it("start from an unknown node -> failed, clearly", () => {
    const run = new SimulatedRun(graph({ z: end }));
    run.send({ type: "start", fromNodeId: "nowhere" });
    expect(run.finish.error).toMatchObject({ code: "not_found" });
  });

  it("a signal of the wrong kind for its wait -> is not consumed", () => {
    const run = begin({ a: task("z"), z: end });
    const { waitId } = run.work("a");
    for (const signal of [verdict("yes"), { kind: "timer" as const }]) expect(run.signal(waitId, signal)).toEqual([]);
    run.done("a", "ok");
    expect(run.finish.status).toBe("completed");
  });

  it("long chains stop at maxNodes and go on from there", () => {
    const nodes = Object.fromEntries(
      Array.from({ length: 500 }, (_, at) => [
        `n${at}`,
        { type: "branch", cond: "true", truthy: `n${at + 1}`, falsy: "z" },
      ]),
    );
    const definition = graph({ ...nodes, n500: { type: "end" }, z: { type: "end" } });
    const context = {
      now: 0,
      input: {},
      variables: {},
      run: { id: "", title: "", startedBy: "", workflow: "" },
      maxNodes: 50,
    };
    let result = transition(definition, emptyState(), { type: "start" }, context);
    let calls = 1;
    for (; result.more; calls++) result = transition(definition, result.state, { type: "continue" }, context);
    expect(result.state.status).toBe("completed");
    expect(calls).toBe(11);
  });

  it("a cycle counts its visits and keeps to maxVisits", () => {
    const run = begin({
      a: task("b", { maxVisits: 3 }),
      b: { type: "branch", cond: "r == done", truthy: "z", falsy: "a" },
      z: end,
    });
    for (const output of ["x", "y", "w"]) run.done("a", output);
    expect([...run.nodes.keys()]).toEqual(["a", "b", "a#2", "b#2", "a#3", "b#3", "a#4"]);
    expect(run.finish.error).toMatchObject({ code: "limit_reached" });
  });

  it("a definition that lost the node a token stands at -> the run fails, nothing throws", () => {
    const definition = graph({ a: task("z"), z: end });
    const run = new SimulatedRun(definition).start();
    const broken = { ...definition, nodes: {} };
    const context = { now: 0, input: {}, variables: {}, run: { id: "", title: "", startedBy: "", workflow: "" } };
    const { waitId } = run.work("a");
    const result = transition(
      broken,
      run.state,
      { type: "signal", waitId, signal: { kind: "result", output: 1 } },
      context,
    );
    expect(result.effects.at(-1)).toMatchObject({ kind: "finish", status: "failed" });
  });

  it("a task with approval: sync -> asks first, with what will run; denied -> fails", () => {
    const nodes = {
      a: task("z", { functionId: "tool::x", prompt: undefined, config: { v: "{{version}}" }, approval: "sync" }),
      z: { type: "end" },
    };
    const yes = begin(nodes, { version: "2" });
    expect(yes.ask()).toMatchObject({
      options: ["approve", "deny"],
      payload: { function: "tool::x", config: { v: "2" } },
    });
    yes.answered("a.approval", "approve");
    expect(yes.work("a").args).toEqual({ v: "2" });
    const no = begin(nodes, { version: "2" });
    no.answered("a.approval", "deny", { reason: "too late" });
    expect(no.finish).toMatchObject({
      status: "failed",
      error: { message: '"a" was not approved: denied by Ana too late' },
    });
  });
});
