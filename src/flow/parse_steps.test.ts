import { describe, expect, it } from "vitest";
import { STEPS } from "./notations_fixture.ts";
import { compile, SimulatedRun } from "./simulated_run.ts";

describe("the step notation", () => {
  it("compiles to the same graph", () => {
    const { nodes, startNodeId, aliases, agents } = compile(STEPS);
    expect(Object.keys(nodes)).toEqual(["spec", "build-it", "review", "end"]);
    expect(startNodeId).toBe("spec");
    expect(agents).toEqual(["architect", "coder"]);
    expect(aliases).toMatchObject({ Spec: "tech_spec", spec: "tech_spec", Review: "review_result" });
    expect(nodes.spec).toMatchObject({
      type: "task",
      saveAs: "tech_spec",
      next: "build-it",
      work: { agent: "architect" },
    });
    expect(nodes["build-it"]).toMatchObject({ retry: { max: 2 }, saveAs: "build_it", work: { agent: "coder" } });
    expect(nodes.review).toMatchObject({ type: "loop", until: "LGTM", maxIterations: 3 });
    expect(nodes.end).toMatchObject({ type: "end", result: "review_result" });
  });

  it("runs: each step in turn, names and outputs in the next prompts, a retry, a loop", () => {
    const run = new SimulatedRun(compile(STEPS), { feature: "login" }).start();
    expect(run.work().prompt).toBe("Design login");
    run.done("spec", "the spec");
    expect(run.work().prompt).toBe("Build the spec or the spec");
    run.failed("build-it");
    run.timer("build-it");
    run.done("build-it", "code");
    expect(run.work().prompt).toBe("Review code");
    run.done("review", "fix this");
    expect(run.work().prompt).toBe("Review code fix this");
    run.done("review", "LGTM");
    expect(run.finish).toMatchObject({ status: "completed", result: "LGTM" });
  });

  const steps = (text: string) => compile(`id: s\nsteps:\n${text}`);
  it("conditional -> runs when it holds, is passed over otherwise", () => {
    const source = `
  - { name: Check, functionId: "tool::health", outputVar: health }
  - { name: Fix, promptTemplate: fix, mode: conditional, condition: "{{health.status}} == 'critical'", outputVar: fixed }
  - { name: Note, promptTemplate: "note [{{fixed}}]" }`;
    const critical = new SimulatedRun(steps(source)).start();
    critical.done("check", '{"status":"critical"}');
    critical.done("fix", "done");
    expect(critical.work().prompt).toBe("note [done]");
    const fine = new SimulatedRun(steps(source)).start();
    fine.done("check", '{"status":"ok"}');
    expect(fine.work().prompt).toBe("note []");
  });

  it("a condition about a field that a text has not -> by errorMode", () => {
    const source = (mode: string) => `
  - { name: A, promptTemplate: a, outputVar: triage }
  - { name: B, promptTemplate: b, mode: conditional, condition: "triage.severity == P0", errorMode: ${mode} }
  - { name: C, promptTemplate: c }`;
    const skipped = new SimulatedRun(steps(source("skip"))).start();
    skipped.done("a", "words");
    expect(skipped.work().nodeId).toBe("c");
    const failed = new SimulatedRun(steps(source("fail"))).start();
    failed.done("a", "words");
    expect(failed.finish.error).toMatchObject({ code: "invalid_input" });
  });

  it("fanout over the previous list and collect in order; a failed item is skipped", () => {
    const source = `
  - { name: List, promptTemplate: list them }
  - { name: Each, promptTemplate: "look at {{item}}", mode: fanout, errorMode: skip, outputVar: found }
  - { name: Sum, promptTemplate: "sum {{found}} {{results}}", mode: collect }`;
    const run = new SimulatedRun(steps(source)).start();
    run.done("list", '["a","b"]');
    const [a, b] = run.waiting("startWork");
    expect([a!.prompt, b!.prompt]).toEqual(["look at a", "look at b"]);
    run.signal(b!.waitId, { kind: "result", output: "B" });
    const error = { code: "internal" as const, message: "no", remedy: null, retryable: false, field: null };
    run.signal(a!.waitId, { kind: "error", error });
    expect(run.work().prompt).toBe('sum [null,"B"] [null,"B"]');
  });

  it("errorMode skip, fail and ask", () => {
    const source = (mode: string) =>
      `\n  - { name: A, promptTemplate: a, errorMode: ${mode} }\n  - { name: B, promptTemplate: "b[{{A}}]" }`;
    const skip = new SimulatedRun(steps(source("skip"))).start();
    skip.failed("a");
    expect(skip.work().prompt).toBe("b[]");
    const fail = new SimulatedRun(steps(source("fail"))).start();
    fail.failed("a");
    expect(fail.finish.status).toBe("failed");
    const ask = new SimulatedRun(steps(source("ask"))).start();
    ask.failed("a");
    expect(ask.ask().options).toEqual(["retry", "skip", "abort"]);
  });

  it("approval: sync before a conditional step comes after its condition", () => {
    const run = new SimulatedRun(
      steps(`
  - { name: A, promptTemplate: a, outputVar: go }
  - { name: B, functionId: "tool::deploy", mode: conditional, condition: go, approval: sync }`),
    ).start();
    run.done("a", "go");
    expect(run.ask().nodeId).toBe("b.approval");
    run.answered("b.approval", "approve");
    expect(run.work().functionId).toBe("tool::deploy");
  });
});
