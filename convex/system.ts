import { v } from "convex/values";
import type { QueryCtx } from "./_generated/server.js";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import { record } from "./model/audit.ts";
import * as people from "./model/people.ts";

/** Raised whenever rows change their shape; the gateway refuses a backend it does not know. */
export const SCHEMA_VERSION = 1;
/** Counting reads rows: beyond this the answer is "at least". */
const COUNT_LIMIT = 1000;

export const ping = gatewayQuery({
  args: {},
  handler: async (): Promise<{ ok: true; schemaVersion: number }> => ({ ok: true, schemaVersion: SCHEMA_VERSION }),
});

export const ensureOwner = gatewayMutation({
  args: { osUser: v.string() },
  handler: async (ctx, { osUser }): Promise<{ personId: string; name: string; created: boolean }> => {
    const { owner, created } = await people.ensureOwner(ctx, osUser);
    if (created) {
      await record(ctx, {
        subject: `person:${owner._id}`,
        kind: "person.owner",
        person: null,
        handle: null,
        channel: "system",
        detail: { name: owner.name, osUser },
      });
    }
    return { personId: owner._id, name: owner.name, created };
  },
});

export interface Health {
  runs: Record<"running" | "waiting" | "failed", number>;
  approvalsPending: number;
  deliveries: Record<"ready" | "waiting" | "failed", number>;
  jobs: Record<"ready" | "claimed", number>;
  /** Every count stops here. */
  countLimit: number;
}

export const health = gatewayQuery({
  args: {},
  handler: async (ctx): Promise<Health> => ({
    runs: {
      running: await countRuns(ctx, "running"),
      waiting: await countRuns(ctx, "waiting"),
      failed: await countRuns(ctx, "failed"),
    },
    approvalsPending: (
      await ctx.db
        .query("approvals")
        .withIndex("by_status", (q) => q.eq("status", "pending"))
        .take(COUNT_LIMIT)
    ).length,
    deliveries: {
      ready: await countDeliveries(ctx, "ready"),
      waiting: await countDeliveries(ctx, "waiting"),
      failed: await countDeliveries(ctx, "failed"),
    },
    jobs: { ready: await countJobs(ctx, "ready"), claimed: await countJobs(ctx, "claimed") },
    countLimit: COUNT_LIMIT,
  }),
});

async function countRuns(ctx: QueryCtx, status: "running" | "waiting" | "failed"): Promise<number> {
  const rows = await ctx.db
    .query("runs")
    .withIndex("by_status", (q) => q.eq("status", status))
    .take(COUNT_LIMIT);
  return rows.length;
}

async function countDeliveries(ctx: QueryCtx, status: "ready" | "waiting" | "failed"): Promise<number> {
  const rows = await ctx.db
    .query("deliveries")
    .withIndex("by_status", (q) => q.eq("status", status))
    .take(COUNT_LIMIT);
  return rows.length;
}

async function countJobs(ctx: QueryCtx, status: "ready" | "claimed"): Promise<number> {
  const rows = await ctx.db
    .query("jobs")
    .withIndex("by_status", (q) => q.eq("status", status))
    .take(COUNT_LIMIT);
  return rows.length;
}
