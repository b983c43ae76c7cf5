/** Who does a step, and whether they may: the role as the run has it, and the rights of that role and of who started the run (W22). */
import { type ErrorInfo, errorInfo } from "../../src/contract/errors.ts";
import type { Definition } from "../../src/flow/definition.ts";
import { own } from "../../src/flow/json.ts";
import { didYouMean } from "../../src/flow/suggest.ts";
import type { StartWork } from "../../src/flow/types.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { STEP_AGENTS } from "../agents/step_agents.ts";
import { record } from "./audit.ts";
import { fail } from "./errors.ts";
import type { Acting } from "./people.ts";
import { profileNames, roleOf } from "./profiles.ts";
import { type Capability, may, roleMay } from "./rights.ts";

/** A schedule or a hook acts as the person who installed it, with that person's rights at that moment. */
export const actingForSystem = (person: Doc<"people">): Acting => ({
  person,
  handle: null,
  channel: "system",
  operator: null,
  countsAs: person._id,
  shown: person.name,
});

export type Bindings = Record<string, string>;

export const bindingsOf = (run: Pick<Doc<"runs">, "agents">): Bindings =>
  run.agents === undefined ? {} : (JSON.parse(run.agents) as Bindings);

/** The role file that stands for a step's role in this run. */
export const performerOf = (run: Pick<Doc<"runs">, "agents">, role: string | null): string | null =>
  role === null ? null : (own(bindingsOf(run), role) ?? role);

/** Refuses, before anything runs, a role that the workflow does not use and an instance that has no file. */
export async function demandBindings(ctx: QueryCtx, definition: Definition, bindings: Bindings): Promise<void> {
  const used = new Set(definition.agents);
  for (const node of Object.values(definition.nodes))
    if ("work" in node && node.work.agent !== null) used.add(node.work.agent);
  const installed: string[] = [...(await profileNames(ctx, "role")), ...STEP_AGENTS];
  for (const [role, instance] of Object.entries(bindings)) {
    if (!used.has(role)) {
      const near = didYouMean(role, [...used]);
      const listed = used.size === 0 ? "the workflow has no roles" : `its roles are ${[...used].join(", ")}`;
      fail("invalid_input", `the workflow ${definition.name} has no role "${role.slice(0, 64)}"`, {
        field: "agents",
        remedy: near ? `did you mean "${near}"?` : listed,
      });
    }
    if (installed.includes(instance)) continue;
    const near = didYouMean(instance, installed);
    fail("not_found", `there is no role "${instance.slice(0, 64)}" to do the work of ${role}`, {
      field: "agents",
      remedy: near
        ? `did you mean "${near}"?`
        : `write its instructions to workflows/agents/${instance.slice(0, 40)}.md`,
    });
  }
}

/** What keeps the step from running, on the record; null: nothing. `agent` is the role file by name; null: no role was named. */
export async function lacking(
  ctx: MutationCtx,
  run: Doc<"runs">,
  work: Pick<StartWork, "nodeId" | "functionId">,
  capability: Capability | null,
  agent: string | null,
): Promise<ErrorInfo | null> {
  if (capability === null) return null;
  // A definition may be older than the check of its roles; a role without a file is a name and has no rights of its own to lack.
  const role = agent === null ? null : await roleOf(ctx, agent);
  const starter = await ctx.db.get("people", run.startedBy);
  const who =
    starter === null || !may(starter, capability)
      ? run.startedByShown
      : role !== null && !roleMay(role.capabilities, capability)
        ? `the role ${role.name}`
        : null;
  if (who === null) return null;
  await record(ctx, {
    subject: `run:${run._id}`,
    kind: "node.refused",
    person: { id: run.startedBy, shown: run.startedByShown },
    handle: null,
    channel: null,
    detail: { nodeId: work.nodeId, functionId: work.functionId, capability, lackedBy: who, agent },
  });
  return errorInfo("forbidden", `${who} lacks ${capability}, which ${work.functionId} needs`, { field: work.nodeId });
}
