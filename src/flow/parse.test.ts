import { describe, expect, it } from "vitest";
import fc from "../../test/property.ts";
import { GRAPH, STEPS } from "./notations_fixture.ts";
import { type ParseResult, parseDefinition } from "./parse.ts";
import { compile, SimulatedRun } from "./simulated_run.ts";

const parse = (source: string): ParseResult => parseDefinition(source, "w.yaml");

describe("the graph notation", () => {
  it("compiles with every default made explicit", () => {
    const definition = compile(GRAPH);
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
    const yaml = compile(GRAPH);
    const { notation: _, ...rest } = JSON.parse(JSON.stringify(yaml));
    expect(rest.nodes.check.next).toEqual({ yes: "send", no: "done" });
    const json = `{\n\t"id": "j",\n\t"startNodeId": "z",\n\t"nodes": {\n\t\t"z": {"type": "end"}\n\t}\n}`;
    expect(compile(json).name).toBe("j");
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
    expect(compile(text).nodes.q).toMatchObject({ question });
  });

  it("is JSON-safe: what is stored is what was compiled", () => {
    const definition = compile(STEPS);
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
    expect(compile(source).nodes.q).toMatchObject({
      quorum: 2,
      fourEyes: true,
      tier: "high",
      failureApprovers: ["person:ana", "role:release"],
      escalate: [{ afterMs: 100, to: ["role:oncall"], via: ["sms"] }],
    });
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
      "[".repeat(20_000),
      "{a: ".repeat(10_000),
      "- ".repeat(20_000),
      `"${"x".repeat(300_000)}`,
      "a:\n".repeat(20_000),
      "? ".repeat(5_000),
    ]) {
      expect(parse(text).ok).toBe(false);
    }
  });
});
