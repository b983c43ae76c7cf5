import { describe, expect, it } from "vitest";
import fc from "../../test/property.ts";
import type { Json } from "./definition.ts";
import { checkInput, coerceInput, mismatches } from "./schema.ts";
import { checkSchema } from "./schema_syntax.ts";
import { Problems, readTree } from "./tree.ts";

const schema: Json = {
  type: "object",
  properties: {
    version: { type: "string", minLength: 1, pattern: "^v?\\d+(\\.\\d+)?$" },
    environment: { type: "string", enum: ["staging", "production"], default: "staging" },
    count: { type: "integer", minimum: 1, maximum: 10 },
    dry: { type: "boolean" },
    tags: { type: "array", items: { type: "string" }, maxItems: 2, uniqueItems: true },
    owner: { type: "object", properties: { mail: { type: "string", format: "email" } }, required: ["mail"] },
    any: { anyOf: [{ type: "null" }, { type: "number", exclusiveMinimum: 0, multipleOf: 0.5 }] },
  },
  required: ["version"],
  additionalProperties: false,
};

describe("an input against its schema", () => {
  it("fits, and gets its defaults", () => {
    expect(checkInput(schema, { version: "1.2" })).toEqual({
      ok: true,
      input: { version: "1.2", environment: "staging" },
    });
    expect(checkInput(null, null)).toEqual({ ok: true, input: {} });
    expect(checkInput(null, { anything: 1 }).ok).toBe(true);
  });
  it.each<[Json, string, string]>([
    [{}, "input.version", "input.version is missing"],
    [{ version: "x" }, "input.version", "must match"],
    [{ version: 1.2 }, "input.version", "must be text"],
    [{ version: "1", environment: "prod" }, "input.environment", 'must be one of "staging", "production"'],
    [{ version: "1", count: 0 }, "input.count", "at least 1"],
    [{ version: "1", count: 1.5 }, "input.count", "a whole number"],
    [{ version: "1", vresion: 1 }, "input.vresion", 'did you mean "version"?'],
    [{ version: "1", tags: ["a", 1] }, "input.tags[1]", "must be text"],
    [{ version: "1", tags: ["a", "a"] }, "input.tags", "twice"],
    [{ version: "1", tags: ["a", "b", "c"] }, "input.tags", "at most 2 entries"],
    [{ version: "" }, "input.version", "must have at least 1 character"],
    [{ version: "1", owner: {} }, "input.owner.mail", "is missing"],
    [{ version: "1", owner: { mail: "nobody" } }, "input.owner.mail", "format email"],
    [{ version: "1", any: -1 }, "input.any", "none of the allowed"],
    [{ version: "1", any: 0.3 }, "input.any", "none of the allowed"],
    ["text", "input", "must be an object"],
    [[], "input", "must be an object"],
  ])("%j -> %s", (input, field, says) => {
    const checked = checkInput(schema, input);
    expect(checked).toMatchObject({ ok: false, error: { code: "invalid_input", field } });
    expect(!checked.ok && checked.error.message).toContain(says);
    expect(!checked.ok && checked.error.message).not.toContain("1 characters");
    expect(!checked.ok && checked.error.remedy).toContain("version");
  });
  it("own fields only", () => {
    expect(mismatches({ type: "object", required: ["toString"] }, {}, "input")).toHaveLength(1);
    expect(mismatches(schema, JSON.parse('{"version":"1","__proto__":{"x":1}}'), "input")).toHaveLength(1);
  });
});

it("key=value words are read by the schema", () => {
  const words = { version: "1.2", count: "3", dry: "yes", tags: '["a"]', other: "5", owner: "{broken" };
  expect(coerceInput(schema, words)).toEqual({
    version: "1.2",
    count: 3,
    dry: true,
    tags: ["a"],
    other: "5",
    owner: "{broken",
  });
  expect(coerceInput(null, { a: "1" })).toEqual({ a: "1" });
});

const found = (value: Json) => {
  const text = JSON.stringify(value);
  const problems = new Problems("s", text);
  const tree = readTree(text, problems);
  if (tree) checkSchema(tree, problems, "inputs");
  return problems.errors.map(({ message, remedy }) => `${message} ${remedy}`).join("\n");
};

describe("a schema that is none is refused", () => {
  it.each<[Json, string]>([
    [{ type: "text" }, "no such type"],
    [{ requird: [] }, 'did you mean "required"?'],
    [{ version: { type: "string" } }, "below properties"],
    [{ pattern: "(a+)+$" }, "simple regular expression"],
    [{ pattern: "(" }, "simple regular expression"],
    [{ pattern: "(a|a)*b" }, "simple regular expression"],
    [{ minLength: -1 }, "a number"],
    [{ properties: [] }, "a map of schemas"],
    [{ format: "postcode" }, "known format"],
    [{ $ref: "#/x" }, "no keyword"],
    [[], "JSON schema"],
  ])("%j", (value, says) => expect(found(value)).toContain(says));
  it("the one above is accepted", () => expect(found(schema)).toBe(""));
});

it("no pattern that is accepted takes long, whatever the text", () => {
  const piece = fc.constantFrom(
    "a",
    "*",
    "+",
    "?",
    "(",
    ")",
    "|",
    "{1,9}",
    "[ab]",
    "\\d",
    ".",
    "^",
    "$",
    "(?:",
    "\\1",
    "b",
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join("")),
      (pattern) => {
        expect(mismatches({ pattern }, "a".repeat(200), "x").length).toBeLessThan(2);
      },
    ),
    { numRuns: 2000 },
  );
  for (const pattern of ["((a*))*b", "(a|aa)+$", "(?:a+)+b", "a*a*a*a*a*b", "(a?){50}b", "(?=a)a"]) {
    expect(found({ pattern })).toContain("simple regular expression");
  }
  for (const pattern of ["^v?\\d+\\.\\d+\\.\\d+$", "^[A-Z]{2,5}-\\d+$", "(ab)+", "^(a|b)c$"])
    expect(found({ pattern })).toBe("");
});

it("any schema and any value: an answer, never an exception", () => {
  const keyword = fc.dictionary(
    fc.constantFrom(
      "type",
      "properties",
      "required",
      "items",
      "enum",
      "anyOf",
      "not",
      "minimum",
      "pattern",
      "default",
      "additionalProperties",
    ),
    fc.jsonValue({ maxDepth: 3 }),
    { maxKeys: 4 },
  );
  fc.assert(
    fc.property(fc.oneof(keyword, fc.jsonValue()), fc.jsonValue(), (one, value) => {
      expect(checkInput(one as Json, value as Json).ok).toBeTypeOf("boolean");
    }),
    { numRuns: 500 },
  );
});
