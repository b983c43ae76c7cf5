import { v } from "convex/values";
import type { Person, Shift } from "../src/contract/person.ts";
import { parseQuiet, quietText } from "../src/flow/quiet.ts";
import { internal } from "./_generated/api.js";
import type { Doc } from "./_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "./_generated/server.js";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import { doneBy, record } from "./model/audit.ts";
import * as enrolment from "./model/enrolment.ts";
import { fail } from "./model/errors.ts";
import { askWaiting, reconsider } from "./model/hand_on.ts";
import * as people from "./model/people.ts";
import { demand } from "./model/rights.ts";
import { addShift, shiftsOf } from "./model/rotas.ts";
import { vActor } from "./model/validators.ts";

export const add = gatewayMutation({
  args: { actor: vActor, name: v.string(), roles: v.array(v.string()) },
  handler: async (ctx, { actor, name, roles }): Promise<Person> => {
    const acting = await manager(ctx, actor);
    const person = await people.insertPerson(ctx, name, notOwner(roles));
    await note(ctx, acting, person, "person.added", { roles: person.roles });
    return await view(ctx, person);
  },
});

export const list = gatewayQuery({
  args: { actor: vActor },
  handler: async (ctx, { actor }): Promise<Person[]> => {
    await people.resolveActor(ctx, actor);
    const rows = await ctx.db.query("people").take(1000);
    return await Promise.all(rows.map((person) => view(ctx, person)));
  },
});

/** Who acts, as the record names them; fails for a person or handle that nobody knows. For calls that name no actor themselves. */
export const acting = gatewayQuery({
  args: { actor: vActor },
  handler: async (ctx, { actor }): Promise<{ name: string; shown: string }> => {
    const { person, shown } = await people.resolveActor(ctx, actor);
    return { name: person.name, shown };
  },
});

export const setRoles = gatewayMutation({
  args: { actor: vActor, name: v.string(), add: v.array(v.string()), remove: v.array(v.string()) },
  handler: async (ctx, args): Promise<Person> => {
    const acting = await manager(ctx, args.actor);
    const person = await people.demandPerson(ctx, args.name);
    const removed = people.checkRoles(notOwner(args.remove));
    const roles = people.checkRoles([...person.roles, ...notOwner(args.add)]).filter((role) => !removed.includes(role));
    await ctx.db.patch("people", person._id, { roles });
    await note(ctx, acting, person, "person.roles", { roles, before: person.roles });
    if (removed.length > 0) await reconsider(ctx, person._id);
    if (args.add.length > 0) await askWaiting(ctx);
    return await view(ctx, { ...person, roles });
  },
});

export const link = gatewayMutation({
  args: { actor: vActor, name: v.string(), handle: v.string() },
  handler: async (ctx, { actor, name, handle }): Promise<Person> => {
    const acting = await manager(ctx, actor);
    const person = await people.demandPerson(ctx, name);
    await people.linkHandle(ctx, person, handle);
    await note(ctx, acting, person, "person.linked", { handle });
    return await view(ctx, person);
  },
});

export const unlink = gatewayMutation({
  args: { actor: vActor, name: v.string(), handle: v.string() },
  handler: async (ctx, { actor, name, handle }): Promise<Person> => {
    const acting = await manager(ctx, actor);
    const person = await people.demandPerson(ctx, name);
    const row = await people.handleRow(ctx, handle);
    if (row === null || row.personId !== person._id) {
      fail("not_found", `${handle} is not linked to ${person.name}`, {
        field: "handle",
        remedy: "factory people list shows who has which handle",
      });
    }
    await ctx.db.delete("handles", row._id);
    if (person.preferredHandle === handle) await ctx.db.patch("people", person._id, { preferredHandle: null });
    await note(ctx, acting, person, "person.unlinked", { handle });
    return await view(ctx, person);
  },
});

/** Issues a code which links the account on `channel` that sends it within ten minutes. Everybody may enrol themselves. */
export const enrol = gatewayMutation({
  args: { actor: vActor, name: v.string(), channel: v.string() },
  handler: async (ctx, { actor, name, channel }): Promise<enrolment.Enrolling> => {
    const acting = await people.resolveActor(ctx, actor);
    return await enrolment.enrol(ctx, acting, name, channel);
  },
});

