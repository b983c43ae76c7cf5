import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Known, NOTHING_KNOWN, type ParseResult, parseDefinition, problemLine } from "./parse.ts";
import { SimulatedRun } from "./simulated_run.ts";

const parse = (source: string, known: Known = NOTHING_KNOWN): ParseResult => parseDefinition(source, "w.yaml", known);
/** Every problem as a line. */
const problems = (source: string, known?: Known): string[] => {
  const parsed = parse(source, known);
  return parsed.ok ? [] : parsed.problems.map(problemLine);
};
const warnings = (source: string): string[] => parse(source).warnings.map(problemLine);
const compiled = (source: string, known?: Known) => {
  const parsed = parse(source, known);
  if (!parsed.ok) throw new Error(problems(source, known).join("\n"));
  return parsed.definition;
};

const GRAPH = `id: brief
startNodeId: research
sharedSession: { title: Brief }
nodes:
  research:
    type: task
    prompt: Read it
    saveAs: emails
    next: check
  check:
    type: approval
    question: "Send {{emails}}?"
    options: [yes, no]
    next: { yes: send, no: done }
  send:
    type: task
    prompt: "Compose {{emails}}"
    next: done
  done: { type: end, result: emails }
`;
const STEPS = `id: build
name: Feature Build
agents: [architect, coder]
steps:
  - name: Spec
    functionId: "agent::chat"
    promptTemplate: "Design {{feature}}"
    outputVar: tech_spec
  - name: Build It
    functionId: "agent::chat"
    promptTemplate: "Build {{tech_spec}} or {{Spec}}"
    agent: coder
    errorMode: retry
    maxRetries: 2
  - name: Review
    promptTemplate: "Review {{build_it}} {{review_result}}"
    mode: loop
    maxIterations: 3
    until: LGTM
    outputVar: review_result
`;

describe("the graph notation", () => {
  it("compiles with every default made explicit", () => {
    const definition = compiled(GRAPH);
    expect(definition).toMatchObject({
      format: 1,
      name: "brief",
      title: "brief",
      notation: "graph",
      startNodeId: "research",
      declares: ["check", "emails"],
    });
    expect(definition.nodes.research).toMatchObject({
      work: { functionId: "agent::chat", session: "shared", timeoutMs: 300_000, agent: null },
      retry: { max: 0, backoffMs: 1000 },
      onFailure: "fail",
      repeats: false,
    });
    expect(definition.nodes.check).toMatchObject({
      approvers: null,
      quorum: 1,
      tier: "low",
      saveAs: "check",
      expiresInMs: null,
    });
  });

  it("the same as JSON, also with tabs", () => {
    const yaml = compiled(GRAPH);
    const { notation: _, ...rest } = JSON.parse(JSON.stringify(yaml));
    expect(rest.nodes.check.next).toEqual({ yes: "send", no: "done" });
    const json = `{\n\t"id": "j",\n\t"startNodeId": "z",\n\t"nodes": {\n\t\t"z": {"type": "end"}\n\t}\n}`;
    expect(compiled(json).name).toBe("j");
  });

  it("JSON that is no YAML still compiles, and escapes mean what they mean in JSON", () => {
    const question = '\u{1f600} "q" \\ / \u2028';
    const nodes = {
      q: { type: "approval", question, options: ["yes"], payload: { ["k".repeat(2000)]: 1 }, next: { yes: "z" } },
      z: { type: "end" },
    };
    const text = JSON.stringify({ startNodeId: "q", nodes })
      .replace("\u{1f600}", "\\ud83d\\ude00")
      .replace(" / ", " \\/ ");
    expect(compiled(text).nodes.q).toMatchObject({ question });
  });

  it("is JSON-safe: what is stored is what was compiled", () => {
    const definition = compiled(STEPS);
    expect(JSON.parse(JSON.stringify(definition))).toEqual(definition);
  });

  it("takes its name from the file if it has none", () => {
    const parsed = parseDefinition("startNodeId: z\nnodes: { z: { type: end } }", "/some/where/tidy-up.yaml");
    expect(parsed.ok && parsed.definition.name).toBe("tidy-up");
  });

  it("approval with everything", () => {
    const source = `startNodeId: q
nodes:
  q:
    type: approval
    question: Pay?
    options: [approve, deny]
    approvers: ["person:ana", "role:release"]
    quorum: 2
    fourEyes: true
    tier: high
    channels: ["slack:#eng", sms]
    payload: { amount: "{{amount}}" }
    form: { type: object, properties: { amount: { type: number } } }
    reasonRequired: [deny]
    expiresInMs: 1000
    remindAfterMs: 500
    escalate: [{ afterMs: 100, to: ["role:oncall"], via: [sms] }]
    onFailure: ask
    next: { approve: z, deny: z, expired: z }
  z: { type: end }`;
    expect(compiled(source).nodes.q).toMatchObject({
      quorum: 2,
      fourEyes: true,
      tier: "high",
      failureApprovers: ["person:ana", "role:release"],
      escalate: [{ afterMs: 100, to: ["role:oncall"], via: ["sms"] }],
    });
  });
});

