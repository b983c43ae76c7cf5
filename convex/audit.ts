import { v } from "convex/values";
import { gatewayQuery } from "./access.ts";

export interface AuditRow {
  auditId: string;
  subject: string;
  kind: string;
  person: string | null;
  handle: string | null;
  channel: string | null;
  /** JSON text. */
  detail: string;
  at: number;
}

/** Newest first, at most 1000. With `runId` only what is about that run. */
export const list = gatewayQuery({
  args: { runId: v.optional(v.string()), limit: v.optional(v.number()) },
  handler: async (ctx, { runId, limit }): Promise<AuditRow[]> => {
    const count = Math.min(Math.max(limit ?? 100, 1), 1000);
    const rows =
      runId === undefined
        ? await ctx.db.query("audit").order("desc").take(count)
        : await ctx.db
            .query("audit")
            .withIndex("by_subject", (q) => q.eq("subject", `run:${runId}`))
            .order("desc")
            .take(count);
    return rows.map((row) => ({
      auditId: row._id,
      subject: row.subject,
      kind: row.kind,
      person: row.person,
      handle: row.handle,
      channel: row.channel,
      detail: row.detail,
      at: row.at,
    }));
  },
});
