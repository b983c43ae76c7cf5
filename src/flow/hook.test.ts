import { describe, expect, it } from "vitest";
import fc from "../../test/property.ts";
import { FactoryError } from "../contract/errors.ts";
import type { Json } from "./definition.ts";
import { eventKeyOf, hookInput, hookWants } from "./hook.ts";
import { HOOK_NAME, hookVariable } from "./hook_name.ts";

const hook = (when: string | null, input: Json = null) => ({ name: "h", when, input });

describe("a hook", () => {
  it.each<[string | null, Json, boolean]>([
    [null, "anything", true],
    ["body.state == ok", { state: "ok" }, true],
    ["body.state == ok", { state: "bad" }, false],
    ["body.state == ok", {}, false],
    ["body.items.0.n > 3", { items: [{ n: 4 }] }, true],
  ])("when %s of %j -> %s", (when, body, wants) => {
    expect(hookWants(hook(when), body)).toBe(wants);
  });

  it("makes the input of the body, keeping the types of whole values", () => {
    const input = { v: "{{body.v}}", text: "version {{body.v}}", all: ["{{body}}"] };
    expect(hookInput(hook(null, input), { v: 7 })).toEqual({ v: 7, text: "version 7", all: [{ v: 7 }] });
    expect(hookInput(hook(null), [1])).toEqual([1]);
  });

  it("what the body holds is never a template of its own", () => {
    expect(hookInput(hook(null, { v: "{{body.v}}" }), { v: "{{body.secret}}", secret: "s" })).toEqual({
      v: "{{body.secret}}",
    });
  });

  it.each<[Json, string | null]>([
    [{ key: "a" }, "a"],
    [{ key: 7 }, "7"],
    [{ key: null }, null],
    [["key"], null],
    ["key", null],
  ])("the key of %j is %s", (body, key) => {
    expect(eventKeyOf(body)).toBe(key);
  });

  it("has its secret in a variable of its own", () => {
    expect(hookVariable("deploy-done")).toBe("HOOK_SECRET_DEPLOY_DONE");
    expect(["a", "A_b-9"].every((name) => HOOK_NAME.test(name))).toBe(true);
    expect(["", "../x", "a b", "ä", "-a"].some((name) => HOOK_NAME.test(name))).toBe(false);
  });

  it("decides on any body, or refuses it with an error of ours", () => {
    const given = hook("body.a.b == 1 or body.list contains x", {
      v: "{{body.a.b}}",
      each: "{{#each body.list}}{{this}}{{/each}}",
    });
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        for (const decide of [() => hookWants(given, body as Json), () => hookInput(given, body as Json)]) {
          try {
            decide();
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(FactoryError);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
