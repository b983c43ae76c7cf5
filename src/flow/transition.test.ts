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

describe("wait, branch, event, run", () => {
  it("wait -> a timer at its time, then on", () => {
    const run = begin({ w: { type: "wait", forMs: 3 * 24 * 3600 * 1000, next: "z" }, z: { type: "end" } });
    expect(run.waiting("setTimer")[0]?.at).toBe(run.now + 259_200_000);
    run.timer("w");
    expect(run.finish.status).toBe("completed");
  });

  it.each([
    ["all well", "t"],
    ["FAILED: disk", "f"],
  ])("branch on %s -> %s", (output, node) => {
    const run = begin({
      a: task("b"),
      b: { type: "branch", cond: "r not_contains FAILED", truthy: "t", falsy: "f" },
      t: { type: "end" },
      f: { type: "end" },
    });
    run.done("a", output);
    expect(run.finish.nodeId).toBe(node);
  });

  it("a branch that fails with onFailure skip -> the falsy way", () => {
    const run = begin({
      a: task("b"),
      b: { type: "branch", cond: "r.severity == P0", truthy: "t", falsy: "f", onFailure: "skip" },
      t: { type: "end" },
      f: { type: "end" },
    });
    run.done("a", "text");
    expect(run.finish.nodeId).toBe("f");
    expect(run.status("b")).toBe("skipped");
  });

  const event = {
    e: {
      type: "event",
      name: "merged",
      key: "{{pr}}",
      timeoutMs: 1000,
      saveAs: "p",
      next: { received: "z", expired: "x" },
    },
    z: { type: "end", result: "p" },
    x: { type: "end" },
  };
  it("event -> subscribes with its key, and has a timer beside it; the event closes both", () => {
    const run = begin(event, { pr: 7 });
    expect(run.waiting("awaitEvent")[0]).toMatchObject({ name: "merged", key: "7" });
    const { waitId } = run.waiting("setTimer")[0]!;
    const effects = run.signal(waitId, { kind: "event", payload: { sha: "abc" } });
    expect(effects[0]).toMatchObject({ kind: "closeWait", waitId, wait: "event" });
    expect(run.finish.result).toEqual({ sha: "abc" });
    expect(run.signal(waitId, { kind: "timer" })).toEqual([]);
  });

  it("event, time runs out -> expired", () => {
    const run = begin(event, { pr: 7 });
    run.timer("e");
    expect(run.finish.nodeId).toBe("x");
  });

  it("run -> a child with its input; its result comes back", () => {
    const run = begin(
      { c: { type: "run", workflow: "other", input: { v: "{{version}}" }, saveAs: "r", next: "z" }, z: end },
      { version: "1" },
    );
    const [child] = run.waiting("startRun");
    expect(child).toMatchObject({ workflow: "other", input: { v: "1" } });
    run.signal(child!.waitId, { kind: "child", status: "completed", result: [1], error: null });
    expect(run.finish.result).toEqual([1]);
  });

  it("run, the child fails -> the node fails with its error", () => {
    const run = begin({ c: { type: "run", workflow: "other", next: "z" }, z: { type: "end" } });
    run.signal(run.waiting("startRun")[0]!.waitId, { kind: "child", status: "failed", result: null, error: "boom" });
    expect(run.finish.error?.message).toContain("boom");
  });
});

