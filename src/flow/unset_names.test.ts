import { describe, expect, it } from "vitest";
import { node, problems, warnings } from "./problems.test-support.ts";

describe("a name that nothing sets", () => {
  const said = (lines: string[]) => lines.map((line) => line.replace(/^w\.yaml:/, ""));
  const file = (head: string) => `startNodeId: a
${head}
nodes:
  a: { type: task, prompt: "{{topic}}", next: waited }
  waited: { type: wait, forMs: 1, next: b }
  b: { type: branch, cond: ready, truthy: c, falsy: done }
  c: { type: fanout, prompt: "{{item}} {{topic}} {{n}}", over: list, saveAs: q, next: d }
  d: { type: run, workflow: other, input: { a: "{{a}}", c: "{{c}}" }, next: done }
  done: { type: end, result: waited }`;

  it("is a warning where no inputs are declared, once for each that may be an input", () => {
    const unless = "the run fails here unless its input has it";
    const remedy = "set it with saveAs or outputVar; if it is an input, declare it under inputs";
    const may = "If it is an input, declare it under inputs";
    expect(said(warnings(file("")))).toEqual([
      `4:28 node "a": nothing sets the variable "topic"; ${unless} (${remedy})`,
      `6:28 node "b": nothing sets the variable "ready"; ${unless} (${remedy})`,
      `7:30 node "c": nothing sets the variable "n"; ${unless} (${remedy})`,
      `7:64 node "c": nothing sets the variable "list"; ${unless} (${remedy})`,
      `8:48 node "d": nothing sets the variable "a" (add saveAs: a to node "a". ${may})`,
      `8:60 node "d": nothing sets the variable "c" (the output of node "c" is "q". ${may})`,
      `9:30 node "done": nothing sets the variable "waited" (node "waited" has no output; name a variable. ${may})`,
    ]);
  });

  it("is none of what the file's own schedule or hook gives", () => {
    const head =
      'schedule: { cron: "0 7 * * *", input: { topic: x, n: 1 } }\nhook: { name: h, input: { ready: "1", list: [] } }';
    expect(said(warnings(file(head))).map((line) => /variable "(\w+)"/.exec(line)?.[1])).toEqual(["a", "c", "waited"]);
  });

  it("is an error where the inputs are declared, also that there are none", () => {
    const closed = problems(file("inputs: { type: object, additionalProperties: false }"));
    expect(said(closed).map((line) => /variable "(\w+)"/.exec(line)?.[1])).toEqual([
      "topic",
      "ready",
      "topic",
      "n",
      "list",
      "a",
      "c",
      "waited",
    ]);
  });

  it("is left alone where the schema lets any in", () => {
    const open = warnings(file("inputs: { type: object, additionalProperties: true }"));
    expect(said(open).map((line) => /variable "(\w+)"/.exec(line)?.[1])).toEqual(["a", "c", "waited"]);
  });

  it("is doubted as a field of an answer and of the run, whose fields are known", () => {
    const file = (prompt: string) =>
      node(
        `{ type: approval, question: q, options: [yes], next: { yes: t } }\n  t: { type: task, prompt: "${prompt}", saveAs: a, next: z }`,
      );
    expect(warnings(file("{{n.reason}} {{n.fields.amount}} {{run.title}} {{n}} {{a.anything}}"))).toEqual([]);
    expect(warnings(file("{{n.reasn}} {{run.starter}}"))).toEqual([
      'w.yaml:5:28 node "t": "n" has no field "reasn" (did you mean "n.reason"?)',
      'w.yaml:5:28 node "t": "run" has no field "starter" (it has id, title, startedBy, workflow)',
    ]);
  });

  it("may be a field of the output in until, unless it looks like a slip", () => {
    const loop = (until: string) => node(`{ type: loop, prompt: x, maxIterations: 2, until: "${until}", next: z }`);
    expect(said(warnings(loop("score > 3")))).toEqual([]);
    expect(warnings(loop("ouput contains DONE")).join()).toContain('did you mean "output"?');
  });
});
