import { v } from "convex/values";
import type { Json } from "../src/flow/definition.ts";
import type { Doc } from "./_generated/dataModel.js";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import { record } from "./model/audit.ts";
import { type Problem, problemsOf } from "./model/compile.ts";
import { definitionOf } from "./model/definitions.ts";
import { resolveActor } from "./model/people.ts";
import { demand } from "./model/rights.ts";
import { vActor } from "./model/validators.ts";
import { createDefinition, demandLatest } from "./model/workflows.ts";

export interface WorkflowView {
  name: string;
  version: number;
  title: string;
  description: string | null;
  /** JSON schema as JSON text; null: no input is declared. */
  inputs: string | null;
  nodes: { id: string; type: string }[];
  createdAt: number;
}

const MAX_LISTED = 500;

export const create = gatewayMutation({
  args: { actor: vActor, source: v.string(), file: v.string(), origin: v.optional(v.literal("builtin")) },
  handler: async (ctx, args): Promise<{ name: string; version: number; changed: boolean; warnings: string[] }> => {
    const acting = await resolveActor(ctx, args.actor);
    demand(acting, "workflows.manage");
    const { row, changed, warnings } = await createDefinition(ctx, args, {
      shown: acting.shown,
      builtin: args.origin === "builtin",
    });
    if (changed) {
      await record(ctx, {
        subject: `workflow:${row.name}`,
        kind: "workflow.created",
        person: { id: acting.person._id, shown: acting.shown },
        handle: acting.handle,
        channel: acting.channel,
        detail: { version: row.version, graphHash: row.graphHash },
      });
    }
    return { name: row.name, version: row.version, changed, warnings };
  },
});

export const validate = gatewayQuery({
  args: { source: v.string(), file: v.string() },
  handler: async (_ctx, { source, file }): Promise<{ ok: boolean; problems: Problem[]; warnings: Problem[] }> => {
    const { problems, warnings } = problemsOf(source, file);
    return { ok: problems.length === 0, problems, warnings };
  },
});

export const list = gatewayQuery({
  args: {},
  handler: async (ctx): Promise<WorkflowView[]> => {
    const rows = await ctx.db
      .query("workflows")
      .withIndex("by_latest_and_name", (q) => q.eq("latest", true))
      .take(MAX_LISTED);
    return rows.map(view);
  },
});

export const show = gatewayQuery({
  args: { name: v.string() },
  handler: async (ctx, { name }): Promise<WorkflowView & { source: string; file: string }> => {
    const row = await demandLatest(ctx, name);
    return { ...view(row), source: row.source, file: row.file };
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
    await record(ctx, {
      subject: `workflow:${row.name}`,
      kind: "workflow.removed",
      person: { id: acting.person._id, shown: acting.shown },
      handle: acting.handle,
      channel: acting.channel,
      detail: { version: row.version },
    });
    return null;
  },
});

function view(row: Doc<"workflows">): WorkflowView {
  const definition = definitionOf(row);
  const inputs: Json = definition.inputs;
  return {
    name: row.name,
    version: row.version,
    title: row.title,
    description: row.description,
    inputs: inputs === null ? null : JSON.stringify(inputs),
    nodes: Object.entries(definition.nodes).map(([id, node]) => ({ id, type: node.type })),
    createdAt: row.createdAt,
  };
}
