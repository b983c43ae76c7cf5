/** The policy as rows, and what it says of a start, of a step's work and of a question. The rules themselves: `src/flow/policy.ts`. */
import type { Tier } from "../../src/contract/approval.ts";
import { type ErrorInfo, errorInfo } from "../../src/contract/errors.ts";
import type { Json } from "../../src/flow/definition.ts";
import {
  decide,
  demandPolicy,
  factsIn,
  NO_POLICY,
  type Policy,
  type PolicyDecision,
  type PolicyFacts,
  type PolicyRule,
  type Spoken,
} from "../../src/flow/policy.ts";
import { sha256Hex } from "../../src/flow/sha256.ts";
import type { Signal, StartWork } from "../../src/flow/types.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { doneBy, record } from "./audit.ts";
import { fail } from "./errors.ts";
import { toJsonText } from "./json.ts";
import { type Acting, asConvexError } from "./people.ts";
import { demand } from "./rights.ts";
import { rolesOf } from "./rotas.ts";

export async function newestPolicy(ctx: QueryCtx): Promise<Doc<"policies"> | null> {
  return await ctx.db.query("policies").withIndex("by_version").order("desc").first();
}

export const policyOf = (row: Doc<"policies"> | null): Policy =>
  row === null ? NO_POLICY : (JSON.parse(row.policy) as Policy);

/** A new version, unless nothing changed. Every opting out that was not there before is a row of the record of its own (I4). */
export async function setPolicy(
  ctx: MutationCtx,
  acting: Acting,
  source: string,
  file: string,
): Promise<{ row: Doc<"policies">; changed: boolean }> {
  demand(acting, "policy.manage");
  const policy = asConvexError(() => demandPolicy(source, file));
  const text = toJsonText(policy, "policy");
  const hash = await sha256Hex(text);
  const before = await newestPolicy(ctx);
  if (before !== null && before.hash === hash) return { row: before, changed: false };
  const version = (before?.version ?? 0) + 1;
  const id = await ctx.db.insert("policies", {
    ...{ version, source, file, policy: text, hash, at: Date.now() },
    ...{ setBy: acting.person._id, setByShown: acting.shown },
  });
  const noted = (kind: string, detail: Record<string, unknown>): Promise<void> =>
    record(ctx, {
      ...{ subject: "policy", kind, ...doneBy(acting) },
      detail: { version, ...detail },
    });
  await noted("policy.set", { hash, rules: policy.rules.map(({ name, then }) => `${name}: ${then}`) });
  const known = new Set(policyOf(before).optOuts.map((one) => JSON.stringify(one)));
  for (const optOut of policy.optOuts) {
    if (!known.has(JSON.stringify(optOut))) await noted("policy.optOut", { ...optOut });
  }
  return { row: (await ctx.db.get("policies", id))!, changed: true };
}

// ---- what it says ------------------------------------------------------------------------------------------------------------

interface Judged extends Spoken {
  version: number;
}

/** Null: there is no policy. What opts out of a rule is recorded each time it counts. */
async function judge(
  ctx: MutationCtx,
  run: Doc<"runs">,
  facts: Pick<PolicyFacts, "kind" | "payload"> & Partial<PolicyFacts>,
): Promise<Judged | null> {
  const row = await newestPolicy(ctx);
  if (row === null) return null;
  const starter = await ctx.db.get("people", run.startedBy);
  const input = JSON.parse(run.input) as Json;
  const spoken = decide(policyOf(row), {
    ...{ tool: null, node: null, agent: null, tier: null, ...factsIn(facts.payload, input) },
    ...{ workflow: run.workflow, input, person: starter?.name ?? run.startedByShown },
    roles: starter === null ? [] : await rolesOf(ctx, starter, Date.now()),
    ...facts,
  });
  for (const out of spoken.optedOut) {
    await noteRun(ctx, run, "policy.optedOut", {
      ...out,
      version: row.version,
      kind: facts.kind,
      nodeId: facts.node ?? null,
    });
  }
  return { ...spoken, version: row.version };
}

