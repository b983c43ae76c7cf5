import { v } from "convex/values";
import type { AuditRow } from "../src/contract/governance.ts";
import type { AuditLine } from "../src/flow/audit_chain.ts";
import { internal } from "./_generated/api.js";
import type { Doc } from "./_generated/dataModel.js";
import { internalMutation } from "./_generated/server.js";
import { gatewayQuery } from "./access.ts";
import { makeRoot, subjectOf } from "./model/audit.ts";
import { demandRun } from "./model/runs.ts";

/** Newest first, at most 1000. With `runId` only what is about that run, `not_found` if there is none; with `approvalId` only what is about that question. */
export const list = gatewayQuery({
  args: { runId: v.optional(v.string()), approvalId: v.optional(v.string()), limit: v.optional(v.number()) },
  handler: async (ctx, { runId, approvalId, limit }): Promise<AuditRow[]> => {
    const count = Math.min(Math.max(limit ?? 100, 1), 1000);
    const id = approvalId === undefined ? null : ctx.db.normalizeId("approvals", approvalId);
    const approval = id === null ? null : await ctx.db.get("approvals", id);
    if (approvalId !== undefined && approval === null) return [];
    if (runId !== undefined) await demandRun(ctx, runId);
    const subject = approval !== null ? subjectOf(approval) : runId === undefined ? null : `run:${runId}`;
    const rows =
      subject === null
        ? await ctx.db.query("audit").order("desc").take(count)
        : await ctx.db
            .query("audit")
            .withIndex("by_subject_and_seq", (q) => q.eq("subject", subject))
            .order("desc")
            .take(approval === null ? count : 1000);
    const about = (row: Doc<"audit">): boolean => approval === null || row.detail.includes(`"${approval._id}"`);
    return rows
      .filter(about)
      .slice(0, count)
      .map((row) => ({
        auditId: row._id,
        subject: row.subject,
        kind: row.kind,
        person: row.person,
        handle: row.handle,
        channel: row.channel,
        detail: row.detail,
        at: row.at,
        seq: row.seq ?? null,
        hash: row.hash ?? null,
      }));
  },
});

const MAX_PAGE = 500;

/**
 * The record in pages: all roots, all heads, then all events in the order in which they were written. `part` and `cursor` are those of
 * the page before, null at the start; `next` null: that was the last one. Events from before there were chains are left out.
 */
export const page = gatewayQuery({
  args: {
    part: v.union(v.literal("roots"), v.literal("heads"), v.literal("events")),
    cursor: v.union(v.string(), v.null()),
  },
  handler: async (ctx, { part, cursor }): Promise<{ lines: AuditLine[]; next: string | null }> => {
    const options = { numItems: MAX_PAGE, cursor };
    if (part === "roots") {
      const found = await ctx.db
        .query("auditRoots")
        .withIndex("by_seq")
        .paginate({ ...options, numItems: 50 });
      const lines = found.page.map(({ seq, prev, at, leaves, root, hash }): AuditLine => {
        return { type: "root", seq, prev, at, leaves: JSON.parse(leaves) as [string, number, string][], root, hash };
      });
      return { lines, next: found.isDone ? null : found.continueCursor };
    }
    if (part === "heads") {
      const found = await ctx.db.query("auditHeads").withIndex("by_subject").paginate(options);
      const lines = found.page.map(({ subject, seq, hash }): AuditLine => ({ type: "head", subject, seq, hash }));
      return { lines, next: found.isDone ? null : found.continueCursor };
    }
    const found = await ctx.db.query("audit").paginate(options);
    return { lines: found.page.flatMap(eventLine), next: found.isDone ? null : found.continueCursor };
  },
});

function eventLine({ subject, seq, prev, hash, ...row }: Doc<"audit">): AuditLine[] {
  if (seq === undefined || prev === undefined || hash === undefined) return [];
  const { at, kind, personId, person, handle, channel, detail } = row;
  return [{ type: "event", subject, seq, prev, at, kind, personId, person, handle, channel, detail, hash }];
}

/** The scheduled look: a root over every chain that has grown. */
export const root = internalMutation({
  args: {},
  handler: async (ctx): Promise<null> => {
    if (await makeRoot(ctx)) await ctx.scheduler.runAfter(0, internal.audit.root, {});
    return null;
  },
});
