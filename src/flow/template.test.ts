import { describe, expect, it } from "vitest";
import fc from "../../test/property.ts";
import { FactoryError } from "../contract/errors.ts";
import type { Json } from "./definition.ts";
import type { Scope } from "./scope.ts";
import { parseTemplate, render, renderJson, templateReads } from "./template.ts";

const scopeOf = (values: Record<string, Json>): Scope => ({
  lookup: (name) => (Object.hasOwn(values, name) ? values[name] : undefined),
  names: () => Object.keys(values),
});
const scope = scopeOf({
  name: "Ana",
  iteration: 0,
  maxIterations: 5,
  sneaky: "{{name}} {{#if x}}",
  list: ["a", { title: "b" }, null],
  people: [{ who: "Bo" }, { who: "Cy" }],
  deep: { er: { still: [10, 20] } },
  nothing: null,
  yes: true,
});

describe("rendering", () => {
  it.each([
    ["Hello {{name}}!", "Hello Ana!"],
    ["{{ deep.er.still.1 }} {{deep.er.still[0]}}", "20 10"],
    ["{{deep.er}}", '{"still":[10,20]}'],
    ["[{{nothing}}]", "[]"],
    ["[{{nothing.at.all}}]", "[]"],
    ["{{#if iteration > 0}}again{{else}}first{{/if}}", "first"],
    ["{{#if yes}}{{#if nothing}}a{{else}}b{{/if}}{{/if}}", "b"],
    ["{{#if iteration > 3}}a{{else if iteration == 0}}b{{else}}c{{/if}}", "b"],
    ["{{#each people}}{{@index}}:{{who}} {{/each}}", "0:Bo 1:Cy "],
    ["{{#each list}}<{{this}}>{{/each}}", '<a><{"title":"b"}><>'],
    ["{{#each list}}{{index}}{{#if item}}+{{/if}}{{/each}}", "0+1+2"],
    ["{{#each nothing}}x{{/each}}", ""],
    ["\\{{name}} {{name}}", "{{name}} Ana"],
    ["a\n{{#if yes}}\nb\n{{/if}}\nc", "a\nb\nc"],
    ["a\n  {{#each people}}  \n- {{who}}\n  {{/each}}\nc", "a\n- Bo\n- Cy\nc"],
  ])("%j", (source, text) => {
    expect(render(source, scope)).toBe(text);
  });

  it("values are data: a variable's own braces are not expanded", () => {
    expect(render("{{sneaky}}", scope)).toBe("{{name}} {{#if x}}");
  });

  it("the loop template as people write it renders for the first and for a later round", () => {
    const source =
      "{{#if iteration > 0}}\nPrevious: {{output}}\nRound {{iteration}} of {{maxIterations}}\n{{else}}\nBegin: {{task}}\n{{/if}}\n";
    const first = scopeOf({ iteration: 0, maxIterations: 5, output: null, task: "a poem" });
    const later = scopeOf({ iteration: 2, maxIterations: 5, output: "roses", task: "a poem" });
    expect(render(source, first)).toBe("Begin: a poem\n");
    expect(render(source, later)).toBe("Previous: roses\nRound 2 of 5\n");
  });
});

describe("rendering fails, typed", () => {
  it.each([
    ["{{unknown}}", 'no variable "unknown"'],
    ["{{nme}}", "there is no variable"],
    ["{{name.first}}", "has no field"],
    ["{{deep.other}}", "has no field"],
    ["{{#each name}}{{/each}}", "needs a list"],
  ])("%s", (source, message) => {
    expect(() => render(source, scope)).toThrow(message);
    expect(() => render(source, scope)).toThrow(FactoryError);
  });

  it("nested lists end: too many rounds or too much text is an error, soon", () => {
    const many = scopeOf({ n: Array.from({ length: 1000 }, () => 1), big: "x".repeat(100_000) });
    expect(() => render("{{#each n}}{{#each n}}{{#each n}}{{/each}}{{/each}}{{/each}}", many)).toThrow("grew beyond");
    expect(() => render("{{#each n}}{{big}}{{/each}}", many)).toThrow("grew beyond");
  });
});

describe("templates that cannot be read say what to do", () => {
  it.each([
    ["{{name", "not closed"],
    ["{{#if yes}}x", "#if}} is not closed"],
    ["x{{/if}}", "closes nothing"],
    ["{{#each list}}{{/if}}", "is expected"],
    ["{{else}}", "outside"],
    ["{{#if a}}{{else}}{{else}}{{/if}}", "{{else}}"],
    ["{{#if}}{{/if}}", "empty"],
    ["{{#with x}}{{/with}}", "no block"],
    ["{{a b}}", "not a variable"],
    ["{{{raw}}}", "not a variable"],
    ["{{#each a b}}{{/each}}", "needs a list"],
  ])("%s", (source, message) => {
    const parsed = parseTemplate(source);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(`${parsed.problem.message} ${parsed.problem.remedy}`).toContain(message);
  });
});

it("JSON keeps the type of a value that is one variable and nothing else", () => {
  const value = { amount: "{{deep.er.still.0}}", text: "{{name}}!", list: ["{{yes}}", 1], none: "{{nothing}}" };
  expect(renderJson(value, scope)).toEqual({ amount: 10, text: "Ana!", list: [true, 1], none: null });
});

it("reads leave out what a block defines", () => {
  const parsed = parseTemplate("{{a}}{{#if b > c}}{{d.e}}{{/if}}{{#each f}}{{this}}{{g}}{{/each}}");
  expect(parsed.ok && templateReads(parsed.value).map(({ path }) => path[0])).toEqual(["a", "b", "d", "f"]);
});

it("text without braces renders as itself; a variable renders as its text, whatever it holds", () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ maxLength: 50 }), (plain, value) => {
      if (!plain.includes("{{")) expect(render(plain, scope)).toBe(plain);
      expect(render("<{{v}}>", scopeOf({ v: value }))).toBe(`<${value}>`);
    }),
  );
});

it("any text: a problem, a result or a FactoryError", () => {
  const piece = fc.constantFrom(
    "{{",
    "}}",
    "{{#if ",
    "{{#each list}}",
    "{{else}}",
    "{{/if}}",
    "{{/each}}",
    "name",
    "yes}}",
    "\n",
    "\\",
    " ",
    "{{name}}",
    "{{this}}",
    "__proto__",
    "}",
  );
  const source = fc.oneof(
    fc.string({ maxLength: 80 }),
    fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join("")),
  );
  fc.assert(
    fc.property(source, (text) => {
      try {
        expect(typeof render(text, scope)).toBe("string");
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(FactoryError);
      }
    }),
    { numRuns: 1000 },
  );
});
