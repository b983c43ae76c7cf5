/**
 * The look for what does not go on by itself (O4): channels that do not work, copies that nobody takes or that fail again and again,
 * questions that nobody can answer or that are very old, work that nobody does, events that cannot be handled. Twice a minute; what may only be on its way is
 * trouble when it is seen again. Each look reads a bounded number of rows, however many runs are parked.
 */

import type { OutMessage } from "../../src/contract/message.ts";
import { channelLabel, overWords } from "../../src/flow/outcome.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { openTimers } from "./approval_timers.ts";
import { codesOf } from "./codes.ts";
import { channelStates, livingGateways } from "./gateways.ts";
import { deliveriesOf } from "./outbox.ts";
import { mend, raise, suspect, type Trouble, troubleRow } from "./troubles.ts";
import { age, shorten } from "./words.ts";

/** What is younger is on its way. */
const SETTLING_MS = 25_000;
const MAX_AGE_MS = 7 * 24 * 3600_000;
/** Rows of each kind in one look. */
const FEW = 50;
const QUESTIONS = 100;
/** Messages of one look; what is more is found again by the next. */
const MAX_RAISED = 10;

export async function look(ctx: MutationCtx): Promise<void> {
  const now = Date.now();
  const state = await ctx.db.query("watches").first();
  const before = state?.lookedAt ?? now - SETTLING_MS;
  const { lasting, cursor } = await oldQuestions(ctx, state?.cursor ?? 0, before, now);
  const fleeting = [
    ...(await deadChannels(ctx, now)),
    ...(await lateDeliveries(ctx, now)),
    ...(await lateJobs(ctx, now)),
    ...(await lateEvents(ctx, now)),
  ];
  await mendWhatGoesOn(ctx, new Set([...lasting, ...fleeting].map(({ key }) => key)));
  let raised = 0;
  for (const trouble of lasting) {
    if ((await troubleRow(ctx, trouble.key, "open")) !== null || raised >= MAX_RAISED) continue;
    await raise(ctx, trouble);
    raised++;
  }
  for (const trouble of fleeting) {
    if ((await troubleRow(ctx, trouble.key, "open")) !== null) continue;
    const seen = await troubleRow(ctx, trouble.key, "suspected");
    if (seen === null) await suspect(ctx, trouble);
    else if (now - seen.since >= SETTLING_MS && raised++ < MAX_RAISED) await raise(ctx, trouble);
  }
  if (state === null) await ctx.db.insert("watches", { lookedAt: now, cursor });
  else await ctx.db.patch("watches", state._id, { lookedAt: now, cursor });
}

// ---- channels -----------------------------------------------------------------------------------------------------------------

/** Told elsewhere: whoever is told there that it does not work does not read it. */
async function deadChannels(ctx: QueryCtx, now: number): Promise<Trouble[]> {
  const found: Trouble[] = [];
  for (const { gatewayId, channels, failures = [] } of await livingGateways(ctx, now)) {
    for (const [channel, state] of Object.entries(channels)) {
      if (state !== "failed") continue;
      const why = failures.find((failure) => failure.channel === channel);
      found.push({
        key: `channel:${gatewayId}:${channel}`,
        what: `${channelLabel(channel)} is not connected: nothing is heard from there and nothing said`,
        cause: why?.message ?? "the connection was lost, and the bot tries again",
        remedy: why?.remedy ?? "factory doctor says what is wrong with the channel",
        not: `${channel}:`,
      });
    }
  }
  return found;
}

// ---- copies ------------------------------------------------------------------------------------------------------------------

/** Not taken by any gateway, or tried in vain. A terminal that is closed is no trouble: it shows what waits when it opens. */
async function lateDeliveries(ctx: QueryCtx, now: number): Promise<Trouble[]> {
  const found: Trouble[] = [];
  const up = await channelStates(ctx, now);
  for (const status of ["ready", "waiting"] as const) {
    const rows = await ctx.db
      .query("deliveries")
      .withIndex("by_status", (q) => q.eq("status", status))
      .take(4 * FEW);
    for (const row of rows) {
      if (found.length >= FEW || !row.final || row.key.startsWith("operators:") || row.channel === "terminal") continue;
      if (row.channel === "cli" || row.channel === "sdk" || now - row._creationTime < SETTLING_MS) continue;
      if (status === "waiting" && row.error === null) continue;
      if (row.receipt === null && (await isOver(ctx, row))) continue;
      const error = row.error === null ? null : (JSON.parse(row.error) as { message: string; remedy: string | null });
      const state = up.get(row.channel);
      const nobody = state === undefined ? `no bot serves ${row.channel}` : `${row.channel} is ${state}`;
      found.push({
        key: `delivery:${row._id}`,
        what: await copyText(ctx, row),
        cause: error?.message ?? (state === "on" || state === "simulated" ? "the bot has not sent it yet" : nobody),
        remedy: error?.remedy ?? "factory doctor says what is wrong with the channel; it is tried again by itself",
        ...idsOf(ctx, row),
        deliveryId: row._id,
        not: row.place,
      });
    }
  }
  return found;
}

