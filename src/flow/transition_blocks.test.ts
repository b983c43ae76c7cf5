/** The other node types: waiting, choosing, several tokens at once, rounds of one. */
import { describe, expect, it } from "vitest";
import { compile, SimulatedRun } from "./simulated_run.ts";

const graph = (nodes: object, more: object = {}) =>
  compile({ id: "test", startNodeId: Object.keys(nodes)[0], nodes, ...more });
const begin = (nodes: object, input: Record<string, string | number | string[]> = {}, more: object = {}) =>
  new SimulatedRun(graph(nodes, more), input).start();
const end = { type: "end", result: "r" };
const task = (next: string, more: object = {}) => ({ type: "task", prompt: "do it", saveAs: "r", next, ...more });

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
