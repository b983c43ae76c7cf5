/** Who somebody is: persons, their handles and roles, and the resolution of an ingress's `Actor` at the moment of acting. */
import type { Actor } from "../../src/contract/actor.ts";
import { FactoryError } from "../../src/contract/errors.ts";
import { channelOf, parseHandle } from "../../src/contract/handle.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { fail, toConvexError } from "./errors.ts";

export interface Acting {
  person: Doc<"people">;
  /** The handle the platform vouched for; null for the operator's shell. */
  handle: string | null;
  channel: string;
  /** The OS user, when the operator acts for another; else null. */
  operator: string | null;
  /** Whose act it is for quorum and four eyes: the operator's own person when they act for another (I10). */
  countsAs: Id<"people">;
  /** "Ana", "operator (root) for Ana" */
  shown: string;
  /** The platform's id of the message or press with which they act; absent: there is none. */
  message?: string;
}

const LAST_USED_RESOLUTION_MS = 60_000;
const MAX_NAME = 80;

export const nameKeyOf = (name: string): string => name.normalize("NFC").trim().replace(/\s+/g, " ").toLowerCase();

/** Throws `forbidden` with the way to enrol for a handle nobody has, `not_found` for `--as` somebody unknown. */
export async function resolveActor(ctx: QueryCtx, actor: Actor): Promise<Acting> {
  if (actor.kind === "handle") {
    const person = await personByHandle(ctx, actor.handle);
    if (person === null) {
      fail("forbidden", `${actor.handle} is not linked to a person here`, {
        remedy: `the owner links it with: factory people link NAME ${actor.handle}`,
        field: "handle",
      });
    }
    return {
      person,
      handle: actor.handle,
      channel: actor.channel,
      operator: null,
      countsAs: person._id,
      shown: person.name,
    };
  }
  const owner = await theOwner(ctx);
  if (owner === null) {
    fail("conflict", "nobody owns this installation yet", { remedy: "start the bot once with: npm start" });
  }
  const person = actor.as === null ? owner : await demandPerson(ctx, actor.as, "as");
  const forAnother = person._id !== owner._id;
  return {
    person,
    handle: null,
    channel: actor.channel,
    operator: forAnother ? actor.osUser : null,
    countsAs: owner._id,
    shown: forAnother ? `operator (${actor.osUser}) for ${person.name}` : person.name,
  };
}

/** Null for a suspended handle too: nothing that comes from it counts. */
export async function personByHandle(ctx: QueryCtx, handle: string): Promise<Doc<"people"> | null> {
  const row = await handleRow(ctx, handle);
  return row === null || row.suspended != null ? null : await ctx.db.get("people", row.personId);
}

export async function handleRow(ctx: QueryCtx, handle: string): Promise<Doc<"handles"> | null> {
  return await ctx.db
    .query("handles")
    .withIndex("by_handle", (q) => q.eq("handle", handle))
    .unique();
}

export async function personByName(ctx: QueryCtx, name: string): Promise<Doc<"people"> | null> {
  return await ctx.db
    .query("people")
    .withIndex("by_nameKey", (q) => q.eq("nameKey", nameKeyOf(name)))
    .unique();
}

export async function demandPerson(ctx: QueryCtx, name: string, field = "name"): Promise<Doc<"people">> {
  const person = await personByName(ctx, name);
  if (person === null) {
    fail("not_found", `there is no person named "${name}"`, { field, remedy: "factory people list shows them" });
  }
  return person;
}

export async function theOwner(ctx: QueryCtx): Promise<Doc<"people"> | null> {
  return await ctx.db
    .query("people")
    .withIndex("by_isOwner", (q) => q.eq("isOwner", true))
    .first();
}

/** The owner, made on the first start, with `terminal:OSUSER` linked if nobody else has it. Idempotent. */
export async function ensureOwner(
  ctx: MutationCtx,
  osUser: string,
): Promise<{ owner: Doc<"people">; created: boolean }> {
  const existing = await theOwner(ctx);
  const owner = existing ?? (await insertPerson(ctx, osUser, ["owner"], true));
  const handle = `terminal:${terminalName(osUser)}`;
  if ((await handleRow(ctx, handle)) === null) {
    await ctx.db.insert("handles", { handle, channel: "terminal", personId: owner._id, lastUsedAt: Date.now() });
  }
  return { owner, created: existing === null };
}

/** A system user's name as a terminal handle can carry it. */
export const terminalName = (osUser: string): string => osUser.replace(/[\s/:]+/g, "-").slice(0, 64) || "owner";

