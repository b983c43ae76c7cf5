import { describe, expect, test } from "vitest";
import fc from "../../test/property.ts";
import { CREW } from "./crew.ts";
import { INTENTS, understand } from "./offline_intents.ts";
import { PARAPHRASES } from "./offline_paraphrases.test-support.ts";
import { NEGATIVES, WORDINGS } from "./offline_wordings.test-support.ts";
import { TOOL_NAMES, TOOLS } from "./tools/index.ts";

const KNOWN = { workflows: ["deploy", "morning-brief"] };

describe("offline intents", () => {
  for (const [tool, table] of Object.entries(PARAPHRASES)) {
    describe(tool, () => {
      test("has at least 20 paraphrases", () => {
        expect(Object.keys(table).length).toBeGreaterThanOrEqual(20);
      });
      test.each(Object.entries(table))("%s", (message, input) => {
        expect(understand(message)).toEqual({ kind: "call", tool, input });
      });
    });
  }

  for (const [tool, messages] of Object.entries(WORDINGS)) {
    test.each(messages)(`${tool}: %s`, (message) => {
      expect(understand(message, KNOWN)).toMatchObject({ kind: "call", tool });
    });
  }

  test.each(NEGATIVES)("calls nothing: %s", (message) => {
    expect(understand(message).kind).not.toBe("call");
    expect(understand(message, KNOWN).kind).not.toBe("call");
  });

  test("a workflow with any name is started by it once it exists", () => {
    const known = { workflows: ["nightly_report"] };
    expect(understand("run the nightly report please", known)).toMatchObject({
      tool: "startWorkflow",
      input: { workflow: "nightly_report" },
    });
    expect(understand("run the nightly report please")).toEqual({ kind: "unknown" });
  });

  test("why a run of a workflow with any name failed is handed to run analysis", () => {
    const offered = new Set<string>(CREW.factoryManager.tools);
    const why = "why did nightly fail?";
    expect(understand(why, { workflows: ["nightly"], offered })).toMatchObject({
      tool: "delegate",
      input: { agent: "runAnalysis", request: why },
    });
  });

  test("every tool has a row, and its example is understood as that tool", () => {
    expect([...new Set(INTENTS.map((intent) => intent.tool))].sort()).toEqual([...TOOL_NAMES].sort());
    for (const { tool, example } of INTENTS) {
      for (const { tools } of Object.values(CREW).filter((agent) => agent.tools.includes(tool))) {
        const known = { workflows: [], offered: new Set<string>(tools) };
        for (const one of example.split(/, (?=T\d)/)) {
          expect(understand(one, known), one).toMatchObject({ kind: "call", tool });
        }
      }
    }
  });

  test("what it extracts always fits the tool's schema", () => {
    for (const table of Object.values(PARAPHRASES)) {
      for (const message of Object.keys(table)) {
        const meant = understand(message);
        if (meant.kind === "call")
          expect(TOOLS[meant.tool].input.safeParse(meant.input).error, message).toBeUndefined();
      }
    }
  });

  test("a request without its essential part is asked back", () => {
    expect(understand("create a task")).toMatchObject({ kind: "ask" });
    expect(understand("please create a new task for me")).toMatchObject({ kind: "ask" });
  });

  test.each(["hello", "Hi!", "good morning", "hey there"])("%s -> a greeting", (message) => {
    expect(understand(message)).toEqual({ kind: "greeting" });
  });

  test.each(["thanks", "Thank you!", "great, thanks", "perfect"])("%s -> you are welcome", (message) => {
    expect(understand(message)).toEqual({ kind: "thanks" });
  });

  test("any text is understood or not, quickly and without throwing", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), (message) => {
        understand(message);
      }),
      { numRuns: 200 },
    );
  });
});