/**
 * Of a step's work, right before it is done. Null: go on. A hold is a question in front of the work; once somebody has approved it, the
 * work is judged again here and goes on only if it still is what they saw (G4).
 */
export async function judgeWork(
  ctx: MutationCtx,
  run: Doc<"runs">,
  work: StartWork,
  agent: string | null,
): Promise<Signal | null> {
  const { functionId, nodeId, args, prompt, approvedHash = null } = work;
  const judged = await judge(ctx, run, { kind: "task", payload: args, tool: functionId, node: nodeId, agent });
  if (judged === null || judged.rule === null || judged.decision === "allow") return null;
  const { rule, version } = judged;
  const what = { rule: rule.name, version, nodeId, functionId };
  if (judged.decision === "block") {
    await noteRun(ctx, run, "policy.blocked", what);
    return { kind: "error", error: blocked(rule, `"${nodeId}" (${functionId})`) };
  }
  const payload: Json = {
    function: functionId,
    ...(prompt === null ? {} : { prompt }),
    ...(args === null ? {} : { config: args }),
    ...(agent === null ? {} : { agent }),
  };
  const hash = await sha256Hex(toJsonText(payload, "payload"));
  if (approvedHash === hash) {
    await noteRun(ctx, run, "policy.satisfied", { ...what, payloadHash: hash });
    return null;
  }
  await noteRun(ctx, run, approvedHash === null ? "policy.held" : "policy.changed", {
    ...what,
    payloadHash: hash,
    approvedHash,
  });
  const changed = approvedHash === null ? "" : "This is not what was approved. ";
  return {
    ...{
      kind: "hold",
      question: `${changed}Run "${nodeId}" (${functionId})?${because(rule)}`,
      payload,
      rule: rule.name,
    },
    ...{ approvers: rule.approvers, quorum: rule.quorum, fourEyes: rule.fourEyes, tier: rule.tier },
    ...{ channels: rule.channels, reasonRequired: rule.reasonRequired },
  };
}

/** Of a function that a hand calls by itself: nobody can be asked in the middle of it, so what would be asked about is refused too. */
export async function demandAllowed(
  ctx: MutationCtx,
  run: Doc<"runs">,
  call: { functionId: string; nodeId: string; args: Json; agent: string | null },
): Promise<void> {
  const { functionId, nodeId, args, agent } = call;
  const judged = await judge(ctx, run, { kind: "task", payload: args, tool: functionId, node: nodeId, agent });
  if (judged === null || judged.rule === null || judged.decision === "allow") return;
  const { rule, version } = judged;
  await noteRun(ctx, run, "policy.blocked", { rule: rule.name, version, nodeId, functionId });
  const { code, message } = blocked(rule, `"${nodeId}" (${functionId})`);
  fail(code, message, {
    remedy:
      judged.decision === "ask"
        ? "call it in a step of its own, where somebody can be asked"
        : "factory policy test shows which rule speaks and why",
  });
}

export interface CallJudged {
  decision: PolicyDecision;
  /** Null: no rule speaks, and the tool's own default counts. */
  rule: PolicyRule | null;
  /** For a question: ` (policy: production, it is shared)`, or nothing. */
  because: string;
  /** For a refusal: `: it is shared`, or nothing. */
  why: string;
}

/**
 * Of an agent's call of a tool with consequences outside. Where no rule speaks the person served is asked; a call that changes nothing
 * passes.
 */
export async function judgeCall(
  ctx: QueryCtx,
  person: Doc<"people">,
  call: { toolName: string; agent: string; payload: Json; readOnly: boolean },
): Promise<CallJudged> {
  const { toolName: tool, agent, payload, readOnly } = call;
  const row = await newestPolicy(ctx);
  const { decision, rule } = decide(policyOf(row), {
    ...{ kind: "tool", tool, agent, payload, input: payload, workflow: "", node: null, tier: null },
    ...factsIn(payload),
    person: person.name,
    roles: await rolesOf(ctx, person, Date.now()),
  });
  if (rule === null) return { decision: readOnly ? "allow" : "ask", rule, because: "", why: "" };
  return { decision, rule, because: because(rule), why: rule.reason === null ? "" : `: ${rule.reason}` };
}

