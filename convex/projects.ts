/** Projects, and where the team talks, as the command reaches them. */
import { v } from "convex/values";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import { type ChannelView, listChannels, listSessions, type SessionView } from "./model/channels.ts";
import { resolveActor } from "./model/people.ts";
import type { ProjectView } from "./model/project_view.ts";
import { projectView } from "./model/project_view.ts";
import * as projects from "./model/projects.ts";
import { vActor } from "./model/validators.ts";

/** `now`: the caller's clock; budgets are of its month. */
export const list = gatewayQuery({
  args: { actor: vActor, now: v.number() },
  handler: async (ctx, { actor, now }): Promise<ProjectView[]> => {
    await resolveActor(ctx, actor);
    const rows = await projects.allProjects(ctx);
    return await Promise.all(rows.map(async (row) => await projectView(ctx, row, now)));
  },
});

/** Throws `conflict` when there is one of that name. `repo`: `owner/name`. */
export const create = gatewayMutation({
  args: { actor: vActor, name: v.string(), repo: v.optional(v.union(v.string(), v.null())) },
  handler: async (ctx, { actor, name, repo }): Promise<ProjectView> => {
    const acting = await resolveActor(ctx, actor);
    return await projectView(ctx, await projects.createProject(ctx, acting, { name, repo: repo ?? null }), Date.now());
  },
});

/** What is not given stays. `repo` null: it has none. */
export const set = gatewayMutation({
  args: {
    actor: vActor,
    project: v.string(),
    name: v.optional(v.string()),
    repo: v.optional(v.union(v.string(), v.null())),
  },
  handler: async (ctx, { actor, project, ...change }): Promise<ProjectView> => {
    const acting = await resolveActor(ctx, actor);
    return await projectView(ctx, await projects.setProject(ctx, acting, project, change), Date.now());
  },
});

/** Topics that agents opened in channels, newest first, at most 50. */
export const sessions = gatewayQuery({
  args: { actor: vActor },
  handler: async (ctx, { actor }): Promise<SessionView[]> => {
    await resolveActor(ctx, actor);
    return await listSessions(ctx);
  },
});

/** Shared places where people talked with an agent or were told something, newest first, at most 100. */
export const channels = gatewayQuery({
  args: { actor: vActor },
  handler: async (ctx, { actor }): Promise<ChannelView[]> => {
    await resolveActor(ctx, actor);
    return await listChannels(ctx);
  },
});