describe("the step notation", () => {
  it("compiles to the same graph", () => {
    const { nodes, startNodeId, aliases, agents } = compiled(STEPS);
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
    const run = new SimulatedRun(compiled(STEPS), { feature: "login" }).start();
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

  const steps = (text: string) => compiled(`id: s\nsteps:\n${text}`);
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

describe("every problem at once, each with file, line, column and remedy", () => {
  it("several in one file", () => {
    const found = problems(`id: bad
startNodeId: a
nodes:
  a:
    type: tsk
  b:
    type: approval
    question: hi {{
    options: [yes, stop]
    next: { yes: c, nope: b }
  c: { type: branch, cond: a = b, truthy: d }
`);
    expect(found).toEqual([
      'w.yaml:5:11 node "a": there is no node type "tsk" (did you mean "task"?)',
      expect.stringMatching(/^w\.yaml:8:15 node "b": \{\{ is not closed/),
      expect.stringMatching(/^w\.yaml:9:20 node "b": an option cannot be named "stop"/),
      expect.stringMatching(/^w\.yaml:10:21 node "b": next has "nope", which is no option/),
      expect.stringMatching(/^w\.yaml:11:6 node "c": falsy is missing/),
      expect.stringMatching(/^w\.yaml:11:28 node "c": "=" is not an operator/),
      expect.stringMatching(/^w\.yaml:11:43 node "c": there is no node "d"/),
    ]);
  });

  const node = (text: string, more = "") => `startNodeId: n\n${more}\nnodes:\n  n: ${text}\n  z: { type: end }\n`;
  it.each<[string, string, string]>([
    ["an unknown target", node("{ type: task, prompt: x, next: zz }"), 'there is no node "zz"'],
    ["an unknown start", "startNodeId: q\nnodes: { z: { type: end } }", 'there is no node "q"'],
    [
      "a missing option branch",
      node("{ type: approval, question: q, options: [yes, no], next: { yes: z } }"),
      'no branch for "no"',
    ],
    [
      "a missing expired branch",
      node("{ type: approval, question: q, options: [yes], expiresInMs: 5, next: { yes: z } }"),
      'no branch for "expired"',
    ],
    ["an unreachable node", node("{ type: end }"), 'node "z" cannot be reached'],
    ["a loop without a bound", node("{ type: branch, cond: x, truthy: n, falsy: z }"), "without a bound"],
    [
      "a loop step without a bound",
      "id: x\nsteps: [{ name: A, promptTemplate: a, mode: loop, until: x }]",
      "without a bound",
    ],
    ["an unknown field", node("{ type: task, promt: x, prompt: x, next: z }"), 'did you mean "prompt"?'],
    [
      "an unknown field of a step",
      "id: x\nsteps: [{ name: A, promptTemplat: a, promptTemplate: b }]",
      'did you mean "promptTemplate"?',
    ],
    ["an unknown top field", `nam: x\n${node("{ type: wait, forMs: 1, next: z }")}`, 'did you mean "name"?'],
    [
      "a variable that nothing sets, with inputs declared",
      node(
        "{ type: task, prompt: '{{versoin}}', next: z }",
        "inputs: { type: object, properties: { version: { type: string } } }",
      ),
      'did you mean "version"?',
    ],
    [
      "a variable in a condition",
      node(
        "{ type: branch, cond: nothing_here, truthy: z, falsy: z }",
        "inputs: { type: object, properties: { a: {} } }",
      ),
      'nothing sets the variable "nothing_here"',
    ],
    [
      "the result of an end",
      node("{ type: end, result: unset }", "inputs: { type: object, properties: { a: {} } }"),
      'nothing sets the variable "unset"',
    ],
    ["a template", node("{ type: task, prompt: '{{#if x}}', next: z }"), "is not closed"],
    ["a condition", node("{ type: branch, cond: x ==, truthy: z, falsy: z }"), "nothing stands to the right"],
    [
      "a carrier's word as option",
      node("{ type: approval, question: q, options: [yes, Cancel], next: { yes: z, Cancel: z } }"),
      "phone carriers",
    ],
    [
      "a command as option",
      node("{ type: approval, question: q, options: [yes, status], next: { yes: z, status: z } }"),
      "text command",
    ],
    [
      "a number as option",
      node("{ type: approval, question: q, options: [a, 1], next: { a: z, '1': z } }"),
      "number stands for",
    ],
    [
      "options of one meaning",
      node("{ type: approval, question: q, options: [yes, approve], next: { yes: z, approve: z } }"),
      "would mean both",
    ],
    [
      "options that differ in case only",
      node("{ type: approval, question: q, options: [go, GO], next: { go: z, GO: z } }"),
      "would mean both",
    ],
    [
      "a person who is a variable",
      node("{ type: approval, question: q, options: [yes], approvers: ['person:{{x}}'], next: { yes: z } }"),
      "cannot name who decides",
    ],
    [
      "a schedule without approvers",
      node("{ type: approval, question: q, options: [yes], next: { yes: z } }", 'schedule: { cron: "0 7 * * *" }'),
      "nobody to ask",
    ],
    [
      "a schedule that asks about failures",
      node("{ type: task, prompt: x, onFailure: ask, next: z }", 'schedule: { cron: "0 7 * * *" }'),
      "nobody to ask",
    ],
    [
      "a cron expression",
      node("{ type: wait, forMs: 1, next: z }", "schedule: { cron: often }"),
      "is not a cron expression",
    ],
    [
      "a time zone",
      node("{ type: wait, forMs: 1, next: z }", 'schedule: { cron: "0 7 * * *", timeZone: Nowhere/City }'),
      "time zone",
    ],
    [
      "a schedule whose input does not fit",
      node(
        "{ type: wait, forMs: 1, next: z }",
        'inputs: { type: object, required: [a] }\nschedule: { cron: "0 7 * * *" }',
      ),
      "input.a is missing",
    ],
    [
      "four eyes with one pair",
      node("{ type: approval, question: q, options: [yes], fourEyes: true, next: { yes: z } }"),
      "add approvers",
    ],
    [
      "a quorum of more than there are",
      node("{ type: approval, question: q, options: [yes], quorum: 2, approvers: ['person:ana'], next: { yes: z } }"),
      "fewer than 2",
    ],
    [
      "a schema's keyword",
      node("{ type: wait, forMs: 1, next: z }", "inputs: { version: { type: string } }"),
      'put "version" below properties',
    ],
    ["a duration", node("{ type: wait, forMs: soon, next: z }"), "whole number of milliseconds"],
    ["a place", node("{ type: wait, forMs: 1, next: z }", "notify: [eng]"), "is not a place"],
    ["a variable's name", node("{ type: task, prompt: x, saveAs: 'a b', next: z }"), "cannot be a variable's name"],
    ["a variable that is always there", node("{ type: task, prompt: x, saveAs: input, next: z }"), "cannot be set"],
    ["a node's id", "startNodeId: z\nnodes: { z: { type: end }, __proto__: { type: end } }", "cannot be a node's id"],
    ["collect without fanout", "id: x\nsteps: [{ name: A, promptTemplate: a, mode: collect }]", "no fanout before"],
    ["until outside of a loop", "id: x\nsteps: [{ name: A, promptTemplate: a, until: x }]", "only means something"],
    [
      "two steps of one name",
      "id: x\nsteps: [{ name: A, promptTemplate: a }, { name: a, promptTemplate: a }]",
      "two steps named",
    ],
    ["both notations", "startNodeId: z\nnodes: { z: { type: end } }\nsteps: []", "both nodes and steps"],
    ["no notation", "id: x", "neither nodes nor steps"],
    [
      "a branch entered from outside",
      "startNodeId: w\nnodes:\n  w: { type: branch, cond: x, truthy: p, falsy: b }\n  p: { type: parallel, branches: [a, b], next: z }\n  a: { type: wait, forMs: 1, next: z }\n  b: { type: wait, forMs: 1, next: z }\n  z: { type: end }",
      "inside a branch",
    ],
    [
      "a branch that leaves without joining",
      "startNodeId: p\nnodes:\n  p: { type: parallel, branches: [q, a], next: z }\n  q: { type: parallel, branches: [b, c], next: y }\n  a: { type: wait, forMs: 1, next: z }\n  b: { type: wait, forMs: 1, next: z }\n  c: { type: wait, forMs: 1, next: y }\n  y: { type: wait, forMs: 1, next: z }\n  z: { type: end }",
      "without passing its own join",
    ],
    [
      "a branch that leads back to its block",
      "startNodeId: p\nnodes:\n  p: { type: parallel, branches: [a], next: z }\n  a: { type: wait, forMs: 1, next: p }\n  z: { type: end }",
      "leads back to it",
    ],
    ["a duplicate key", "startNodeId: z\nnodes: { z: { type: end }, z: { type: end } }", "stands here twice"],
    ["broken YAML", "startNodeId: [a\nnodes: }", "correct the YAML"],
    ["an alias", "startNodeId: z\nnodes: { z: &a { type: end }, y: *a }", "anchors and aliases"],
    ["an empty file", "", "empty"],
    ["a list", "- a", "must be a map"],
  ])("%s", (_, source, says) => {
    const found = problems(source);
    expect(found.join("\n")).toContain(says);
    for (const line of found) expect(line).toMatch(/^w\.yaml:\d+:\d+ .+ \(.+\)$/s);
  });

  it.each<[string, string, Partial<Known>, string]>([
    [
      "function",
      "{ type: task, functionId: 'tool::helth', next: z }",
      { functions: { "agent::chat": {}, "tool::health": {} } },
      'did you mean "tool::health"?',
    ],
    [
      "function that needs approval",
      "{ type: task, functionId: 'tool::shell_exec', next: z }",
      { functions: { "tool::shell_exec": { needsApproval: true } } },
      "never runs without approval",
    ],
    ["role", "{ type: task, prompt: x, agent: codr, next: z }", { roles: ["coder"] }, 'did you mean "coder"?'],
    [
      "sandbox this machine lacks",
      "{ type: task, prompt: x, sandbox: docker, next: z }",
      { sandboxes: ["bubblewrap"] },
      "this machine has no docker",
    ],
    ["workflow", "{ type: run, workflow: deplo, next: z }", { workflows: ["deploy"] }, 'did you mean "deploy"?'],
  ])("an unknown %s", (_, text, known, says) => {
    expect(problems(node(text), { ...NOTHING_KNOWN, ...known }).join()).toContain(says);
  });

  it("a hook starts it: approvals need approvers", () => {
    const source = node("{ type: approval, question: q, options: [yes], next: { yes: z } }");
    expect(problems(source)).toEqual([]);
    expect(problems(source, { ...NOTHING_KNOWN, unattended: true }).join()).toContain("nobody to ask");
  });

  it("cycles that pass a wait or a question, or that are bounded, are fine", () => {
    expect(
      problems(node("{ type: wait, forMs: 5, next: b }\n  b: { type: branch, cond: x, truthy: n, falsy: z }")),
    ).toEqual([]);
    expect(
      problems(
        node("{ type: task, prompt: x, maxVisits: 3, next: b }\n  b: { type: branch, cond: x, truthy: n, falsy: z }"),
      ),
    ).toEqual([]);
  });

  it("what is only doubtful is a warning", () => {
    expect(warnings(node("{ type: task, prompt: '{{emial}} {{whatever}}', saveAs: email, next: z }")).join()).toContain(
      'did you mean "email"?',
    );
    expect(warnings(node("{ type: wait, forMs: 1, next: n }").replace("  z: { type: end }\n", "")).join()).toContain(
      "no end can be reached",
    );
    expect(
      warnings(
        node(
          "{ type: task, prompt: x, saveAs: word, next: b }\n  b: { type: branch, cond: word == word, truthy: z, falsy: z }",
        ),
      ).join(),
    ).toContain("is text");
  });
});

describe("the built-in workflows", () => {
  const sources = import.meta.glob<string>("../../workflows/*.yaml", { query: "?raw", import: "default", eager: true });
  const files = Object.keys(sources).map((path) => path.replace(/^.*\//, ""));
  const load = (file: string) => compiled(sources[`../../workflows/${file}`]!);

  it.each(files)("%s is valid, without warnings, and named like its file", (file) => {
    const parsed = parseDefinition(sources[`../../workflows/${file}`]!, file);
    expect(parsed.ok ? [] : parsed.problems.map(problemLine)).toEqual([]);
    expect(parsed.warnings).toEqual([]);
    expect(parsed.ok && parsed.definition.name).toBe(file.replace(/\..*$/, ""));
  });

  it("deploy: built, asked, settled, tested, live", () => {
    const run = new SimulatedRun(load("deploy.yaml"), { version: "1.2", environment: "staging" }).start();
    run.done("build", "built fine");
    expect(run.ask()).toMatchObject({
      question: "Ship version 1.2 to staging?",
      payload: { version: "1.2", environment: "staging", build: "built fine" },
    });
    run.answered("ship", "yes");
    run.timer("settle");
    run.done("smoke", "all good");
    expect(run.finish).toMatchObject({
      status: "completed",
      nodeId: "shipped",
      result: "Version 1.2 is live on staging. all good",
    });
  });
  it.each([
    ["no", { by: "Ana", reason: "freeze" }, "Version 1.2 was not shipped to staging (no by Ana: freeze)."],
    ["expired", { by: null }, "Version 1.2 was not shipped to staging: nobody answered in time."],
  ])("deploy, %s -> not shipped", (option, more, result) => {
    const run = new SimulatedRun(load("deploy.yaml"), { version: "1.2", environment: "staging" }).start();
    run.done("build", "ok");
    run.answered("ship", option, more);
    expect(run.finish).toMatchObject({ status: "completed", nodeId: "kept", result });
  });
  it("deploy, a broken build -> failed, with what was said", () => {
    const run = new SimulatedRun(load("deploy.yaml"), { version: "1.2", environment: "staging" }).start();
    run.done("build", "FAILED: no compiler");
    expect(run.finish).toMatchObject({
      status: "failed",
      error: { message: "Version 1.2 is not healthy. FAILED: no compiler" },
    });
  });
  it("morning-brief: yes -> a brief; no -> nothing", () => {
    const yes = new SimulatedRun(load("morning-brief.yaml")).start();
    yes.done("research", "three mails");
    yes.answered("check", "yes");
    yes.done("compose", "short");
    expect(yes.finish).toMatchObject({ result: "short", nodeId: "done" });
    const no = new SimulatedRun(load("morning-brief.yaml")).start();
    no.done("research", "three mails");
    no.answered("check", "no");
    expect(no.finish).toMatchObject({ status: "completed", result: null, outputs: [] });
  });
});

describe("whatever the text", () => {
  it("random text is refused or compiled, never more", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => void expect(parse(text).ok).toBeTypeOf("boolean")),
      { numRuns: 300 },
    );
  });

  it("a valid file with pieces cut, doubled or swapped is refused with places or compiles", () => {
    const pieces = `${GRAPH}${STEPS}`.split(/(?<=[\s:,{}[\]"])/);
    const damage = fc.array(
      fc.tuple(
        fc.nat(pieces.length),
        fc.constantFrom(
          "cut",
          "double",
          "swap",
          "[",
          "{",
          "*a",
          "&a ",
          "? ",
          "- ",
          ": ",
          '"',
          "|",
          "\t",
          "__proto__: ",
          "!!binary x",
          "1e999",
        ),
      ),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(fc.constantFrom(GRAPH, STEPS), damage, (source, changes) => {
        const parts = source.split(/(?<=[\s:,{}[\]"])/);
        for (const [at, what] of changes) {
          const place = at % parts.length;
          if (what === "cut") parts.splice(place, 1);
          else if (what === "double") parts.splice(place, 0, parts[place] ?? "");
          else if (what === "swap") [parts[place], parts[0]] = [parts[0] ?? "", parts[place] ?? ""];
          else parts.splice(place, 0, what);
        }
        const parsed = parse(parts.join(""));
        if (parsed.ok) {
          // What compiles runs, to its first wait or its end, without an exception.
          new SimulatedRun(parsed.definition, {}).start();
          return;
        }
        expect(parsed.problems.length).toBeGreaterThan(0);
        for (const { line, column, message, remedy } of parsed.problems) {
          expect(line >= 1 && column >= 1 && message !== "" && remedy !== "").toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("any JSON value is refused or compiled", () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4 }),
        (value) => void expect(parse(JSON.stringify(value)).ok).toBeTypeOf("boolean"),
      ),
      { numRuns: 200 },
    );
  });

  it("deep nesting and long files are refused quickly", () => {
    for (const text of [
      "[".repeat(50_000),
      "{a: ".repeat(20_000),
      "- ".repeat(50_000),
      `"${"x".repeat(300_000)}`,
      "a:\n".repeat(50_000),
      "? ".repeat(20_000),
    ]) {
      expect(parse(text).ok).toBe(false);
    }
  });
});
