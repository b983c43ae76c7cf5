import { describe, expect, it } from "vitest";
import fc from "../../test/property.ts";
import { jsonProblem } from "./json_syntax.ts";

const isJson = (source: string): boolean => {
  try {
    JSON.parse(source);
    return true;
  } catch {
    return false;
  }
};

describe("what a text that is no JSON does wrong", () => {
  it.each<[string, number, string, string]>([
    ['{"a": 1 "b": 2}', 8, 'expected "," or "}" after the value, found "b"', "comma"],
    ['{"a": 1,}', 7, 'a comma before "}"', "remove"],
    ["[1, 2,]", 5, 'a comma before "]"', "remove"],
    ['{"a": }', 6, '"a" has no value here, found "}"', "null"],
    ["[1,,2]", 3, 'the list has no value here, found ","', "null"],
    ['{"a" 1}', 5, 'expected ":" after "a", found "1"', '"a": value'],
    ["{a: 1}", 1, 'expected a field\'s name in double quotes, found "a"', '"name"'],
    ['{"a": yes}', 6, '"yes" is not a value', "double quotes"],
    ["{\"a\": 'b'}", 6, "\"'b'\" is not a value", "double quotes"],
    ['{"a": 01}', 6, '"01" is not a value', "a number like"],
    ['{"a": 1, // why', 9, 'name in double quotes, found "//"', "no comments"],
    ["[// why\n1]", 1, '"//" is not a value', "no comments"],
    ['{"a": "b\n"}', 6, "does not end on its line", "closing"],
    ['{"a": "C:\\x"}', 9, '"\\x" means nothing', "backslash"],
    ['{"a": [1, 2', 6, 'the "[" here is not closed', 'add "]"'],
    ['{"a": {"b": 1}', 0, 'the "{" here is not closed', 'add "}"'],
    ['{"a": ', 0, 'the "{" here is not closed', 'add "}"'],
    ["[1}", 2, 'expected "," or "]" after the value, found "}"', "bracket"],
    ["{} {}", 3, 'nothing may follow the value, found "{"', "remove"],
  ])("%s", (source, at, message, remedy) => {
    const problem = jsonProblem(source);
    expect(problem).toMatchObject({ at, message: expect.stringContaining(message) });
    expect(problem!.remedy).toContain(remedy);
  });

  it("says no exactly where JSON.parse does, at a place inside the text", () => {
    const spoilt = fc
      .tuple(
        fc.json({ maxDepth: 3 }),
        fc.nat(),
        fc.nat(3),
        fc.constantFrom("", ",", '"', "\\", "}", "[", "-", "1e", "\n", "x"),
      )
      .map(([source, at, length, odd]) => {
        const start = at % (source.length + 1);
        return source.slice(0, start) + odd + source.slice(start + length);
      });
    fc.assert(
      fc.property(spoilt, (source) => {
        const problem = jsonProblem(source);
        expect([source, problem === null]).toEqual([source, isJson(source)]);
        if (problem !== null) expect(problem.at).toBeLessThanOrEqual(source.length);
      }),
      { numRuns: 500 },
    );
  });

  it("reads a text that is open a hundred thousand times", () => {
    expect(jsonProblem("[".repeat(100_000))).toMatchObject({ at: 99_999 });
    expect(jsonProblem("[".repeat(100_000) + "]".repeat(100_000))).toBeNull();
  });
});
