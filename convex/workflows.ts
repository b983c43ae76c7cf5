import { v } from "convex/values";
import type { WorkflowSummary } from "../src/contract/workflow.ts";
import type { Json } from "../src/flow/definition.ts";
import type { Doc } from "./_generated/dataModel.js";
import type { QueryCtx } from "./_generated/server.js";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import { doneBy, record } from "./model/audit.ts";
import { type Problem, problemsOf } from "./model/compile.ts";
import { definitionOf } from "./model/definitions.ts";
import { resolveActor } from "./model/people.ts";
import { demand } from "./model/rights.ts";
import { retireSchedules, schedulesOf, viewSchedule } from "./model/schedules.ts";
import { vActor } from "./model/validators.ts";
import { createDefinition, demandLatest } from "./model/workflows.ts";

const MAX_LISTED = 500;

export const create = gatewayMutation({
  args: { actor: vActor, source: v.string(), file: v.string(), origin: v.optional(v.literal("builtin")) },
  handler: async (ctx, args): Promise<{ name: string; version: number; changed: boolean; warnings: string[] }> => {
    const acting = await resolveActor(ctx, args.actor);
    demand(acting, "workflows.manage");
    const { row, changed, warnings } = await createDefinition(ctx, args, {
      shown: acting.shown,
      personId: acting.person._id,
      builtin: args.origin === "builtin",
    });
    if (changed) {
      await record(ctx, {
        subject: `workflow:${row.name}`,
        kind: "workflow.created",
        ...doneBy(acting),
        detail: { version: row.version, graphHash: row.graphHash },
      });
    }
    return { name: row.name, version: row.version, changed, warnings };
  },
});

export const validate = gatewayQuery({
  args: { source: v.string(), file: v.string() },
  handler: async (ctx, { source, file }): Promise<{ ok: boolean; problems: Problem[]; warnings: Problem[] }> => {
    const { problems, warnings } = await problemsOf(ctx, source, file);
    return { ok: problems.length === 0, problems, warnings };
  },
});

export const list = gatewayQuery({
  args: {},
  handler: async (ctx): Promise<WorkflowSummary[]> => {
    const rows = await ctx.db
      .query("workflows")
      .withIndex("by_latest_and_name", (q) => q.eq("latest", true))
      .take(MAX_LISTED);
    return await Promise.all(rows.map((row) => view(ctx, row)));
  },
});

export const show = gatewayQuery({
  args: { name: v.string() },
  handler: async (ctx, { name }): Promise<WorkflowSummary & { source: string; file: string }> => {
    const row = await demandLatest(ctx, name);
    return { ...(await view(ctx, row)), source: row.source, file: row.file };
  },
});

/** Not offered any more. Runs that wait go on; a later `create` under the name counts its versions on. */
export const remove = gatewayMutation({
  args: { actor: vActor, name: v.string() },
  handler: async (ctx, { actor, name }): Promise<null> => {
    const acting = await resolveActor(ctx, actor);
    demand(acting, "workflows.manage");
    const row = await demandLatest(ctx, name);
    await ctx.db.patch("workflows", row._id, { latest: false });
    await retireSchedules(ctx, row.name);
    await record(ctx, {
      subject: `workflow:${row.name}`,
      kind: "workflow.removed",
      ...doneBy(acting),
      detail: { version: row.version },
    });
    return null;
  },
});

async function view(ctx: QueryCtx, row: Doc<"workflows">): Promise<WorkflowSummary> {
  const definition = definitionOf(row);
  const inputs: Json = definition.inputs;
  return {
    name: row.name,
    version: row.version,
    title: row.title,
    description: row.description,
    inputs: inputs === null ? null : JSON.stringify(inputs),
    nodes: Object.entries(definition.nodes).map(([id, node]) => ({ id, type: node.type })),
    agents: definition.agents,
    schedules: (await schedulesOf(ctx, row.name)).map(viewSchedule),
    hook: definition.hook?.name ?? null,
    createdAt: row.createdAt,
  };
}
