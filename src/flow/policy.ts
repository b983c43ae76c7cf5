/**
 * Rules that decide when somebody must be asked (G1). Pure: a policy, and what is about to happen, give a decision and the rule that
 * speaks. The first rule whose condition holds speaks, unless it is opted out of; where none does, everything is allowed.
 *
 *   rules:
 *     - name: production
 *       when: env == prod or cost > 50     # kind tool workflow node agent env cost payload input person roles tier
 *       then: ask                          # allow | ask | block
 *       approvers: [role:release]          # of ask; absent: who started the run
 *       fourEyes: true
 *   optOuts:
 *     - { rule: production, workflow: docs, reason: static pages }
 */

import { TIERS, type Tier } from "../contract/approval.ts";
import { FactoryError } from "../contract/errors.ts";
import type { Problem } from "../contract/problem.ts";
import type { Json } from "./definition.ts";
import { holds } from "./evaluate.ts";
import { parseExpression, readsOf } from "./expression.ts";
import { isObject, own } from "./json.ts";
import { PERSON_OR_ROLE } from "./parse_question.ts";
import type { Scope } from "./scope.ts";
import { Shape } from "./shape.ts";
import { didYouMean } from "./suggest.ts";
import { Problems, readTree } from "./tree.ts";

export const DECISIONS = ["allow", "ask", "block"] as const;
export type PolicyDecision = (typeof DECISIONS)[number];
/**
 * `task`: a step that calls a function. `run`: the start of a run. `question`: a question that a definition asks. `tool`: an agent's call of
 * a tool with consequences outside; where no rule speaks of it, whoever it serves is asked.
 */
export const KINDS = ["task", "run", "question", "tool"] as const;
export type PolicyKind = (typeof KINDS)[number];

export interface PolicyRule {
  name: string;
  when: string;
  then: PolicyDecision;
  kinds: PolicyKind[];
  /** Why there is this rule; shown with the decision. */
  reason: string | null;
  /** Of `ask`. Null: who started the run. */
  approvers: string[] | null;
  quorum: number;
  fourEyes: boolean;
  tier: Tier;
  channels: string[] | null;
  reasonRequired: boolean;
}

export interface OptOut {
  rule: string;
  workflow: string;
  reason: string;
}

export interface Policy {
  format: 1;
  rules: PolicyRule[];
  optOuts: OptOut[];
}

export const NO_POLICY: Policy = { format: 1, rules: [], optOuts: [] };

/** What is about to happen. Null where a thing has none. */
export interface PolicyFacts {
  kind: PolicyKind;
  /** The function of a task, the name of a tool. */
  tool: string | null;
  /** Empty outside of a run. */
  workflow: string;
  node: string | null;
  agent: string | null;
  env: string | null;
  cost: number | null;
  payload: Json;
  input: Json;
  /** For whom the run or the agent acts. */
  person: string;
  roles: string[];
  tier: Tier | null;
}

const NAMES = [
  ...["kind", "tool", "workflow", "node", "agent", "env", "environment", "cost"],
  ...["payload", "input", "person", "roles", "tier"],
] as const;

export interface Spoken {
  decision: PolicyDecision;
  /** Null: no rule speaks. */
  rule: PolicyRule | null;
  /** Rules that would have spoken, and the reason why they are opted out of. */
  optedOut: { rule: string; reason: string }[];
  /** Every rule that was looked at, in order: what it came to, in words. */
  looked: { rule: string; matched: boolean; why: string }[];
}

