/**
 * What the live page shows (O3): the newest of everything, each query small enough to be run again at every change. No values, no
 * payloads, no codes: who watches need not be who is asked.
 */
import type { OutMessage } from "../src/contract/message.ts";
import type { Doc } from "./_generated/dataModel.js";
import { gatewayQuery } from "./access.ts";
import { votesOf } from "./model/cards.ts";
import { deliveriesOf } from "./model/outbox.ts";
import { viewProgress } from "./model/run_view.ts";

const RUNNING = 15;
const WAITING = 20;
const RECENT = 15;
const QUESTIONS = 30;
const UNDONE = 10;
const SAID = 20;

/** Newest first: those that run, those that wait, and what was last. */
export const runs = gatewayQuery({
  args: {},
  handler: async (ctx) => {
    const of = (status: Doc<"runs">["status"], count: number) =>
      ctx.db
        .query("runs")
        .withIndex("by_status", (q) => q.eq("status", status))
        .order("desc")
        .take(count);
    const recent = await ctx.db.query("runs").order("desc").take(RECENT);
    const rows = [...(await of("running", RUNNING)), ...(await of("waiting", WAITING)), ...recent];
    const unique = [...new Map(rows.map((row) => [row._id, row])).values()];
    unique.sort((a, b) => b._creationTime - a._creationTime);
    return await Promise.all(unique.map((row) => viewProgress(ctx, row)));
  },
});

/** That wait for somebody, newest first. */
export const questions = gatewayQuery({
  args: {},
  handler: async (ctx) => {
    const rows = await ctx.db
      .query("approvals")
      .withIndex("by_status", (q) => q.eq("status", "pending"))
      .order("desc")
      .take(QUESTIONS);
    return await Promise.all(
      rows.map(async ({ _id, question, options, approvers, quorum, tier, runId, workflow, ...row }) => ({
        ...{ approvalId: _id, question, options, approvers, quorum, tier, runId, workflow },
        ...{ requestedBy: row.requestedByShown, createdAt: row.createdAt, expiresAt: row.expiresAt },
        votes: (await votesOf(ctx, _id)).length,
        copies: (await deliveriesOf(ctx, _id)).map(({ channel, place, status, error }) => ({
          ...{ channel, place, status, error: messageOf(error) },
        })),
      })),
    );
  },
});

/** What is not said yet or could not be, and what was said last; newest first. */
export const deliveries = gatewayQuery({
  args: {},
  handler: async (ctx) => {
    const rows = await ctx.db.query("deliveries").order("desc").take(SAID);
    for (const status of ["ready", "claimed", "waiting", "failed"] as const) {
      const undone = ctx.db
        .query("deliveries")
        .withIndex("by_status", (q) => q.eq("status", status))
        .order("desc");
      rows.push(...(await undone.take(UNDONE)));
    }
    const unique = [...new Map(rows.map((row) => [row._id, row])).values()];
    unique.sort((a, b) => b._creationTime - a._creationTime);
    return unique.map(
      ({ _id, _creationTime, channel, place, status, error, message, attempts, runId, approvalId }) => ({
        ...{ deliveryId: _id, channel, place, status, attempts, runId, approvalId },
        ...{ kind: (JSON.parse(message) as OutMessage).kind, error: messageOf(error), createdAt: _creationTime },
      }),
    );
  },
});

/** The processes with adapters, and what the operators were told of. */
export const state = gatewayQuery({
  args: {},
  handler: async (ctx) => {
    const gateways = await ctx.db.query("gateways").order("desc").take(10);
    const troubles = await ctx.db
      .query("troubles")
      .withIndex("by_status", (q) => q.eq("status", "open"))
      .order("desc")
      .take(20);
    return {
      // Not when it was last heard: every heartbeat would be news.
      gateways: gateways.map(({ gatewayId, channels, failures = [] }) => ({ gatewayId, channels, failures })),
      troubles: troubles.map(({ what, cause, remedy, since }) => ({ what, cause, remedy, since })),
    };
  },
});

const messageOf = (error: string | null): string | null =>
  error === null ? null : (JSON.parse(error) as { message: string }).message;
