import { describe, expect, it } from "vitest";
import fc from "../../test/property.ts";
import { parseProfile, profileProblems } from "./profile.ts";

const KNOWN = {
  functions: ["tool::createTask", "tool::listFactoryTasks"],
  capabilities: ["tasks.write", "agents.use"],
};
const role = (source: string, file = "agents/architect.md") => parseProfile("role", source, file, KNOWN);

describe("a role's or a hand's file", () => {
  it("a role: head, then instructions, by the file's name", () => {
    expect(role("---\ntitle: Architect\ndescription: Plans.\n---\n\nPlan well.\n")).toEqual({
      ok: true,
      profile: {
        kind: "role",
        name: "architect",
        title: "Architect",
        description: "Plans.",
        capabilities: null,
        instructions: "Plan well.",
      },
    });
  });

  it("a hand with its defaults; lines of dashes in the instructions stay there", () => {
    const source = "---\r\nfunctions: [tool::createTask, tool::createTask]\r\n---\r\nOne\r\n---\r\nTwo\r\n";
    const parsed = parseProfile("hand", source, "hands/digger.md", KNOWN);
    expect(parsed.ok && parsed.profile).toMatchObject({
      name: "digger",
      title: "digger",
      functions: ["tool::createTask"],
      maxSteps: 8,
      schedule: null,
      instructions: "One\r\n---\r\nTwo",
    });
  });

  it.each([
    ["no head at all", "1:1 the file has no head"],
    ["---\ntitle: X\n", "1:1 the file has no head"],
    ["---\ntitle: [\n---\nx", ":"],
    ["---\n---\nx", "the file is empty"],
    [
      "---\ncapabilities: tasks.wrte\n---\nx",
      '2:15 the role: capabilities has "tasks.wrte", which is not one (did you mean',
    ],
  ])("%j is refused: %s", (source, problem) => {
    const parsed = role(source);
    expect(parsed.ok ? "" : profileProblems(parsed.problems)).toContain(problem);
  });

  it("a name that cannot be one is refused", () => {
    expect(role("---\ntitle: X\n---\nx", "agents/a b.md").ok).toBe(false);
  });

  it("any text is read or refused with places", () => {
    const head = fc.array(fc.oneof(fc.constant("title: x"), fc.constant("- a"), fc.string({ maxLength: 20 })), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(head, fc.string(), (lines, body) => {
        const parsed = role(`---\n${lines.join("\n")}\n---\n${body}`);
        if (!parsed.ok)
          for (const { line, column } of parsed.problems) expect(Math.min(line, column)).toBeGreaterThan(0);
      }),
      { numRuns: 200 },
    );
  });
});
