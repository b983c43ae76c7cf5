/** Reading for adapters: one person's view of a question, a workflow, their home; and where something may have been missed. */
import type { ApprovalCard } from "../../src/contract/approval.ts";
import type { HomeView, WorkflowForm } from "../../src/contract/lookups.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { openFor } from "./approvals.ts";
import { room } from "./bounded.ts";
import { cardFor } from "./cards.ts";
import { definitionOf } from "./definitions.ts";
import { deliveriesOf } from "./outbox.ts";
import { personByHandle } from "./people.ts";
import { recentRuns } from "./run_lookup.ts";
import { viewStatus } from "./run_view.ts";
import { statusLine } from "./run_words.ts";

const MAX_QUESTIONS = 20;
const MAX_RUNS = 10;
const MAX_PLACES = 200;
/** Agents that work for a conversation have ones of their own beside it. */
const MAX_SCANNED = 1000;
const MAX_WORKFLOWS = 100;

export async function cardOf(ctx: QueryCtx, handle: string, approvalId: string): Promise<ApprovalCard | null> {
  const person = await personByHandle(ctx, handle);
  const id = ctx.db.normalizeId("approvals", approvalId);
  const approval = person === null || id === null ? null : await ctx.db.get("approvals", id);
  return approval === null || person === null ? null : await cardFor(ctx, approval, person._id);
}

export async function formOf(ctx: QueryCtx, handle: string, name: string): Promise<WorkflowForm | null> {
  if ((await personByHandle(ctx, handle)) === null) return null;
  const row = await ctx.db
    .query("workflows")
    .withIndex("by_latest_and_name", (q) => q.eq("latest", true).eq("name", name))
    .first();
  if (row === null) return null;
  const { inputs } = definitionOf(row);
  return {
    name: row.name,
    title: row.title,
    description: row.description,
    inputs: inputs === null ? null : JSON.stringify(inputs),
  };
}

/** Names and titles of what can be started. */
export async function workflowsFor(ctx: QueryCtx, handle: string): Promise<{ name: string; title: string }[]> {
  if ((await personByHandle(ctx, handle)) === null) return [];
  const rows = await ctx.db
    .query("workflows")
    .withIndex("by_latest_and_name", (q) => q.eq("latest", true))
    .take(MAX_WORKFLOWS);
  return rows.map(({ name, title }) => ({ name, title }));
}

export async function homeOf(ctx: QueryCtx, handle: string): Promise<HomeView> {
  const person = await personByHandle(ctx, handle);
  if (person === null) return { person: null, questions: [], runs: [] };
  const questions: ApprovalCard[] = [];
  for (const { approvalId } of await openFor(ctx, person._id, MAX_QUESTIONS)) {
    const approval = await ctx.db.get("approvals", approvalId);
    if (approval !== null) questions.push(await cardFor(ctx, approval, person._id));
  }
  const runs: HomeView["runs"] = [];
  for (const run of await recentRuns(ctx, person._id, MAX_RUNS)) {
    const { _id: runId, title, startedAt } = run;
    runs.push({ runId, title, status: statusLine(await viewStatus(ctx, run)), startedAt });
  }
  return { person: person.name, questions, runs };
}

export async function cursorOf(ctx: QueryCtx, channel: string): Promise<Doc<"inboundCursors"> | null> {
  return await ctx.db
    .query("inboundCursors")
    .withIndex("by_channel", (q) => q.eq("channel", channel))
    .unique();
}

export async function moveCursor(ctx: MutationCtx, channel: string, at: number): Promise<void> {
  const row = await cursorOf(ctx, channel);
  if (row === null) await ctx.db.insert("inboundCursors", { channel, at });
  else if (row.at < at) await ctx.db.patch("inboundCursors", row._id, { at });
}

/** Keys of the channel's conversations with people, newest first. */
export async function threadsOf(ctx: QueryCtx, channel: string): Promise<string[]> {
  const rows = await ctx.db
    .query("conversations")
    .withIndex("by_channel", (q) => q.eq("channel", channel))
    .order("desc")
    .take(MAX_SCANNED);
  const withPeople = rows.filter(({ origin }) => origin === undefined);
  return withPeople.slice(0, MAX_PLACES).map((row) => row.key);
}

/** Handles of the channel that are in use. */
export async function handlesOn(ctx: QueryCtx, channel: string): Promise<string[]> {
  const rows = await ctx.db
    .query("handles")
    .withIndex("by_handle", (q) => q.gte("handle", `${channel}:`).lt("handle", `${channel};`))
    .take(MAX_PLACES);
  return rows.filter((row) => row.suspended == null).map((row) => row.handle);
}

/** Where cards of open questions stand: somebody may have answered below one. */
export async function openReceiptsOf(ctx: QueryCtx, channel: string): Promise<string[]> {
  const open = ctx.db
    .query("approvals")
    .withIndex("by_status", (q) => q.eq("status", "pending"))
    .order("desc");
  const receipts: string[] = [];
  const left = room();
  let looked = 0;
  for await (const { _id, payload } of open) {
    for (const row of await deliveriesOf(ctx, _id)) {
      if (row.channel === channel && row.receipt !== null) receipts.push(row.receipt);
      left.characters -= row.message.length;
    }
    left.characters -= payload?.length ?? 0;
    if (++looked >= MAX_PLACES || left.characters <= 0) break;
  }
  return receipts.slice(0, MAX_PLACES);
}