/** Never throws: a rule whose condition cannot be decided of these facts holds, because a slip must not open a door. */
export function decide(policy: Policy, facts: PolicyFacts): Spoken {
  const spoken: Spoken = { decision: "allow", rule: null, optedOut: [], looked: [] };
  const scope = scopeOf(facts);
  for (const rule of policy.rules) {
    if (!rule.kinds.includes(facts.kind)) {
      spoken.looked.push({ rule: rule.name, matched: false, why: `it is for ${rule.kinds.join(", ")}` });
      continue;
    }
    const { matched, why } = matches(rule, scope);
    const out = matched
      ? policy.optOuts.find((one) => one.rule === rule.name && one.workflow === facts.workflow)
      : undefined;
    if (out !== undefined) {
      spoken.optedOut.push({ rule: rule.name, reason: out.reason });
      spoken.looked.push({ rule: rule.name, matched: false, why: `${facts.workflow} is opted out: ${out.reason}` });
      continue;
    }
    spoken.looked.push({ rule: rule.name, matched, why });
    if (matched) return { ...spoken, decision: rule.then, rule };
  }
  return spoken;
}

function matches(rule: PolicyRule, scope: Scope): { matched: boolean; why: string } {
  try {
    const matched = holds(rule.when, scope);
    return { matched, why: `${rule.when} ${matched ? "holds" : "does not hold"}` };
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return rule.then === "allow"
      ? { matched: false, why: `${rule.when} cannot be decided: ${message}` }
      : { matched: true, why: `${rule.when} cannot be decided, so it counts: ${message}` };
  }
}

function scopeOf(facts: PolicyFacts): Scope {
  const values: Record<string, Json> = { ...facts, environment: facts.env };
  return { lookup: (name) => own(values, name), names: () => NAMES };
}

/** `env`, `environment` and `cost` as a payload or an input name them; the payload first. */
export function factsIn(...values: Json[]): { env: string | null; cost: number | null } {
  const fields = (names: string[]): Json[] =>
    values.flatMap((value) => (isObject(value) ? names.flatMap((name) => own(value, name) ?? []) : []));
  const env = fields(["env", "environment"]).find((value) => typeof value === "string");
  const cost = fields(["cost"]).map(Number).find(Number.isFinite);
  return { env: typeof env === "string" ? env : null, cost: cost ?? null };
}

/** One line for people: which rule speaks, and why. */
export function spokenText({ decision, rule }: Spoken): string {
  if (rule === null) return "allow: no rule of the policy speaks";
  return `${decision}: rule "${rule.name}" speaks (${rule.when})${rule.reason === null ? "" : ` – ${rule.reason}`}`;
}

// ---- reading -----------------------------------------------------------------------------------------------------------------

export type ParsedPolicy = { ok: true; policy: Policy } | { ok: false; problems: Problem[] };

const RULE_FIELDS = [
  ...["name", "when", "then", "for", "reason", "approvers", "quorum", "fourEyes", "tier", "channels"],
  "reasonRequired",
];
const MAX_RULES = 200;

export function parsePolicy(source: string, file: string): ParsedPolicy {
  const problems = new Problems(file, source);
  const tree = readTree(source, problems);
  if (tree === null) return { ok: false, problems: problems.errors };
  const top = new Shape(tree, ["rules", "optOuts"], problems, "the policy");
  const rules = items(top, "rules").map((item) => readRule(new Shape(item, RULE_FIELDS, problems, "rule")));
  for (const [at, rule] of rules.entries()) {
    if (rules.findIndex(({ name }) => name === rule.name) !== at) {
      top.error("rules", `two rules are named "${rule.name}"`, "give each a name of its own");
    }
  }
  if (rules.length > MAX_RULES) top.error("rules", `more than ${MAX_RULES} rules`, "join some with or");
  const optOuts = items(top, "optOuts").map((item) => {
    const shape = new Shape(item, ["rule", "workflow", "reason"], problems, "opt-out");
    const rule = shape.requiredText("rule", "name the rule that is not to count");
    if (rule !== "" && !rules.some(({ name }) => name === rule)) {
      const near = didYouMean(
        rule,
        rules.map(({ name }) => name),
      );
      shape.error("rule", `there is no rule "${rule}"`, near ? `did you mean "${near}"?` : "name one of the rules");
    }
    return {
      rule,
      workflow: shape.requiredText("workflow", "name the workflow for which it is not to count"),
      reason: shape.requiredText("reason", "say why: it is kept in the record"),
    };
  });
  if (problems.errors.length > 0) return { ok: false, problems: problems.errors };
  return { ok: true, policy: { format: 1, rules, optOuts } };
}

