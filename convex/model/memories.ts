/**
 * Memories: short facts that somebody wanted kept. A private one belongs to one person and is told to nobody else, and to that person
 * in private places only; a shared one everybody may be told. The record says that something was kept or forgotten, never what:
 * a row of the record cannot be forgotten.
 */

import { makeFunctionReference } from "convex/server";
import { toErrorInfo } from "../../src/contract/errors.ts";
import type { Memory } from "../../src/contract/work.ts";
import { securityFindings } from "../../src/flow/security_check.ts";
import { sha256Hex } from "../../src/flow/sha256.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { doneBy, record } from "./audit.ts";
import { fail } from "./errors.ts";
import type { Acting } from "./people.ts";
import { demandProject } from "./projects.ts";
import { demand } from "./rights.ts";
import { shorten } from "./words.ts";

/** Makes the vector of a memory, later: whoever wants something kept does not wait for it. */
const embed = makeFunctionReference<"action", { memoryId: Id<"memories">; attempt: number }, null>(
  "agents/embedding:embedMemory",
);

export const SHARED = "shared";
export const audienceOf = (personId: Id<"people">): string => `person:${personId}`;

export const MAX_FACT = 500;
/** Of one audience. More is a database, not a memory; and each one costs time in every search. */
const MAX_KEPT = 2000;
/** What runs came to is only worth so much: the oldest make room. */
const MAX_OF_RUNS = 200;
const MAX_LISTED = 50;

export interface NewMemory {
  fact: string;
  shared: boolean;
  project?: string | undefined;
}

/** `kept` false: it was known already. Everybody may keep what is private; what everybody is told needs the right to work here. */
export async function remember(
  ctx: MutationCtx,
  acting: Acting,
  { fact, shared, project }: NewMemory,
): Promise<{ memory: Memory; kept: boolean }> {
  const about = project === undefined ? null : await demandProject(ctx, project);
  if (shared || about !== null) demand(acting, "records.write");
  const row = await keep(ctx, {
    ...{ audience: shared || about !== null ? SHARED : audienceOf(acting.person._id), fact, source: "said" },
    ...{ personId: acting.person._id, author: acting.person.name, projectId: about?._id ?? null },
  });
  if (row.kept) await note(ctx, acting, row.memory, "memory.kept");
  return { memory: await view(ctx, row.memory), kept: row.kept };
}

/**
 * What a run came to, for everybody: `fact` quotes nothing that was put into the run or came out of it. Never throws what `keep` refuses: a
 * run ends also when nothing can be kept of it.
 */
export async function rememberRun(ctx: MutationCtx, fact: string): Promise<void> {
  const ofRuns = () => ctx.db.query("memories").withIndex("by_source", (q) => q.eq("source", "run"));
  const kept = await ofRuns().take(MAX_OF_RUNS);
  // Until November 2026 (0.1) they held the run's error in its own words. When none such can be left this goes.
  const quoting = kept.filter(({ text }) => / on \d{4}-\d\d-\d\d: /.test(text));
  for (const { _id } of quoting) await remove(ctx, _id);
  const oldest = kept[0];
  if (kept.length === MAX_OF_RUNS && quoting.length === 0 && oldest !== undefined) await remove(ctx, oldest._id);
  try {
    await keep(ctx, { audience: SHARED, fact, source: "run", personId: null, author: "a run", projectId: null });
  } catch (thrown) {
    console.warn(`what a run came to is not remembered: ${toErrorInfo(thrown).message}`);
  }
}

interface Keeping {
  audience: string;
  fact: string;
  source: "said" | "run";
  personId: Id<"people"> | null;
  author: string;
  projectId: Id<"projects"> | null;
}