/** How strict a question is, as text to be compared. Null: whoever is served is asked. */
export function demandOf(rule: PolicyRule | null): string {
  if (rule === null) return "";
  const { name, approvers, quorum, fourEyes, tier } = rule;
  return toJsonText({ name, approvers, quorum, fourEyes, tier }, "rule");
}

export type StartJudged =
  | { kind: "allow" }
  | { kind: "block"; error: ErrorInfo }
  | { kind: "ask"; question: string; rule: NonNullable<Spoken["rule"]> };

/** Of the start of a run. */
export async function judgeStart(ctx: MutationCtx, run: Doc<"runs">): Promise<StartJudged> {
  const judged = await judge(ctx, run, { kind: "run", payload: JSON.parse(run.input) as Json });
  if (judged === null || judged.rule === null || judged.decision === "allow") return { kind: "allow" };
  const { rule, version } = judged;
  const block = judged.decision === "block";
  await noteRun(ctx, run, block ? "policy.blocked" : "policy.held", {
    rule: rule.name,
    version,
    workflow: run.workflow,
  });
  if (block) return { kind: "block", error: blocked(rule, `a run of ${run.workflow}`) };
  return { kind: "ask", rule, question: `Start ${run.title}?${because(rule)}` };
}

interface Strict {
  approvers: string[] | null;
  quorum: number;
  fourEyes: boolean;
  tier: Tier;
  options: string[];
  reasonRequired: string[];
  payload: Json;
  nodeId: string;
}

/** Of a question that a definition asks: a rule can only make it stricter. `rule` null: as it was. */
export async function judgeQuestion<Q extends Strict>(
  ctx: MutationCtx,
  run: Doc<"runs">,
  question: Q,
): Promise<{ question: Q; rule: string | null; error: ErrorInfo | null }> {
  const { payload, nodeId, tier } = question;
  const judged = await judge(ctx, run, { kind: "question", payload, node: nodeId, tier });
  if (judged === null || judged.rule === null || judged.decision === "allow")
    return { question, rule: null, error: null };
  const { rule, version } = judged;
  const what = { rule: rule.name, version, nodeId };
  if (judged.decision === "block") {
    await noteRun(ctx, run, "policy.blocked", what);
    return { question, rule: rule.name, error: blocked(rule, `the question "${nodeId}"`) };
  }
  await noteRun(ctx, run, "policy.stricter", what);
  const stricter = {
    ...question,
    approvers: question.approvers ?? rule.approvers,
    quorum: Math.max(question.quorum, rule.quorum),
    fourEyes: question.fourEyes || rule.fourEyes,
    tier: heavier(question.tier, rule.tier),
    reasonRequired: rule.reasonRequired ? question.options : question.reasonRequired,
  };
  return { question: stricter, rule: rule.name, error: null };
}

const WEIGHTS: Tier[] = ["low", "medium", "high"];
const heavier = (a: Tier, b: Tier): Tier => (WEIGHTS.indexOf(a) >= WEIGHTS.indexOf(b) ? a : b);

const because = (rule: { name: string; reason: string | null }): string =>
  ` (policy: ${rule.name}${rule.reason === null ? "" : `, ${rule.reason}`})`;

export const BLOCKED = "blocked by the policy";

function blocked(rule: { name: string; reason: string | null }, what: string): ErrorInfo {
  const why = rule.reason === null ? "" : `: ${rule.reason}`;
  return errorInfo("forbidden", `${BLOCKED}: rule "${rule.name}" does not let ${what} go on${why}`, {
    remedy: "factory policy test shows which rule speaks and why",
  });
}

async function noteRun(
  ctx: MutationCtx,
  run: Doc<"runs">,
  kind: string,
  detail: Record<string, unknown>,
): Promise<void> {
  await record(ctx, { subject: `run:${run._id}`, kind, person: null, handle: null, channel: null, detail });
}
