/** Who is there to do the work: the people with their roles, and the agents. */
import type { QueryCtx } from "../_generated/server.js";
import { CREW } from "../agents/crew.ts";
import { rolesAndHands } from "./profiles.ts";
import { rolesOf } from "./rotas.ts";
import { ASSIGNABLE_AGENTS } from "./tasks.ts";

export interface TeamView {
  /** `roles` as they are now, those of somebody on call among them. */
  people: { name: string; roles: string[] }[];
  /** `canBeAssigned`: a task can be given to it by this name. */
  agents: { name: string; does: string; canBeAssigned: boolean }[];
  more: boolean;
}

const MAX_PEOPLE = 100;

export async function listTeam(ctx: QueryCtx, now: number): Promise<TeamView> {
  const rows = await ctx.db.query("people").take(MAX_PEOPLE + 1);
  const people = await Promise.all(
    rows.slice(0, MAX_PEOPLE).map(async (person) => ({ name: person.name, roles: await rolesOf(ctx, person, now) })),
  );
  const profiles = (await rolesAndHands(ctx)).map(({ kind, name, title }) => ({
    name,
    does: `${title} (${kind === "hand" ? "a hand" : "a role in workflows"})`,
    canBeAssigned: false,
  }));
  const crew = Object.entries(CREW).map(([name, { title }]) => ({
    name,
    does: title,
    canBeAssigned: (ASSIGNABLE_AGENTS as readonly string[]).includes(name),
  }));
  const agents = [...crew, ...profiles];
  return { people, agents, more: rows.length > MAX_PEOPLE };
}