describe("parallel", () => {
  const ask = (next: string) => ({
    type: "approval",
    question: "ok?",
    options: ["yes", "no"],
    next: { yes: next, no: next },
  });
  const nodes = {
    p: { type: "parallel", branches: ["a", "b"], next: "j" },
    a: ask("j"),
    b: ask("j"),
    j: task("z"),
    z: { type: "end" },
  };

  it("both questions open at once; answering B never touches A", () => {
    const run = begin(nodes);
    const a = run.ask("a");
    const effects = run.answered("b", "yes");
    expect(effects.some((effect) => "waitId" in effect && effect.waitId === a.waitId)).toBe(false);
    expect(run.ask("a")).toEqual(a);
    expect(run.status("p")).toBe("running");
  });

  it.each([
    ["a", "b"],
    ["b", "a"],
  ])("%s then %s -> joined once", (first, second) => {
    const run = begin(nodes);
    run.answered(first, "yes");
    expect(run.waiting("startWork")).toEqual([]);
    run.answered(second, "no");
    expect(run.waiting("startWork")).toHaveLength(1);
    expect(run.status("p")).toBe("completed");
  });

  it("a branch that leads straight to the join counts as arrived", () => {
    const run = begin({ ...nodes, p: { type: "parallel", branches: ["a", "j"], next: "j" }, b: undefined });
    run.answered("a", "yes");
    expect(run.work("j").nodeId).toBe("j");
  });

  it("nested blocks that join at the same place -> joined in order", () => {
    const run = begin({
      p: { type: "parallel", branches: ["a", "q"], next: "j" },
      a: ask("j"),
      q: { type: "parallel", branches: ["b", "c"], next: "j" },
      b: ask("j"),
      c: ask("j"),
      j: { type: "end", result: "{{a.option}}{{b.option}}{{c.option}}" },
    });
    run.answered("b", "yes");
    run.answered("a", "yes");
    run.answered("c", "no");
    expect(run.finish.result).toBe("yesyesno");
    expect(run.status("q")).toBe("completed");
  });

  it("branches that share a node -> it is shown once for each visit", () => {
    const run = begin({
      p: { type: "parallel", branches: ["a", "b"], next: "z" },
      a: { type: "branch", cond: "true", truthy: "c", falsy: "z" },
      b: { type: "branch", cond: "true", truthy: "c", falsy: "z" },
      c: ask("z"),
      z: { type: "end" },
    });
    expect(run.waiting("ask")).toHaveLength(2);
    expect([...run.nodes.keys()]).toEqual(["p", "a", "c", "b", "c#2"]);
  });

  it("a branch that ends the run -> the other branch's question is closed", () => {
    const run = begin({
      ...nodes,
      b: { type: "approval", question: "ok?", options: ["yes", "no"], next: { yes: "j", no: "stop" } },
      stop: { type: "end" },
    });
    const { waitId } = run.ask("a");
    const effects = run.answered("b", "no");
    expect(effects).toContainEqual({ kind: "closeWait", waitId, wait: "approval", reason: "the run ended" });
    expect(effects.at(-1)).toMatchObject({ kind: "finish", status: "completed", nodeId: "stop" });
    expect(run.status("a")).toBe("cancelled");
    expect(run.status("p")).toBe("cancelled");
  });

  it("a question that is closed in the call that would ask it -> nobody is asked", () => {
    const run = begin({ ...nodes, b: { type: "end" } });
    expect(run.effects.some(({ kind }) => kind === "ask" || kind === "closeWait")).toBe(false);
    expect(run.finish.status).toBe("completed");
  });

  it("a branch fails -> the run fails and the other branch is closed", () => {
    const run = begin({ ...nodes, b: task("j") });
    run.failed("b");
    expect(run.finish.status).toBe("failed");
    expect(run.waiting("ask")).toEqual([]);
  });
});

