/** Projects of the factory: made by being named, with an optional repository. */
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { doneBy, record } from "./audit.ts";
import { fail } from "./errors.ts";
import { type Acting, nameKeyOf } from "./people.ts";
import { demand } from "./rights.ts";

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
  return await ctx.db.insert("projects", { factoryId, name: checkedName(name) });
}

export async function createProject(
  ctx: MutationCtx,
  acting: Acting,
  { name, repo }: { name: string; repo: string | null },
): Promise<Doc<"projects">> {
  demand(acting, repo === null ? "tasks.write" : "workflows.manage");
  const factoryId = await theFactory(ctx);
  if ((await projectRow(ctx, factoryId, name)) !== null) {
    fail("conflict", `there is already a project "${name.trim()}"`, { field: "name" });
  }
  const id = await projectNamed(ctx, factoryId, name);
  if (repo !== null) await ctx.db.patch("projects", id, { repo: checkedRepo(repo) });
  return await changed(ctx, acting, id, "project.created");
}

/** What is not given stays. */
export async function setProject(
  ctx: MutationCtx,
  acting: Acting,
  project: string,
  { name, repo }: { name?: string | undefined; repo?: string | null | undefined },
): Promise<Doc<"projects">> {
  // Where agents push to is not for everybody to say.
  demand(acting, repo === undefined ? "tasks.write" : "workflows.manage");
  const row = await demandProject(ctx, project);
  if (name !== undefined) {
    const other = await projectRow(ctx, row.factoryId, name);
    if (other !== null && other._id !== row._id) {
      fail("conflict", `there is already a project "${other.name}"`, { field: "name" });
    }
    await ctx.db.patch("projects", row._id, { name: checkedName(name) });
  }
  if (repo !== undefined) await ctx.db.patch("projects", row._id, { repo: repo === null ? null : checkedRepo(repo) });
  return await changed(ctx, acting, row._id, "project.changed");
}

async function changed(ctx: MutationCtx, acting: Acting, id: Id<"projects">, kind: string): Promise<Doc<"projects">> {
  const row = (await ctx.db.get("projects", id))!;
  await record(ctx, {
    subject: `project:${id}`,
    kind,
    ...doneBy(acting),
    detail: { project: row.name, repo: row.repo ?? null },
  });
  return row;
}

function checkedRepo(repo: string): string {
  const name = repo
    .trim()
    .replace(/^https:\/\/github\.com\//i, "")
    .replace(/(?:\.git)?\/?$/, "");
  if (/^[\w.-]{1,100}\/[\w.-]{1,100}$/.test(name)) return name;
  fail("invalid_input", `"${repo.slice(0, 100)}" is not a repository`, { field: "repo", remedy: "write OWNER/NAME" });
}

function checkedName(name: string): string {
  const shown = name.normalize("NFC").trim().replace(/\s+/g, " ");
  if (shown !== "" && shown.length <= MAX_NAME && !/\p{C}/u.test(shown)) return shown;
  fail("invalid_input", `"${shown.slice(0, MAX_NAME)}" cannot be a project's name`, {
    field: "project",
    remedy: `1 to ${MAX_NAME} characters that can be seen`,
  });
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

/** Those that a text speaks of as a project: "project Apollo", "the Apollo project". */
export async function projectsNamedIn(ctx: QueryCtx, text: string): Promise<Doc<"projects">[]> {
  if (!/\bproject\b/i.test(text)) return [];
  const spoken = ` ${nameKeyOf(text.replace(/[^\p{L}\p{N}_-]+/gu, " "))} `;
  return (await allProjects(ctx)).filter(({ name }) => {
    const key = nameKeyOf(name.replace(/[^\p{L}\p{N}_-]+/gu, " "));
    return key !== "" && (spoken.includes(` project ${key} `) || spoken.includes(` ${key} project `));
  });
}