async function isOver(ctx: QueryCtx, row: Doc<"deliveries">): Promise<boolean> {
  const { approvalId } = idsOf(ctx, row);
  const approval = approvalId === null ? null : await ctx.db.get("approvals", approvalId);
  return approval !== null && approval.status !== "pending";
}

async function copyText(ctx: QueryCtx, row: Doc<"deliveries">): Promise<string> {
  const message = JSON.parse(row.message) as OutMessage;
  const { approvalId } = idsOf(ctx, row);
  const approval = approvalId === null ? null : await ctx.db.get("approvals", approvalId);
  const edit = row.receipt === null ? "does not reach" : "is not brought up to date at";
  if (approval !== null) return `${questionText(approval)} ${edit} ${row.place}`;
  const said = message.kind === "text" ? `"${shorten(message.text, 60)}"` : `a ${message.kind}`;
  return `${said} ${edit} ${row.place}${row.runId === null ? "" : ` (run ${row.runId})`}`;
}

function idsOf(
  ctx: QueryCtx,
  row: Doc<"deliveries">,
): { approvalId: Id<"approvals"> | null; runId: Id<"runs"> | null } {
  return {
    approvalId: row.approvalId === null ? null : ctx.db.normalizeId("approvals", row.approvalId),
    runId: row.runId === null ? null : ctx.db.normalizeId("runs", row.runId),
  };
}

export const questionText = ({ _id, question, runId }: Doc<"approvals">): string =>
  `question "${shorten(question)}" (${_id}${runId === null ? "" : `, run ${runId}`})`;

// ---- questions ---------------------------------------------------------------------------------------------------------------

/** Those that are new since the last look, those that have grown old since, and as many others as fit, in turn. */
async function oldQuestions(
  ctx: QueryCtx,
  cursor: number,
  before: number,
  now: number,
): Promise<{ lasting: Trouble[]; cursor: number }> {
  const between = (from: number, until: number, count: number): Promise<Doc<"approvals">[]> =>
    ctx.db
      .query("approvals")
      .withIndex("by_status", (q) => q.eq("status", "pending").gt("_creationTime", from).lte("_creationTime", until))
      .take(count);
  const maxAgeMs = Number(process.env.FACTORY_QUESTION_AGE_MS) || MAX_AGE_MS;
  const young = await between(before - SETTLING_MS, now - SETTLING_MS, FEW);
  const turn = await between(cursor, now - SETTLING_MS, QUESTIONS);
  const lasting: Trouble[] = [];
  for (const approval of new Map([...young, ...turn].map((row) => [row._id, row])).values()) {
    const trouble = await orphaned(ctx, approval);
    if (trouble !== null) lasting.push(trouble);
  }
  for (const approval of await between(before - maxAgeMs, now - maxAgeMs, FEW)) {
    lasting.push({
      ...about(approval, "age"),
      cause: `asked ${age(now - approval.createdAt)}, and nobody has answered`,
      remedy: "factory approvals resend or reassign, or cancel its run",
    });
  }
  return { lasting, cursor: turn.length < QUESTIONS ? 0 : turn.at(-1)!._creationTime };
}

const about = (approval: Doc<"approvals">, why: string): Pick<Trouble, "key" | "what" | "approvalId" | "runId"> => ({
  key: `approval:${approval._id}:${why}`,
  what: questionText(approval),
  approvalId: approval._id,
  runId: approval.runId,
});