async function keep(ctx: MutationCtx, keeping: Keeping): Promise<{ memory: Doc<"memories">; kept: boolean }> {
  const { fact, audience, ...rest } = keeping;
  const text = fact.normalize("NFC").trim().replace(/\s+/g, " ");
  if (text === "" || [...text].length > MAX_FACT) {
    fail("invalid_input", `what is to be remembered has 1 to ${MAX_FACT} characters`, {
      field: "fact",
      remedy: "say it in a sentence or two",
    });
  }
  const secret = secretIn(text);
  if (secret !== null) {
    fail("forbidden", `this looks like a secret (${secret}), and secrets are not kept here`, {
      field: "fact",
      remedy: "keep it in a password manager, and say only where it is",
    });
  }
  const textHash = await sha256Hex(text.toLowerCase().replace(/[\s.!]+$/, ""));
  const before = await ctx.db
    .query("memories")
    .withIndex("by_audience_and_textHash", (q) => q.eq("audience", audience).eq("textHash", textHash))
    .first();
  if (before !== null) return { memory: before, kept: false };
  const all = await ctx.db
    .query("memories")
    .withIndex("by_audience", (q) => q.eq("audience", audience))
    .take(MAX_KEPT);
  if (all.length === MAX_KEPT) {
    fail("limit_reached", `${MAX_KEPT} facts are remembered here already`, {
      remedy: "forget some: factory memory list",
    });
  }
  const number = await nextNumber(ctx);
  const id = await ctx.db.insert("memories", { ...rest, audience, text, textHash, number, at: Date.now() });
  if (embeddingModelId() !== null) await ctx.scheduler.runAfter(0, embed, { memoryId: id, attempt: 0 });
  return { memory: (await ctx.db.get("memories", id))!, kept: true };
}

/** Never one that was given before: who says "forget M2" later means what M2 was. */
async function nextNumber(ctx: QueryCtx): Promise<number> {
  const last = await ctx.db.query("memories").withIndex("by_number").order("desc").first();
  const spent = await ctx.db.query("memoryNumbers").first();
  return Math.max(last?.number ?? 0, spent?.highest ?? 0) + 1;
}

async function spend(ctx: MutationCtx, number: number): Promise<void> {
  const spent = await ctx.db.query("memoryNumbers").first();
  if (spent === null) await ctx.db.insert("memoryNumbers", { highest: number });
  else if (spent.highest < number) await ctx.db.patch("memoryNumbers", spent._id, { highest: number });
}

/** Null: there is none, and memories are found by their words. The one variable; `agents/embedding.ts` knows how to reach it. */
export const embeddingModelId = (env: Record<string, string | undefined> = process.env): string | null =>
  env.FACTORY_EMBEDDING_MODEL?.trim() || null;

export const spaceOf = (model: string, audience: string): string => `${model} ${audience}`;

/** Which sort of secret stands in a text; null: none. Of a secret no excerpt is told, and so it is known. */
function secretIn(text: string): string | null {
  return securityFindings({ text }).find(({ excerpt }) => excerpt === null)?.rule ?? null;
}

export type Forgotten = { forgotten: Memory[]; several: false } | { forgotten: []; several: true; found: Memory[] };

/**
 * By name (`M7`) or by words. Words that fit several forget none of them: the reader chooses. One's own may always be forgotten; what
 * another told everybody only by whoever manages people here.
 */
export async function forget(ctx: MutationCtx, acting: Acting, what: string, isPrivate: boolean): Promise<Forgotten> {
  const found = await named(ctx, acting, what, isPrivate);
  if (found.length > 1) {
    const all = found.sort((a, b) => a.number - b.number);
    return { forgotten: [], several: true, found: await views(ctx, all) };
  }
  const [row] = found;
  if (row === undefined) {
    fail("not_found", `nothing like "${shorten(what)}" is remembered here`, {
      field: "memory",
      remedy: isPrivate
        ? "ask what is remembered"
        : "what is remembered for you alone is told and forgotten in a private chat",
    });
  }
  if (row.audience === SHARED && row.personId !== acting.person._id) demand(acting, "people.manage");
  const shown = await view(ctx, row);
  await remove(ctx, row._id);
  await note(ctx, acting, row, "memory.forgotten");
  return { forgotten: [shown], several: false };
}