export async function insertPerson(
  ctx: MutationCtx,
  name: string,
  roles: string[],
  isOwner = false,
): Promise<Doc<"people">> {
  const shown = name.normalize("NFC").trim().replace(/\s+/g, " ");
  // Names decide who answers, so none may look like another: nothing invisible, nothing that turns the reading direction. In a shared
  // thread a message begins with its speaker's name in brackets, so no name may hold the end of one.
  if (shown === "" || shown.length > MAX_NAME || /[:"[\]]|\p{C}/u.test(shown)) {
    fail("invalid_input", `"${name.slice(0, MAX_NAME)}" cannot be a person's name`, {
      field: "name",
      remedy: `1 to ${MAX_NAME} characters that can be seen, without : " [ ]`,
    });
  }
  if ((await personByName(ctx, shown)) !== null) {
    fail("conflict", `there is already a person named "${shown}"`, {
      field: "name",
      remedy: "choose another name, or change that person with factory people role and factory people link",
    });
  }
  const personId = await ctx.db.insert("people", {
    name: shown,
    nameKey: nameKeyOf(shown),
    roles: checkRoles(roles),
    preferredHandle: null,
    isOwner,
  });
  return (await ctx.db.get("people", personId))!;
}

export function checkRoles(roles: string[]): string[] {
  for (const role of roles) {
    if (!/^[a-z0-9][a-z0-9_-]{0,39}$/i.test(role)) {
      fail("invalid_input", `"${role}" cannot be a role`, {
        field: "roles",
        remedy: "letters, digits, - and _, at most 40",
      });
    }
  }
  return [...new Set(roles.map((role) => role.toLowerCase()))];
}

/** Throws `conflict` when somebody else has the handle. */
export async function linkHandle(ctx: MutationCtx, person: Doc<"people">, handle: string): Promise<void> {
  const { channel } = asConvexError(() => parseHandle(handle));
  const row = await handleRow(ctx, handle);
  if (row !== null && row.personId !== person._id) {
    const other = await ctx.db.get("people", row.personId);
    fail("conflict", `${handle} belongs to ${other?.name ?? "somebody else"}`, {
      field: "handle",
      remedy: "unlink it there first",
    });
  }
  if (row === null) {
    await ctx.db.insert("handles", { handle, channel, personId: person._id, lastUsedAt: Date.now() });
  } else if (row.suspended === "replaced") {
    // Whoever is opted out stays so until they say otherwise themselves.
    await ctx.db.patch("handles", row._id, { suspended: null, lastUsedAt: Date.now() });
  }
}

/** Notes that a person is reachable by this handle now. Coarse, so that a burst of messages does not rewrite the row. */
export async function touchHandle(ctx: MutationCtx, handle: string): Promise<void> {
  const row = await handleRow(ctx, handle);
  const now = Date.now();
  if (row !== null && now - row.lastUsedAt > LAST_USED_RESOLUTION_MS) {
    await ctx.db.patch("handles", row._id, { lastUsedAt: now });
  }
}

/** In use, last used first. */
export async function handlesOf(ctx: QueryCtx, personId: Id<"people">): Promise<Doc<"handles">[]> {
  return (await allHandlesOf(ctx, personId)).filter((row) => row.suspended == null);
}

/** With those that are suspended. */
export async function allHandlesOf(ctx: QueryCtx, personId: Id<"people">): Promise<Doc<"handles">[]> {
  return await ctx.db
    .query("handles")
    .withIndex("by_personId_and_lastUsedAt", (q) => q.eq("personId", personId))
    .order("desc")
    .take(50);
}

/** Where a person is asked: the preferred handle, else the one last used; null: nowhere. The place of a handle is the handle. */
export async function placeOf(
  ctx: QueryCtx,
  person: Doc<"people">,
  not?: string,
): Promise<{ channel: string; place: string } | null> {
  const handles = (await handlesOf(ctx, person._id)).filter((row) => row.handle !== not);
  const chosen = handles.find((row) => row.handle === person.preferredHandle) ?? handles[0];
  return chosen === undefined ? null : { channel: channelOf(chosen.handle) ?? chosen.channel, place: chosen.handle };
}

/** Holders of a role. The owner's installation has few persons; the bound is a guard, not a page. */
export async function peopleWithRole(ctx: QueryCtx, role: string): Promise<Doc<"people">[]> {
  const everybody = await ctx.db.query("people").take(1000);
  return everybody.filter((person) => person.roles.includes(role.toLowerCase()));
}

/** Throws what the contract's parsers throw as an error that crosses the wire. */
export function asConvexError<T>(body: () => T): T {
  try {
    return body();
  } catch (thrown) {
    if (thrown instanceof FactoryError) throw toConvexError(thrown.info);
    throw thrown;
  }
}
