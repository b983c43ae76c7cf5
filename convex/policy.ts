import { v } from "convex/values";
import type { PolicyTested } from "../src/contract/governance.ts";
import type { Json } from "../src/flow/definition.ts";
import { decide, demandPolicy, factsIn, KINDS, type PolicyView, spokenText } from "../src/flow/policy.ts";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import { isAskedAbout, isGuarded } from "./agents/tools/define.ts";
import { toolNamed } from "./agents/tools/index.ts";
import { parseJson } from "./model/json.ts";
import { asConvexError, demandPerson, resolveActor } from "./model/people.ts";
import { newestPolicy, policyOf, setPolicy } from "./model/policy.ts";
import { rolesOf } from "./model/rotas.ts";
import { vActor } from "./model/validators.ts";

/** The policy that counts now. */
export const show = gatewayQuery({
  args: { actor: vActor },
  handler: async (ctx, { actor }): Promise<PolicyView> => {
    await resolveActor(ctx, actor);
    const row = await newestPolicy(ctx);
    const { rules, optOuts } = policyOf(row);
    return {
      version: row?.version ?? 0,
      source: row?.source ?? "",
      file: row?.file ?? "",
      ...{ rules, optOuts },
      setBy: row?.setByShown ?? null,
      at: row?.at ?? null,
    };
  },
});

/** Throws `invalid_definition` with every problem; then the policy before goes on to count. */
export const set = gatewayMutation({
  args: { actor: vActor, source: v.string(), file: v.string() },
  handler: async (ctx, { actor, source, file }): Promise<{ version: number; changed: boolean; rules: number }> => {
    const { row, changed } = await setPolicy(ctx, await resolveActor(ctx, actor), source, file);
    return { version: row.version, changed, rules: policyOf(row).rules.length };
  },
});

/** What would be decided; nothing is done or recorded. With `source` of that policy instead of the one that counts. */
export const test = gatewayQuery({
  args: {
    actor: vActor,
    kind: v.optional(v.string()),
    tool: v.optional(v.string()),
    workflow: v.optional(v.string()),
    node: v.optional(v.string()),
    agent: v.optional(v.string()),
    env: v.optional(v.string()),
    cost: v.optional(v.number()),
    /** JSON text, each. */
    payload: v.optional(v.string()),
    input: v.optional(v.string()),
    /** For whom; absent: the actor. */
    person: v.optional(v.string()),
    source: v.optional(v.string()),
    file: v.optional(v.string()),
  },
  handler: async (ctx, args): Promise<PolicyTested> => {
    const acting = await resolveActor(ctx, args.actor);
    const person = args.person === undefined ? acting.person : await demandPerson(ctx, args.person, "person");
    const { source, file } = args;
    const policy =
      source === undefined
        ? policyOf(await newestPolicy(ctx))
        : asConvexError(() => demandPolicy(source, file ?? "policy.yaml"));
    const payload: Json = args.payload === undefined ? null : parseJson(args.payload, "payload");
    const input: Json = args.input === undefined ? null : parseJson(args.input, "input");
    const found = factsIn(payload, input);
    const tool = args.tool === undefined ? null : toolNamed(args.tool);
    const kind =
      KINDS.find((known) => known === args.kind) ??
      (tool === null ? (args.tool === undefined ? "run" : "task") : "tool");
    if (kind === "tool" && tool !== null && !isGuarded(tool)) {
      const text = `allow: the policy is not heard about ${args.tool}, which has no consequences outside`;
      return { decision: "allow", rule: null, text, approvers: null, optedOut: [], looked: [] };
    }
    const spoken = decide(policy, {
      kind,
      ...{ tool: args.tool ?? null, workflow: args.workflow ?? "", node: args.node ?? null, agent: args.agent ?? null },
      ...{ env: args.env ?? found.env, cost: args.cost ?? found.cost, payload, input, tier: null },
      ...{ person: person.name, roles: await rolesOf(ctx, person, Date.now()) },
    });
    const { rule, optedOut, looked } = spoken;
    if (kind === "tool" && rule === null && (tool === null || isAskedAbout(tool))) {
      const text = `ask: no rule of the policy speaks, so ${person.name} is asked, whom it serves`;
      return { decision: "ask", rule: null, text, approvers: [`person:${person.name}`], optedOut, looked };
    }
    const { decision } = spoken;
    const text = spokenText(spoken);
    return { decision, rule: rule?.name ?? null, text, approvers: rule?.approvers ?? null, optedOut, looked };
  },
});
