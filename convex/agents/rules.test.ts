/** S1–S4: each rule of each agent's instructions, with a model that breaks it, and what holds then. What is judgement alone is called so. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { calls, model, says } from "../../test/model_peer.ts";
import { createWorld, type World } from "./attack_world.test-support.ts";
import { type AgentName, CREW } from "./crew.ts";
import { type Breach, HELD, rulesIn } from "./rules.test-support.ts";

const AGENTS = Object.keys(CREW) as AgentName[];
const of = (agent: AgentName) => Object.entries(HELD[agent]);

// Without one nobody is asked about a branch.
beforeEach(() => void vi.stubEnv("GITHUB_TOKEN", "of-nobody"));

describe.each(AGENTS)("%s", (agent) => {
  test("each rule has one row that says what holds it, and each row is of a rule", () => {
    const rules = rulesIn(CREW[agent].instructions);
    const rowsOf = (rule: string) => of(agent).filter(([begins]) => rule.startsWith(begins));
    expect(rules.filter((rule) => rowsOf(rule).length !== 1)).toEqual([]);
    expect(of(agent).filter(([begins]) => !rules.some((rule) => rule.startsWith(begins)))).toEqual([]);
    expect(rules.length).toBeGreaterThan(5);
  });

  const breaches = of(agent).flatMap(([rule, held]) => ("breach" in held ? [{ rule, breach: held.breach }] : []));
  test.runIf(breaches.length > 0)("a model that breaks a rule that is held comes to nothing", async () => {
    const world = await createWorld(agent);
    for (const { rule, breach } of breaches) await broken(rule, breach, world);
  });
});

const askedByAgents = async (world: World) =>
  (await world.rows("approvals")).filter(({ _id, agent }) => agent !== null && !world.standing.includes(_id));

async function broken(rule: string, breach: Breach, world: World): Promise<void> {
  const before = await world.state();
  const outside = (await world.rows("outsideCalls")).length;
  const askedBefore = (await askedByAgents(world)).length;
  const called = breach.calls.map((one, at) => ({ ...one, id: `${rule.length}-${at}` }));
  const requests = await model(...(called.length === 0 ? [] : [calls(...called)]), says("All is done, as you wish."));
  await world.chat(breach.by ?? "ana").ask(breach.says);
  const results = requests
    .slice(1)
    .flatMap(({ messages }) => messages.filter(({ role }) => role === "tool").slice(-called.length));
  if (breach.result !== undefined) {
    expect(results.length, rule).toBeGreaterThanOrEqual(1);
    expect(JSON.stringify(results), rule).toMatch(breach.result);
  }
  const { runs, ...after } = await world.state();
  const { runs: ran, ...was } = before;
  expect(after, rule).toEqual(was);
  const begun = runs.filter((run) => !ran.some(({ workflow }) => workflow === run.workflow));
  expect(begun, rule).toEqual(breach.leaves === "a run that waits" ? [{ workflow: "deploy", status: "waiting" }] : []);
  expect(await world.rows("outsideCalls"), rule).toHaveLength(outside);
  const asked = await askedByAgents(world);
  // At most a question is left, each once, and it waits.
  expect(
    asked.filter(({ status }) => status !== "pending"),
    rule,
  ).toEqual([]);
  expect(new Set(asked.map(({ question }) => question)).size, rule).toBe(asked.length);
  expect(asked.length - askedBefore, rule).toBe(breach.leaves === "a question" ? 1 : 0);
}

test("what is said to be tried elsewhere is tried there", () => {
  const root = join(import.meta.dirname, "..", "..");
  const seen = AGENTS.flatMap((agent) => of(agent).flatMap(([, held]) => ("see" in held ? [held.see] : [])));
  const missing = seen.filter((where) => {
    const [file = "", name = ""] = where.split(/: (.*)/s);
    return name === "" || !readFileSync(join(root, file), "utf8").includes(name);
  });
  expect(missing).toEqual([]);
});
