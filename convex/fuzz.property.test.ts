// @vitest-environment edge-runtime
/** Definitions and hook bodies of any shape: refused by an error of ours with nothing left behind, or taken as a whole. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { toErrorInfo } from "../src/contract/errors.ts";
import fc from "../test/property.ts";
import { OWNER, startBackend } from "../test/runs.ts";
import { api } from "./_generated/api.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

/** Everything a definition can have, so that each mutation breaks some part of one. */
const WHOLE: Value = {
  id: "fuzzed",
  title: "Fuzzed",
  inputs: { type: "object", properties: { n: { type: "number" }, list: { type: "array" } } },
  outputs: [{ to: "terminal:root", template: "{{result}}" }],
  hook: { name: "fuzz", when: "body.go == yes", input: { n: "{{body.n}}" } },
  schedule: { cron: "0 7 * * *", timeZone: "UTC", input: { n: 1 } },
  startNodeId: "first",
  nodes: {
    first: {
      type: "task",
      functionId: "tool::record",
      config: { key: "k", value: "{{n}}" },
      saveAs: "a",
      next: "fork",
    },
    fork: { type: "branch", cond: "a.count > 0", truthy: "both", falsy: "end" },
    both: { type: "parallel", branches: ["ask", "wait"], next: "loop" },
    ask: {
      type: "approval",
      question: "Go {{n}}?",
      options: ["yes", "no"],
      approvers: ["person:root"],
      payload: { a: "{{a}}" },
      next: { yes: "loop", no: "loop" },
    },
    wait: { type: "wait", forMs: 1000, next: "loop" },
    loop: { type: "loop", functionId: "tool::record", config: {}, maxIterations: 2, until: "count > 1", next: "fan" },
    fan: { type: "fanout", functionId: "tool::record", config: {}, over: "list", onFailure: "skip", next: "event" },
    event: { type: "event", name: "later", timeoutMs: 1000, next: { received: "end", expired: "end" } },
    end: { type: "end", result: "a" },
  },
};

const oddity: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(
    null,
    "",
    "{{",
    "{{#each a}}",
    "{{a.b.c}}",
    "__proto__",
    "end",
    "first",
    0,
    -1,
    1e308,
    true,
    [],
    {},
  ),
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Value>,
);

/** Changes one place, found by a walk that `picks` steers: replaced, removed, doubled, or under another name. */
function mutate(value: Value, picks: number[], odd: Value): Value {
  const [pick = 0, ...rest] = picks;
  if (typeof value !== "object" || value === null || rest.length === 0) return odd;
  const keys = Object.keys(value);
  if (keys.length === 0) return odd;
  const key = keys[pick % keys.length]!;
  if (Array.isArray(value)) return value.map((part, index) => (`${index}` === key ? mutate(part, rest, odd) : part));
  if (rest.length === 1) {
    const { [key]: gone, ...left } = value;
    if (rest[0]! % 4 === 0) return left;
    if (rest[0]! % 4 === 1) return { ...left, [String(odd)]: gone! };
  }
  return { ...value, [key]: mutate(value[key]!, rest, odd) };
}

const mutated = fc
  .array(fc.tuple(fc.array(fc.nat(50), { minLength: 2, maxLength: 6 }), oddity), { minLength: 1, maxLength: 3 })
  .map((changes) => changes.reduce<Value>((value, [picks, odd]) => mutate(value, picks, odd), WHOLE));

const without = (value: Value, fields: string[]): Value =>
  value !== null && typeof value === "object" && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).filter(([field]) => !fields.includes(field)))
    : value;

const RUN_STATES = ["running", "waiting", "completed", "failed", "cancelled"];

test("a definition is created as a whole or not at all, and what was created can be started", async () => {
  const { t, rows } = await startBackend();
  const counts = async () => ({
    workflows: (await rows("workflows")).length,
    schedules: (await rows("schedules")).length,
    runs: (await rows("runs")).length,
    jobs: (await rows("jobs")).length,
  });
  let created = 0;
  await fc.assert(
    fc.asyncProperty(mutated, fc.boolean(), async (definition, unattended) => {
      const given = unattended ? definition : without(definition, ["schedule", "hook"]);
      const source = JSON.stringify(given);
      const before = await counts();
      try {
        const made = await t.mutation(api.workflows.create, { actor: OWNER, source, file: "fuzz.json" });
        created++;
        const run = await t.mutation(api.runs.start, {
          actor: OWNER,
          workflow: made.name,
          definition: null,
          input: '{"n":1,"list":[1,2]}',
          origin: null,
        });
        expect(RUN_STATES).toContain(run.status);
        if (run.status === "failed") expect(run.error).not.toBeNull();
      } catch (thrown) {
        expect(["invalid_definition", "invalid_input", "too_large"]).toContain(toErrorInfo(thrown).code);
        // A definition may be good while the input is not.
        expect((await counts()).runs).toBe(before.runs);
        if (toErrorInfo(thrown).code === "invalid_definition") expect(await counts()).toEqual(before);
      }
    }),
    { numRuns: 120 },
  );
  // Otherwise nothing but refusals was tried.
  expect(created).toBeGreaterThan(5);
});

test("a hook's body of any kind is taken once, or refused with nothing left", async () => {
  const { t, create, rows } = await startBackend();
  await create(JSON.stringify({ ...(WHOLE as object), schedule: undefined }));
  const body = fc.oneof(
    fc.json(),
    fc.string(),
    fc
      .record({ go: fc.constantFrom("yes", "no", 7), n: fc.oneof(fc.integer(), fc.string(), fc.constant(null)) })
      .map((one) => JSON.stringify(one)),
    fc.constantFrom(
      "[".repeat(5000),
      `{"a":${"[".repeat(3000)}${"]".repeat(3000)}}`,
      '{"__proto__":{"go":"yes"}}',
      "1e999",
      '"\\ud800"',
    ),
  );
  let key = 0;
  await fc.assert(
    fc.asyncProperty(body, async (text) => {
      const event = { name: "fuzz", key: `${key++}`, body: text };
      const before = [(await rows("hookEvents")).length, (await rows("runs")).length];
      try {
        const taken = await t.mutation(api.hooks.receive, event);
        expect(taken.started.length + taken.refused).toBeLessThanOrEqual(1);
        expect(await t.mutation(api.hooks.receive, event)).toEqual({ ...taken, duplicate: true });
        expect((await rows("hookEvents")).length).toBe(before[0]! + 1);
        expect((await rows("runs")).length).toBe(before[1]! + taken.started.length);
      } catch (thrown) {
        expect(["invalid_input", "too_large"]).toContain(toErrorInfo(thrown).code);
        expect([(await rows("hookEvents")).length, (await rows("runs")).length]).toEqual(before);
      }
    }),
    // One that starts a run is always among them: otherwise nothing but refusals might be tried.
    { numRuns: 80, examples: [['{"go":"yes","n":1}']] },
  );
  expect((await rows("runs")).length).toBeGreaterThan(0);
});