/** Open, and nothing will ever end it. Null: somebody can. */
export async function orphaned(ctx: QueryCtx, approval: Doc<"approvals">): Promise<Trouble | null> {
  const run = approval.runId === null ? null : await ctx.db.get("runs", approval.runId);
  if (run !== null && run.endedAt !== null) {
    const remedy = "it can be left: whoever answers is told that the run is over";
    return { ...about(approval, "run"), cause: `its run ${overWords(run.status)} already`, remedy };
  }
  const asked = (await codesOf(ctx, approval._id)).filter((row) => row.open);
  if (asked.length < approval.quorum) {
    const who = asked.length === 0 ? "nobody is" : `only ${asked.length} are`;
    return {
      ...about(approval, "approvers"),
      cause: `${who} asked, ${approval.quorum} must answer: ${approval.approvers.join(", ")}`,
      remedy:
        "give somebody the role (factory people role NAME +ROLE) and send it again, hand it on, or cancel its run",
    };
  }
  const copies = await deliveriesOf(ctx, approval._id);
  const held = (await openTimers(ctx, approval._id)).some(({ kind }) => kind === "deliver");
  if (held || copies.some(({ status, channel }) => status !== "failed" && channel !== "cli" && channel !== "sdk"))
    return null;
  return {
    ...about(approval, "place"),
    cause:
      copies.length === 0
        ? "there is no place where those who are asked can be reached"
        : "every copy of it has failed",
    remedy:
      "link a handle (factory people link or enrol), then factory approvals resend; or answer with factory approvals answer",
  };
}

// ---- work and events ---------------------------------------------------------------------------------------------------------

async function lateJobs(ctx: QueryCtx, now: number): Promise<Trouble[]> {
  const found: Trouble[] = [];
  for (const status of ["ready", "claimed"] as const) {
    const rows = await ctx.db
      .query("jobs")
      .withIndex("by_status", (q) => q.eq("status", status))
      .take(FEW);
    for (const job of rows) {
      const ready = status === "ready" && now - job.createdAt > SETTLING_MS;
      const over = job.deadline !== null && now - job.deadline > SETTLING_MS;
      if (!ready && !over) continue;
      found.push({
        key: `job:${job._id}`,
        what: `the work of "${job.nodeId}" (run ${job.runId})`,
        cause: over
          ? "it is over its time and was not ended"
          : `nobody has taken it up since ${age(now - job.createdAt)}`,
        remedy: "look into the log of the bot; factory workflow cancel RUN ends it, restart begins again",
        jobId: job._id,
        runId: job.runId,
      });
    }
  }
  return found;
}

async function lateEvents(ctx: QueryCtx, now: number): Promise<Trouble[]> {
  const rows = await ctx.db
    .query("inbound")
    .withIndex("by_status", (q) => q.eq("status", "pending"))
    .take(FEW);
  return rows
    .filter((row) => now - row._creationTime > SETTLING_MS)
    .map((row) => ({
      key: `inbound:${row._id}`,
      what: `a ${row.kind} from ${row.place}`,
      cause: row.error === null ? "it was not routed" : (JSON.parse(row.error) as { message: string }).message,
      remedy: "look into the log of the bot; its sender is told when it is given up",
      inboundId: row._id,
      not: row.place,
    }));
}

// ---- mended ------------------------------------------------------------------------------------------------------------------

/** What this look has not found again goes on, unless this look did not come by it. */
async function mendWhatGoesOn(ctx: MutationCtx, found: ReadonlySet<string>): Promise<void> {
  for (const status of ["suspected", "open"] as const) {
    const rows = await ctx.db
      .query("troubles")
      .withIndex("by_status", (q) => q.eq("status", status))
      .take(4 * FEW);
    for (const row of rows) if (!found.has(row.key) && (await goesOn(ctx, row))) await mend(ctx, row);
  }
}

async function goesOn(ctx: QueryCtx, row: Doc<"troubles">): Promise<boolean> {
  if (row.key.startsWith("channel:")) {
    const [, gatewayId = "", channel = ""] = /^channel:(.*):(\w+)$/.exec(row.key) ?? [];
    // While the bot is not running nothing is known of it.
    const living = await livingGateways(ctx, Date.now());
    return living.some((gateway) => gateway.gatewayId === gatewayId && gateway.channels[channel] !== "failed");
  }
  if (row.jobId !== null) {
    const job = await ctx.db.get("jobs", row.jobId);
    return job === null || job.endedAt !== null || job.status === "claimed";
  }
  if (row.inboundId !== null) return (await ctx.db.get("inbound", row.inboundId))?.status !== "pending";
  const approval = row.approvalId === null ? null : await ctx.db.get("approvals", row.approvalId);
  if (row.deliveryId !== null) {
    const delivery = await ctx.db.get("deliveries", row.deliveryId);
    // A copy that never got there is no trouble once its question is over.
    if (delivery?.receipt === null && approval !== null && approval.status !== "pending") return true;
    if (delivery?.status === "failed") return approval === null;
    return delivery === null || delivery.status === "confirmed";
  }
  if (approval === null || approval.status !== "pending") return true;
  return !row.key.endsWith(":age") && (await orphaned(ctx, approval)) === null;
}