function items(top: Shape, field: string) {
  const tree = top.tree(field);
  if (tree === null) return [];
  if (tree.kind === "list") return tree.items;
  top.error(field, `${field} must be a list`, `write - below ${field}:`);
  return [];
}

function readRule(shape: Shape): PolicyRule {
  const name = shape.requiredText("name", "name the rule: people are told which one speaks");
  const when = shape.requiredText("when", "write when it counts, for example: env == prod or cost > 50");
  if (when !== "") checkCondition(shape, when);
  const then = shape.choice("then", DECISIONS, "ask");
  if (!shape.has("then")) shape.error("then", "then is missing", `write one of ${DECISIONS.join(", ")}`);
  const approvers = shape.texts("approvers")?.map(({ text, at }) => {
    if (!PERSON_OR_ROLE.test(text)) {
      shape.problems.error(
        at,
        `"${text.slice(0, 60)}" is neither a person nor a role`,
        'write "person:ana" or "role:release"',
      );
    }
    return text;
  });
  const kinds = shape.texts("for")?.flatMap(({ text, at }) => {
    const kind = KINDS.find((known) => known === text);
    if (kind === undefined)
      shape.problems.error(at, `"${text}" is not a kind of thing`, `write some of ${KINDS.join(", ")}`);
    return kind ?? [];
  });
  const tier = shape.choice("tier", TIERS, "low");
  const fourEyes = shape.flag("fourEyes");
  if (then === "ask" && approvers === undefined && (fourEyes || tier === "high") && kinds?.join() !== "question") {
    shape.error("approvers", "whoever starts the run may not approve it themselves", "add approvers: [role:NAME]");
  }
  return {
    ...{ name, when, then, tier, fourEyes },
    kinds: kinds ?? [...KINDS],
    reason: shape.text("reason"),
    approvers: approvers ?? null,
    quorum: shape.count("quorum", 1, 1, 50),
    channels: shape.texts("channels")?.map(({ text }) => text) ?? null,
    reasonRequired: shape.flag("reasonRequired"),
  };
}

function checkCondition(shape: Shape, when: string): void {
  const parsed = parseExpression(when);
  if (!parsed.ok) {
    shape.error("when", parsed.problem.message, parsed.problem.remedy);
    return;
  }
  for (const { path } of readsOf(parsed.value).paths) {
    const name = path[0]!;
    if ((NAMES as readonly string[]).includes(name)) continue;
    const near = didYouMean(name, NAMES);
    const remedy = near
      ? `did you mean "${near}"?`
      : `a condition may read ${NAMES.join(", ")}; fields like payload.${name}`;
    shape.error("when", `nothing is named "${name}" here`, remedy);
  }
}

/** Throws `invalid_definition` with every problem on a line of its own. */
export function demandPolicy(source: string, file: string): Policy {
  const parsed = parsePolicy(source, file);
  if (parsed.ok) return parsed.policy;
  const lines = parsed.problems.map(
    ({ line, column, message, remedy }) => `${file}:${line}:${column} ${message} (${remedy})`,
  );
  const first = parsed.problems[0];
  throw new FactoryError("invalid_definition", lines.join("\n"), {
    field: first === undefined ? file : `${file}:${first.line}:${first.column}`,
  });
}

/** The policy that counts, as callers outside the backend get it. */
export interface PolicyView {
  /** 0: there is none, everything is allowed. */
  version: number;
  source: string;
  file: string;
  rules: PolicyRule[];
  optOuts: { rule: string; workflow: string; reason: string }[];
  setBy: string | null;
  at: number | null;
}