describe("loop and fanout", () => {
  const loop = {
    l: {
      type: "loop",
      prompt: "{{#if iteration > 0}}again {{output}} {{iteration}}/{{maxIterations}}{{else}}first{{/if}}",
      until: "LGTM",
      maxIterations: 3,
      saveAs: "r",
      next: "z",
    },
    z: end,
  };
  it("loop -> again with the previous output until the word comes", () => {
    const run = begin(loop);
    expect(run.work("l")).toMatchObject({ prompt: "first", key: "l/1/0" });
    run.done("l", "notLGTMyet");
    expect(run.work("l")).toMatchObject({ prompt: "again notLGTMyet 1/3", key: "l/1/1" });
    run.done("l", "fine. LGTM!");
    expect(run.finish.result).toBe("fine. LGTM!");
  });

  it("loop at its bound -> goes on", () => {
    const run = begin(loop);
    for (const output of ["a", "b", "c"]) run.done("l", output);
    expect(run.finish).toMatchObject({ status: "completed", result: "c" });
  });

  it("until as an expression over the output's fields; a field that is not there is not enough", () => {
    const run = begin({ l: { ...loop.l, until: "quality_score > 0.9" }, z: end });
    run.done("l", "plain words");
    run.done("l", '{"quality_score": 0.5, "feedback": "too short"}');
    run.done("l", '{"quality_score": "0.95"}');
    expect(run.finish.result).toEqual({ quality_score: "0.95" });
  });

  it("loop, an attempt fails -> retried in its round", () => {
    const run = begin({ l: { ...loop.l, retries: 1 }, z: end });
    run.done("l", "one");
    run.failed("l");
    run.timer("l");
    expect(run.work("l")).toMatchObject({ key: "l/1/1", attempt: 2, prompt: "again one 1/3" });
    run.done("l", "LGTM");
    expect(run.finish.status).toBe("completed");
  });

  const fan = (more: object = {}) => ({
    f: { type: "fanout", prompt: "{{index}}:{{item}}", over: "list", concurrency: 2, saveAs: "r", next: "z", ...more },
    z: end,
  });
  const list = { list: ["x", "y", "z"] };
  it("fanout -> at most so many at once, outputs in the list's order whatever the order of results", () => {
    const run = begin(fan(), list);
    const [first, second] = run.waiting("startWork");
    expect([first!.prompt, second!.prompt]).toEqual(["0:x", "1:y"]);
    expect(run.waiting("startWork")).toHaveLength(2);
    run.signal(second!.waitId, { kind: "result", output: "Y" });
    const third = run.waiting("startWork")[1]!;
    expect(third.prompt).toBe("2:z");
    run.signal(third.waitId, { kind: "result", output: "Z" });
    run.signal(first!.waitId, { kind: "result", output: '{"x":1}' });
    expect(run.finish.result).toEqual([{ x: 1 }, "Y", "Z"]);
    expect(Object.keys(run.variables)).toEqual(["r"]);
  });

  it("fanout over nothing -> an empty list", () => {
    expect(begin(fan(), { list: [] }).finish.result).toEqual([]);
  });

  it("fanout over a text -> the node fails", () => {
    expect(begin(fan(), { list: "x, y" }).finish.error).toMatchObject({ code: "invalid_input", field: "list" });
  });

  it("an item fails, onItemFailure skip -> null in its place", () => {
    const run = begin(fan({ onItemFailure: "skip" }), list);
    const error = { code: "internal" as const, message: "no", remedy: null, retryable: false, field: null };
    run.signal(run.waiting("startWork")[0]!.waitId, { kind: "error", error });
    while (run.waiting("startWork").length > 0)
      run.signal(run.waiting("startWork")[0]!.waitId, { kind: "result", output: "ok" });
    expect(run.finish.result).toEqual([null, "ok", "ok"]);
  });

  it("an item fails for good -> the others are retired and the fanout fails", () => {
    const run = begin(fan(), list);
    const error = { code: "internal" as const, message: "no", remedy: null, retryable: false, field: null };
    run.signal(run.waiting("startWork")[1]!.waitId, { kind: "error", error });
    expect(run.finish).toMatchObject({ status: "failed", nodeId: "f", error: { message: "item 2 of 3: no" } });
  });

  it("an item fails with retries and onFailure ask -> it is retried, then the whole fanout is asked about and done anew", () => {
    const run = begin(fan({ retries: 1, onFailure: "ask" }), list);
    const error = { code: "internal" as const, message: "no", remedy: null, retryable: false, field: null };
    run.signal(run.waiting("startWork")[0]!.waitId, { kind: "error", error });
    run.timer("f");
    const again = run.waiting("startWork").find(({ attempt }) => attempt === 2)!;
    expect(again.key).toBe("f/1/0");
    run.signal(again.waitId, { kind: "error", error });
    expect(run.waiting("startWork")).toEqual([]);
    run.answered("f", "retry");
    expect(run.waiting("startWork").map(({ prompt }) => prompt)).toEqual(["0:x", "1:y"]);
    while (run.waiting("startWork").length > 0)
      run.signal(run.waiting("startWork")[0]!.waitId, { kind: "result", output: "ok" });
    expect(run.finish.result).toEqual(["ok", "ok", "ok"]);
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
