/** Roles and hands, and what the machines of the gateways can do: what definitions may name. */

import { v } from "convex/values";
import type { Profile } from "../src/contract/workflow.ts";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import { doneBy, record } from "./model/audit.ts";
import type { Problem } from "./model/compile.ts";
import { handWorkflow, handWorkflowName } from "./model/hand_workflow.ts";
import { resolveActor } from "./model/people.ts";
import { installProfile, profileProblemsOf, rolesAndHands } from "./model/profiles.ts";
import { demand } from "./model/rights.ts";
import { retireSchedules } from "./model/schedules.ts";
import { vActor } from "./model/validators.ts";
import { createDefinition, latestOf } from "./model/workflows.ts";
import { vProfileKind } from "./tables/profiles.ts";

/** The file as it is now. A hand with a schedule gets a workflow of its own, `hand-NAME`, that runs it. */
export const install = gatewayMutation({
  args: { actor: vActor, kind: vProfileKind, source: v.string(), file: v.string() },
  handler: async (ctx, { actor, kind, source, file }): Promise<{ name: string; changed: boolean }> => {
    const acting = await resolveActor(ctx, actor);
    demand(acting, "workflows.manage");
    const { profile, changed } = await installProfile(ctx, kind, source, file, acting);
    if (!changed) return { name: profile.name, changed };
    if (profile.kind === "hand") {
      const made = await latestOf(ctx, handWorkflowName(profile.name));
      if (profile.schedule !== null) {
        const by = { shown: acting.shown, personId: acting.person._id, builtin: false };
        await createDefinition(ctx, { source: handWorkflow(profile), file }, by);
      } else if (made !== null) {
        await ctx.db.patch("workflows", made._id, { latest: false });
        await retireSchedules(ctx, made.name);
      }
    }
    await record(ctx, {
      subject: `${kind}:${profile.name}`,
      kind: `${kind}.installed`,
      ...doneBy(acting),
      detail: { file },
    });
    return { name: profile.name, changed };
  },
});

/** What is wrong with a file, storing nothing. */
export const check = gatewayQuery({
  args: { kind: vProfileKind, source: v.string(), file: v.string() },
  handler: async (_ctx, { kind, source, file }): Promise<{ ok: boolean; problems: Problem[] }> => {
    const problems = profileProblemsOf(kind, source, file);
    return { ok: problems.length === 0, problems };
  },
});

export const list = gatewayQuery({
  args: {},
  handler: async (ctx): Promise<Profile[]> =>
    (await rolesAndHands(ctx)).map(({ kind, name, title, description, file }) => ({
      kind,
      name,
      title,
      description,
      file,
    })),
});

/** What the gateway's machine can do, as it found out at its start. */
export const announce = gatewayMutation({
  args: { gatewayId: v.string(), sandboxes: v.array(v.string()), workspace: v.boolean() },
  handler: async (ctx, { gatewayId, sandboxes, workspace }): Promise<null> => {
    const row = await ctx.db
      .query("machines")
      .withIndex("by_gatewayId", (q) => q.eq("gatewayId", gatewayId))
      .unique();
    const fields = { gatewayId, sandboxes, workspace, at: Date.now() };
    if (row === null) await ctx.db.insert("machines", fields);
    else await ctx.db.patch("machines", row._id, fields);
    return null;
  },
});
