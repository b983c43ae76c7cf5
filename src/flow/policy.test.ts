import { describe, expect, it } from "vitest";
import fc from "../../test/property.ts";
import { decide, factsIn, type Policy, type PolicyFacts, parsePolicy, spokenText } from "./policy.ts";

const SOURCE = `
rules:
  - name: tests are free
    when: workflow == tests
    then: allow
  - name: no weekends
    when: payload.day == sunday
    then: block
    reason: nobody is there to mend it
  - name: production
    when: env == prod or cost > 50
    then: ask
    for: [task]
    approvers: [role:release]
    fourEyes: true
optOuts:
  - { rule: production, workflow: docs, reason: static pages }
`;
const facts = (more: Partial<PolicyFacts> = {}): PolicyFacts => ({
  ...{ kind: "task", tool: "tool::record", workflow: "deploy", node: "ship", agent: null, env: null, cost: null },
  ...{ payload: null, input: null, person: "ana", roles: [], tier: null },
  ...more,
});
const policy = (): Policy => {
  const parsed = parsePolicy(SOURCE, "policy.yaml");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.policy;
};
const problems = (source: string) => {
  const parsed = parsePolicy(source, "p.yaml");
  return parsed.ok ? [] : parsed.problems.map(({ line, message }) => `${line} ${message}`);
};

describe("G1: which rule speaks", () => {
  it.each([
    [{ env: "prod" }, "ask", "production"],
    [{ cost: 51 }, "ask", "production"],
    [{ cost: 50 }, "allow", null],
    [{}, "allow", null],
    [{ env: "prod", workflow: "tests" }, "allow", "tests are free"],
    [{ payload: { day: "sunday" }, env: "prod" }, "block", "no weekends"],
    [{ env: "prod", kind: "run" as const }, "allow", null],
  ])("%j -> %s", (more, decision, rule) => {
    const spoken = decide(policy(), facts(more));
    expect([spoken.decision, spoken.rule?.name ?? null]).toEqual([decision, rule]);
  });
  it("says which and why", () => {
    expect(spokenText(decide(policy(), facts({ env: "prod" })))).toBe(
      'ask: rule "production" speaks (env == prod or cost > 50)',
    );
    expect(decide(policy(), facts({ env: "prod" })).looked.map(({ rule, matched }) => [rule, matched])).toEqual([
      ["tests are free", false],
      ["no weekends", false],
      ["production", true],
    ]);
  });
  it("I4: an opt-out is named with its reason; the rule does not speak", () => {
    const spoken = decide(policy(), facts({ env: "prod", workflow: "docs" }));
    expect(spoken).toMatchObject({ decision: "allow", optedOut: [{ rule: "production", reason: "static pages" }] });
  });
  it("a condition that cannot be decided counts where it asks or blocks, and not where it allows", () => {
    const rules = (then: string) => parsePolicy(`rules: [{name: x, when: payload.amount > 5, then: ${then}}]`, "p");
    for (const [then, decision] of [
      ["ask", "ask"],
      ["block", "block"],
      ["allow", "allow"],
    ]) {
      const parsed = rules(then!);
      if (!parsed.ok) throw new Error("no policy");
      const spoken = decide(parsed.policy, facts({ payload: { amount: "much" } }));
      expect([spoken.decision, spoken.rule === null]).toEqual([decision, then === "allow"]);
    }
  });
  it("never throws, whatever the facts", () => {
    const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<never>;
    fc.assert(
      fc.property(json, json, fc.option(fc.string()), (payload, input, env) => {
        expect(["allow", "ask", "block"]).toContain(decide(policy(), facts({ payload, input, env })).decision);
      }),
      { numRuns: 200 },
    );
  });
});

it("facts are read from the payload first, then from the input", () => {
  expect(factsIn({ environment: "staging", cost: "12.5" }, { env: "prod", cost: 3 })).toEqual({
    env: "staging",
    cost: 12.5,
  });
  expect(factsIn(null, { env: "prod" })).toEqual({ env: "prod", cost: null });
  expect(factsIn(["x"], 3)).toEqual({ env: null, cost: null });
});

describe("a policy that is wrong is refused with its place", () => {
  it.each([
    ["rules: [{name: a, when: environ == prod, then: ask}]", ['1 rule: nothing is named "environ" here']],
    ["rules: [{name: a, when: env ==, then: ask}]", ["1 rule: nothing stands to the right of =="]],
    ["rules: [{name: a, when: env == x, then: maybe}]", ['1 rule: then cannot be "maybe"']],
    ["rules: [{name: a, when: env == x}]", ["1 rule: then is missing"]],
    [
      "rules:\n  - {name: a, when: env == x, then: ask, fourEyes: true}",
      ["2 rule: whoever starts the run may not approve it themselves"],
    ],
    ["rules: []\noptOuts: [{rule: b, workflow: c, reason: d}]", ['2 opt-out: there is no rule "b"']],
    [
      "rules: []\noptOuts: [{rule: b, workflow: c}]",
      ["2 opt-out: reason is missing", '2 opt-out: there is no rule "b"'],
    ],
    [
      "rules: [{name: a, when: env, then: ask}, {name: a, when: env, then: ask}]",
      ['1 the policy: two rules are named "a"'],
    ],
    ["rule: []", ['1 the policy has no field "rule"']],
    ["rules: [{name: a, when: env, then: ask, approvers: [ana]}]", ['1 "ana" is neither a person nor a role']],
    ["rules: [", expect.arrayContaining([])],
  ])("%s", (source, expected) => expect(problems(source).sort()).toEqual((expected as string[]).sort?.() ?? expected));
  it("whatever is written, reading it ends with a policy or with problems", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        const parsed = parsePolicy(text, "p.yaml");
        expect(parsed.ok || parsed.problems.length > 0).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