/** Where the person is asked; null: again where they were last. Everybody may choose for themselves. */
export const prefer = gatewayMutation({
  args: { actor: vActor, name: v.string(), handle: v.union(v.string(), v.null()) },
  handler: async (ctx, { actor, name, handle }): Promise<Person> => {
    const { acting, person } = await selfOrManager(ctx, actor, name);
    if (handle !== null && (await people.handleRow(ctx, handle))?.personId !== person._id) {
      fail("not_found", `${handle} is not linked to ${person.name}`, {
        field: "handle",
        remedy: `factory people link ${person.name} ${handle}, or enrol it`,
      });
    }
    await ctx.db.patch("people", person._id, { preferredHandle: handle });
    await note(ctx, acting, person, "person.preferred", { handle, before: person.preferredHandle });
    return await view(ctx, { ...person, preferredHandle: handle });
  },
});

/** Hours (`22:00-07:00`) without what can wait; null: none. Everybody may choose for themselves. */
export const quiet = gatewayMutation({
  args: { actor: vActor, name: v.string(), hours: v.union(v.string(), v.null()), zone: v.string() },
  handler: async (ctx, { actor, name, hours, zone }): Promise<Person> => {
    const { acting, person } = await selfOrManager(ctx, actor, name);
    const given = hours === null ? null : people.asConvexError(() => parseQuiet(hours, zone));
    await ctx.db.patch("people", person._id, { quiet: given });
    await note(ctx, acting, person, "person.quiet", { quiet: given === null ? null : quietText(given) });
    return await view(ctx, { ...person, quiet: given });
  },
});

/** Puts a person on call for a role; returns the role's shifts that are not over, soonest first. */
export const onCall = gatewayMutation({
  args: { actor: vActor, role: v.string(), name: v.string(), from: v.number(), until: v.number() },
  handler: async (ctx, { actor, name, from, until, ...args }): Promise<Shift[]> => {
    const acting = await manager(ctx, actor);
    const person = await people.demandPerson(ctx, name);
    const [role = ""] = people.checkRoles(notOwner([args.role]));
    await addShift(ctx, { role, personId: person._id, from, until });
    await note(ctx, acting, person, "person.onCall", { role, from, until });
    // Whoever goes off duty may no longer answer for the role; then others are asked.
    await ctx.scheduler.runAt(until, internal.approvals.reconsider, { personId: person._id });
    return await shiftViews(ctx, role);
  },
});

/** Shifts of a role that are not over, soonest first. */
export const shifts = gatewayQuery({
  args: { actor: vActor, role: v.string() },
  handler: async (ctx, { actor, role }): Promise<Shift[]> => {
    await people.resolveActor(ctx, actor);
    return await shiftViews(ctx, role.toLowerCase());
  },
});

async function shiftViews(ctx: QueryCtx, role: string): Promise<Shift[]> {
  const rows = await shiftsOf(ctx, role, Date.now());
  const names = await Promise.all(rows.map(async (row) => (await ctx.db.get("people", row.personId))?.name ?? "?"));
  return rows.map(({ from, until }, at) => ({ role, name: names[at]!, from, until }));
}

async function selfOrManager(
  ctx: MutationCtx,
  actor: Parameters<typeof people.resolveActor>[1],
  name: string,
): Promise<{ acting: people.Acting; person: Doc<"people"> }> {
  const acting = await people.resolveActor(ctx, actor);
  const person = await people.demandPerson(ctx, name);
  if (person._id !== acting.person._id) demand(acting, "people.manage");
  return { acting, person };
}

async function manager(ctx: MutationCtx, actor: Parameters<typeof people.resolveActor>[1]): Promise<people.Acting> {
  const acting = await people.resolveActor(ctx, actor);
  demand(acting, "people.manage");
  return acting;
}

/** The owner is made by the first start and stays: nobody becomes or stops being one by a list of roles. */
function notOwner(roles: string[]): string[] {
  if (roles.some((role) => role.toLowerCase() === "owner")) {
    fail("invalid_input", "the role owner is not given or taken", { field: "roles", remedy: "use admin" });
  }
  return roles;
}

async function note(
  ctx: MutationCtx,
  acting: people.Acting,
  person: Doc<"people">,
  kind: string,
  detail: Record<string, unknown>,
): Promise<void> {
  await record(ctx, {
    subject: `person:${person._id}`,
    kind,
    ...doneBy(acting),
    detail: { name: person.name, ...detail },
  });
}

async function view(ctx: Parameters<typeof people.handlesOf>[0], person: Doc<"people">): Promise<Person> {
  const handles = await people.allHandlesOf(ctx, person._id);
  return {
    personId: person._id,
    name: person.name,
    roles: person.roles,
    handles: handles.map((row) => row.handle),
    preferredHandle: person.preferredHandle,
    suspended: handles.filter((row) => row.suspended != null).map((row) => row.handle),
    quiet: person.quiet == null ? null : quietText(person.quiet),
  };
}
