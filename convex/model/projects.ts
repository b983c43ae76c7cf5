/** Projects of the factory: made by being named, with an optional repository. */
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { fail } from "./errors.ts";
import { nameKeyOf } from "./people.ts";

const MAX_NAME = 80;
const MAX_PROJECTS = 200;

/** The one factory of this installation, made when there is none. */
export async function theFactory(ctx: MutationCtx): Promise<Id<"factories">> {
  const factory = await ctx.db.query("factories").first();
  return factory?._id ?? (await ctx.db.insert("factories", { name: "Factory" }));
}

/** Made when there is none of that name. Names that differ in case or blanks only are one. */
export async function projectNamed(
  ctx: MutationCtx,
  factoryId: Id<"factories">,
  name: string,
): Promise<Id<"projects">> {
  const existing = await projectRow(ctx, factoryId, name);
  if (existing !== null) return existing._id;
  const shown = name.normalize("NFC").trim().replace(/\s+/g, " ");
  if (shown === "" || shown.length > MAX_NAME || /\p{C}/u.test(shown)) {
    fail("invalid_input", `"${shown.slice(0, MAX_NAME)}" cannot be a project's name`, {
      field: "project",
      remedy: `1 to ${MAX_NAME} characters that can be seen`,
    });
  }
  return await ctx.db.insert("projects", { factoryId, name: shown });
}

/** Throws `not_found`, naming the projects there are. */
export async function demandProject(ctx: QueryCtx, name: string): Promise<Doc<"projects">> {
  const factory = await ctx.db.query("factories").first();
  const row = factory === null ? null : await projectRow(ctx, factory._id, name);
  if (row !== null) return row;
  const known = (await allProjects(ctx)).map((project) => project.name);
  fail("not_found", `there is no project "${name.trim().slice(0, MAX_NAME)}"`, {
    field: "project",
    remedy: known.length === 0 ? "make one with: factory projects create NAME" : `known are ${known.join(", ")}`,
  });
}

export async function projectRow(
  ctx: QueryCtx,
  factoryId: Id<"factories">,
  name: string,
): Promise<Doc<"projects"> | null> {
  const exact = await ctx.db
    .query("projects")
    .withIndex("by_factoryId_and_name", (q) => q.eq("factoryId", factoryId).eq("name", name.trim()))
    .unique();
  if (exact !== null) return exact;
  const key = nameKeyOf(name);
  return (await allProjects(ctx)).find((project) => nameKeyOf(project.name) === key) ?? null;
}

/** Projects are few: the bound is a guard, not a page. */
export async function allProjects(ctx: QueryCtx): Promise<Doc<"projects">[]> {
  return await ctx.db.query("projects").take(MAX_PROJECTS);
}
