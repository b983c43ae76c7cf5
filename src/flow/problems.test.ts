import { describe, expect, it } from "vitest";
import { problemLine } from "../contract/problem.ts";
import { type Known, NOTHING_KNOWN, parseDefinition } from "./parse.ts";
import { node, parse, problems, warnings } from "./problems.test-support.ts";

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
      expect.stringMatching(/^w\.yaml:5:5 node "a": prompt is missing/),
      expect.stringMatching(/^w\.yaml:5:5 node "a": next is missing/),
      'w.yaml:5:11 node "a": there is no node type "tsk" (did you mean "task"?)',
      expect.stringMatching(/^w\.yaml:8:15 node "b": \{\{ is not closed/),
      expect.stringMatching(/^w\.yaml:9:20 node "b": an option cannot be named "stop"/),
      expect.stringMatching(/^w\.yaml:10:21 node "b": next has "nope", which is no option/),
      expect.stringMatching(/^w\.yaml:11:6 node "c": falsy is missing/),
      expect.stringMatching(/^w\.yaml:11:28 node "c": "=" is not an operator/),
      expect.stringMatching(/^w\.yaml:11:43 node "c": there is no node "d"/),
    ]);
  });

  const said = (source: string) => problems(source).map((line) => line.replace(/^w\.yaml:\d+:\d+ /, ""));

  it("a wrong type hides nothing: that node is checked as what was meant", () => {
    expect(
      said(`startNodeId: a
inputs: { type: object, properties: { v: { type: string } } }
nodes:
  a: { type: tsk, prompt: "{{x}}", retries: many, saveAs: got, next: nowhere }
  b: { type: question, question: "{{got}}?", options: [yes], next: { no: c } }
  c: { type: end }`),
    ).toEqual([
      'node "a": there is no node type "tsk" (did you mean "task"?)',
      expect.stringMatching(/^node "a": nothing sets the variable "x"/),
      expect.stringMatching(/^node "a": retries must be a whole number/),
      expect.stringMatching(/^node "a": there is no node "nowhere"/),
      'node "b": there is no node type "question" (did you mean "approval"?)',
      expect.stringMatching(/^node "b": next has no branch for "yes"/),
      expect.stringMatching(/^node "b": next has "no", which is no option/),
    ]);
  });

  it("a type that cannot be guessed: where the node leads and what it reads is checked; what it sets is there", () => {
    expect(
      said(`startNodeId: a
inputs: { type: object, properties: { v: { type: string } } }
nodes:
  a: { type: http, url: "https://{{host}}/{{v}}", saveAs: page, next: { ok: b, failed: nowhere } }
  b: { type: task, prompt: "{{page}} {{a}}", next: c }
  c: { type: end }
  d: { type: end }`),
    ).toEqual([
      expect.stringMatching(/^node "a": there is no node type "http" \(write type: with one of task, /),
      expect.stringMatching(/^node "a": nothing sets the variable "host"/),
      expect.stringMatching(/^node "a": there is no node "nowhere"/),
    ]);
  });

  it("other mistakes do not hide that a node cannot be reached or that a loop has no bound", () => {
    expect(
      said(`startNodeId: a
nodes:
  a: { type: wait, forMs: -4, next: b }
  b: { type: branch, cond: "x =", truthy: b, falsy: c }
  c: { type: end }
  d: { type: task, next: c }`),
    ).toEqual([
      expect.stringMatching(/^node "a": forMs must be a whole number of milliseconds/),
      expect.stringMatching(/^node "b" leads back to itself without a bound/),
      expect.stringMatching(/^node "b": did not expect "=" here/),
      expect.stringMatching(/^node "d" cannot be reached/),
      expect.stringMatching(/^node "d": prompt is missing/),
    ]);
  });

  it("a step of a mistyped mode is checked as what was meant", () => {
    expect(
      said("id: x\nsteps: [{ name: A, mode: lop, until: DONE, maxIterations: 3, promptTemplate: a, errorMode: skp }]"),
    ).toEqual([
      'step "A": mode cannot be "lop" (did you mean "loop"?)',
      'step "A": errorMode cannot be "skp" (did you mean "skip"?)',
    ]);
  });

  const read = (source: string, file: string) => {
    const parsed = parseDefinition(source, file);
    return parsed.ok ? [] : parsed.problems.map(problemLine);
  };

  it("a broken JSON file is told by what JSON allows, with its line and column", () => {
    expect(read('{\n  "id": "x"\n  "startNodeId": "z"\n}', "w.json")).toEqual([
      'w.json:3:3 as JSON: expected "," or "}" after the value, found "startNodeId" (put a comma between two values, and close every bracket)',
    ]);
    // YAML would take the first; the second begins like JSON under another name.
    expect(read('{"name":"x", "startNodeId": }', "w.json")).toEqual([
      'w.json:1:29 as JSON: "startNodeId" has no value here, found "}" (write one, or null)',
    ]);
    expect(read('{"id": "x",\n "nodes": {"z" {}}}', "w.yaml")).toEqual([
      'w.yaml:2:16 as JSON: expected ":" after "z", found "{" (write "z": value)',
    ]);
  });

  it("YAML in braces stays YAML, and an empty file is empty under any name", () => {
    expect(parse("{ id: x, startNodeId: z, nodes: { z: { type: end, }, }, }").ok).toBe(true);
    expect(parse('{ "id": "x", startNodeId: z, nodes: { z: { type: end } } }').ok).toBe(true);
    expect(read("{ id: x, nodes: [ }", "w.yaml").join()).toContain("correct the YAML here");
    expect(read(" \n", "w.json").join()).toContain("the file is empty");
  });

  it.each<[string, string, string]>([
    ["an unknown target", node("{ type: task, prompt: x, next: zz }"), 'there is no node "zz"'],
    [
      "an option that leads nowhere",
      node('{ type: approval, question: q, options: [yes, no], next: { yes: z, no: "" } }'),
      "next.no must name a node",
    ],
    [
      "a free text that leads nowhere",
      node('{ type: approval, question: q, freeText: true, next: "" }'),
      "next must name a node",
    ],
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
    [
      "shape of a command: a line for a shell",
      "{ type: task, functionId: 'tool::shell_exec', config: { command: npm test }, sandbox: docker, next: z }",
      { functions: { "tool::shell_exec": { needsSandbox: true } }, sandboxes: ["docker"] },
      "command is not a list of a program and its arguments (write config: { command: [npm, test] })",
    ],
    [
      "command",
      "{ type: task, functionId: 'tool::shell_exec', config: { run: x }, sandbox: docker, next: z }",
      { functions: { "tool::shell_exec": { needsSandbox: true } }, sandboxes: ["docker"] },
      "it names no command",
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