async function named(ctx: QueryCtx, acting: Acting, what: string, isPrivate: boolean): Promise<Doc<"memories">[]> {
  const audiences = audiencesFor(acting.person._id, isPrivate);
  const number = /^\s*(?:memory\s*)?[m#]\s*(\d{1,9})\s*$/i.exec(what)?.[1];
  if (number !== undefined) {
    const row = await ctx.db
      .query("memories")
      .withIndex("by_number", (q) => q.eq("number", Number(number)))
      .unique();
    return row !== null && audiences.includes(row.audience) ? [row] : [];
  }
  const words = contentWords(what);
  const rows = await searchText(ctx, what, audiences, MAX_LISTED);
  // Every word has to be there: what only resembles it is not what was meant.
  return rows.filter(({ text }) => words.every((word) => wordsOf(text).some((own) => own.startsWith(word))));
}

/** Whose memories may be told: the person's own in a private place, and what is everybody's. */
export const audiencesFor = (personId: Id<"people">, isPrivate: boolean): string[] =>
  isPrivate ? [audienceOf(personId), SHARED] : [SHARED];

/** Newest last, or what fits `about`, best first. */
export async function listMemories(
  ctx: QueryCtx,
  audiences: string[],
  about: string | null,
): Promise<{ memories: Memory[]; more: boolean }> {
  if (about !== null && contentWords(about).length > 0) {
    const rows = await searchText(ctx, about, audiences, MAX_LISTED);
    return { memories: await views(ctx, rows), more: false };
  }
  const rows: Doc<"memories">[] = [];
  for (const audience of audiences) {
    const newest = ctx.db
      .query("memories")
      .withIndex("by_audience", (q) => q.eq("audience", audience))
      .order("desc");
    rows.push(...(await newest.take(MAX_LISTED + 1)));
  }
  rows.sort((a, b) => b.number - a.number);
  const shown = rows.slice(0, MAX_LISTED).reverse();
  return { memories: await views(ctx, shown), more: rows.length > MAX_LISTED };
}

/** Those in which words of the query are, best first. A query of small words finds nothing. */
export async function searchText(
  ctx: QueryCtx,
  query: string,
  audiences: string[],
  limit: number,
): Promise<Doc<"memories">[]> {
  const words = contentWords(query).join(" ");
  if (words === "") return [];
  const found: Doc<"memories">[][] = [];
  for (const audience of audiences) {
    found.push(
      await ctx.db
        .query("memories")
        .withSearchIndex("search_text", (q) => q.search("text", words).eq("audience", audience))
        .take(limit),
    );
  }
  return interleave(found).slice(0, limit);
}

/** The first of each, then the second of each: ranks of different searches cannot be compared otherwise. */
function interleave<T>(lists: T[][]): T[] {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, rank) => lists.flatMap((list) => list.slice(rank, rank + 1))).flat();
}

/** As many as a search takes into account. */
const MAX_WORDS = 16;
const SMALL_WORDS = new Set(
  (
    "a an and are as at be been but by can could did do does for from had has have he her his how i if in is it its me my no not of on " +
    "or our please she should so than that the their them then there they this to was we were what whats when where which who whose why " +
    "will with would you your about again also any tell know remember remind say said"
  ).split(" "),
);

export const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
export const contentWords = (text: string): string[] =>
  [...new Set(wordsOf(text))].filter((word) => word.length > 1 && !SMALL_WORDS.has(word)).slice(0, MAX_WORDS);

export async function views(ctx: QueryCtx, rows: Doc<"memories">[]): Promise<Memory[]> {
  return await Promise.all(rows.map(async (row) => await view(ctx, row)));
}

async function view(ctx: QueryCtx, row: Doc<"memories">): Promise<Memory> {
  const project = row.projectId === null ? null : await ctx.db.get("projects", row.projectId);
  const { text, author, at } = row;
  return {
    memory: `M${row.number}`,
    text,
    shared: row.audience === SHARED,
    author,
    project: project?.name ?? null,
    at,
  };
}

async function remove(ctx: MutationCtx, memoryId: Id<"memories">): Promise<void> {
  const vectors = await ctx.db
    .query("memoryVectors")
    .withIndex("by_memoryId", (q) => q.eq("memoryId", memoryId))
    .collect();
  for (const vector of vectors) await ctx.db.delete("memoryVectors", vector._id);
  const row = await ctx.db.get("memories", memoryId);
  if (row === null) return;
  await spend(ctx, row.number);
  await ctx.db.delete("memories", memoryId);
}

async function note(ctx: MutationCtx, acting: Acting, row: Doc<"memories">, kind: string): Promise<void> {
  await record(ctx, {
    subject: `person:${acting.person._id}`,
    kind,
    ...doneBy(acting),
    detail: { memory: `M${row.number}`, shared: row.audience === SHARED },
  });
}
