/** Definitions as rows: created in versions, never changed, found for a new run. */
import { sha256Hex } from "../../src/flow/sha256.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { compileDefinition } from "./compile.ts";
import { definitionOf } from "./definitions.ts";
import { fail } from "./errors.ts";
import { toJsonText } from "./json.ts";
import { installSchedule } from "./schedules.ts";

export interface InlineDefinition {
  source: string;
  /** The file's name, for the positions of errors. */
  file: string;
}

export interface Created {
  row: Doc<"workflows">;
  /** False: this very definition is the latest version already. */
  changed: boolean;
  warnings: string[];
}

/** A new version, unless nothing changed. Runs that wait stay on theirs. */
export async function createDefinition(
  ctx: MutationCtx,
  inline: InlineDefinition,
  by: { shown: string | null; personId: Id<"people"> | null; builtin: boolean },
): Promise<Created> {
  const { definition, warnings } = await compileDefinition(ctx, inline.source, inline.file);
  const graph = toJsonText(definition, "definition");
  const graphHash = await sha256Hex(graph);
  const latest = await latestOf(ctx, definition.name);
  if (latest !== null && latest.graphHash === graphHash) return { row: latest, changed: false, warnings };
  if (latest !== null) await ctx.db.patch("workflows", latest._id, { latest: false });
  const newest = await ctx.db
    .query("workflows")
    .withIndex("by_name_and_version", (q) => q.eq("name", definition.name))
    .order("desc")
    .first();
  const rowId = await ctx.db.insert("workflows", {
    name: definition.name,
    version: (newest?.version ?? 0) + 1,
    latest: true,
    title: definition.title,
    description: definition.description,
    source: inline.source,
    file: inline.file,
    graph,
    graphHash,
    builtin: by.builtin,
    createdBy: by.shown,
    ...(by.personId === null ? {} : { createdById: by.personId }),
    ...(definition.hook === undefined ? {} : { hook: definition.hook.name }),
    createdAt: Date.now(),
  });
  await installSchedule(ctx, definition, by.personId);
  return { row: (await ctx.db.get("workflows", rowId))!, changed: true, warnings };
}

/** The definition a new run is pinned to: the latest of a name, or one given as text, kept once by its hash as version 0. */
export async function definitionToRun(
  ctx: MutationCtx,
  name: string | null,
  inline: InlineDefinition | null,
): Promise<Doc<"workflows">> {
  if (name !== null) return await demandLatest(ctx, name);
  if (inline === null) fail("invalid_input", "name a workflow or give a definition", { field: "workflow" });
  const { definition } = await compileDefinition(ctx, inline.source, inline.file);
  const graph = toJsonText(definition, "definition");
  const graphHash = await sha256Hex(graph);
  const known = await ctx.db
    .query("workflows")
    .withIndex("by_graphHash", (q) => q.eq("graphHash", graphHash))
    .first();
  if (known !== null) return known;
  const rowId = await ctx.db.insert("workflows", {
    name: definition.name,
    version: 0,
    latest: false,
    title: definition.title,
    description: definition.description,
    source: inline.source,
    file: inline.file,
    graph,
    graphHash,
    builtin: false,
    createdBy: null,
    createdAt: Date.now(),
  });
  return (await ctx.db.get("workflows", rowId))!;
}

export async function latestOf(ctx: QueryCtx, name: string): Promise<Doc<"workflows"> | null> {
  return await ctx.db
    .query("workflows")
    .withIndex("by_latest_and_name", (q) => q.eq("latest", true).eq("name", name))
    .unique();
}

export async function demandLatest(ctx: QueryCtx, name: string): Promise<Doc<"workflows">> {
  const row = await latestOf(ctx, name);
  if (row !== null) return row;
  fail("not_found", `there is no workflow "${name}"`, {
    field: "workflow",
    remedy: "/workflow list (factory workflow list) shows them",
  });
}

const MAX_LISTED = 50;

export interface Startable {
  name: string;
  title: string;
  description: string | null;
  /** Those that may be left out end in a question mark. */
  inputs: string[];
}

/** What can be started, by name. */
export async function startable(ctx: QueryCtx): Promise<Startable[]> {
  const rows = await ctx.db
    .query("workflows")
    .withIndex("by_latest_and_name", (q) => q.eq("latest", true))
    .take(MAX_LISTED);
  return rows.map((row) => ({
    name: row.name,
    title: row.title,
    description: row.description,
    inputs: inputNames(definitionOf(row).inputs),
  }));
}

/** The properties of the inputs' schema. */
function inputNames(schema: unknown): string[] {
  if (schema === null || typeof schema !== "object") return [];
  const { properties, required } = schema as { properties?: Record<string, unknown>; required?: string[] };
  return Object.keys(properties ?? {}).map((name) => (required?.includes(name) ? name : `${name}?`));
}
