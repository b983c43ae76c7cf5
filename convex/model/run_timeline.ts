/** What happened in a run, in order: its steps and their attempts, its questions with who answered where, what it waited for. */
import type { Doc, Id } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { type Room, room, takeWithin } from "./bounded.ts";
import { votesOf } from "./cards.ts";
import { demandRun, errorOf, jobRows, type RunRef, stepRows, time, took } from "./run_analysis.ts";
import { shorten } from "./words.ts";

/** Of a longer story the beginning and the end are told. */
const MAX_EVENTS = 80;
const KEPT_FIRST = 10;
const MAX_APPROVALS = 50;
const MAX_AUDIT = 50;
const APPROVAL_STATUSES = ["pending", "answered", "expired", "cancelled", "superseded"] as const;

export interface TimelineEvent {
  at: string | null;
  what: string;
  step: string | null;
  /** What more is known: an error, an answer with its reason, how long it took. */
  detail: string | null;
}

interface Event {
  at: number;
  /** Of two of one step at the same time: which comes first. */
  rank: number;
  what: string;
  step: string | null;
  detail: string | null;
}

export async function structuralTimeline(
  ctx: QueryCtx,
  ref: RunRef,
): Promise<{ runId: string; workflow: string; status: string; events: TimelineEvent[]; leftOut: number }> {
  const run = await demandRun(ctx, ref);
  const { rows } = await stepRows(ctx, run._id);
  // Steps that need no waiting begin and end in one moment: then the order in which they began counts.
  const order = new Map(rows.flatMap(({ nodeId, nodeKey, seq }) => [[nodeId, seq] as const, [nodeKey, seq] as const]));
  const place = ({ step, rank }: Event): number =>
    step === null ? (rank === 0 ? -1 : Number.MAX_SAFE_INTEGER) : (order.get(step) ?? Number.MAX_SAFE_INTEGER);
  const events = [
    ...runEvents(run),
    ...stepEvents(rows),
    ...(await jobEvents(ctx, run._id)),
    ...(await questionEvents(ctx, run._id)),
    ...(await timerEvents(ctx, run._id)),
    ...(await recordEvents(ctx, run._id)),
  ].sort((a, b) => a.at - b.at || place(a) - place(b) || a.rank - b.rank);
  const leftOut = Math.max(0, events.length - MAX_EVENTS);
  const told = leftOut === 0 ? events : [...events.slice(0, KEPT_FIRST), ...events.slice(leftOut + KEPT_FIRST)];
  return {
    runId: run._id,
    workflow: run.workflow,
    status: run.status,
    events: told.map(({ at, what, step, detail }) => ({ at: time(at), what, step, detail })),
    leftOut,
  };
}

function runEvents(run: Doc<"runs">): Event[] {
  const from = run.origin === null ? null : `from ${run.origin.place.split(":")[0]}`;
  const begun = { at: run.startedAt, rank: 0, step: null, what: `started by ${run.startedByShown}`, detail: from };
  if (run.endedAt === null) return [begun];
  const detail = run.error === null ? took(run.startedAt, run.endedAt) : shorten(run.error, 300);
  return [begun, { at: run.endedAt, rank: 9, what: run.status, step: null, detail }];
}

function stepEvents(rows: Doc<"runNodes">[]): Event[] {
  return rows.flatMap((row) => {
    const { nodeKey: step, startedAt, endedAt, status, type } = row;
    const error = errorOf(row.error, row.errorInfo);
    const why = error === null ? null : `${error.message}${error.code === null ? "" : ` (${error.code})`}`;
    const attempt = row.attempt > 1 ? `attempt ${row.attempt}` : null;
    const events: Event[] = [];
    if (startedAt !== null) events.push({ at: startedAt, rank: 1, what: "step began", step, detail: type });
    if (endedAt !== null) {
      const detail = [why, attempt, took(startedAt, endedAt)].filter((part) => part !== null).join(", ");
      events.push({ at: endedAt, rank: 7, what: `step ${status}`, step, detail });
    }
    return events;
  });
}

/** Attempts that failed, and work that was taken up again: the ones that went well are told by their step. */
async function jobEvents(ctx: QueryCtx, runId: Id<"runs">): Promise<Event[]> {
  const jobs = await jobRows(ctx, runId, room(2));
  return jobs.flatMap((job) => {
    const events: Event[] = [];
    const { nodeId: step, endedAt, attempt, claims } = job;
    if (job.status === "failed" && endedAt !== null) {
      const detail = job.error === null ? null : shorten(job.error, 300);
      events.push({ at: endedAt, rank: 5, what: `attempt ${attempt} failed`, step, detail });
    }
    if (claims > 1) {
      const detail = `its worker was lost ${claims - 1} ${claims === 2 ? "time" : "times"}`;
      events.push({ at: endedAt ?? job.createdAt, rank: 4, what: "work taken up again", step, detail });
    }
    return events;
  });
}

/** Newest first within a status; who was asked, who answered where. */
export async function approvalsOf(ctx: QueryCtx, runId: Id<"runs">, left: Room = room()): Promise<Doc<"approvals">[]> {
  const found: Doc<"approvals">[] = [];
  for (const status of APPROVAL_STATUSES) {
    const rows = ctx.db
      .query("approvals")
      .withIndex("by_runId_and_status", (q) => q.eq("runId", runId).eq("status", status))
      .order("desc");
    found.push(...(await takeWithin(rows, MAX_APPROVALS, sizeOfApproval, left)));
  }
  return found.sort((a, b) => a._creationTime - b._creationTime);
}

const sizeOfApproval = (row: Doc<"approvals">): number =>
  row.question.length + (row.payload?.length ?? 0) + (row.approvedPayload?.length ?? 0) + (row.form?.length ?? 0) + 500;

async function questionEvents(ctx: QueryCtx, runId: Id<"runs">): Promise<Event[]> {
  const events: Event[] = [];
  for (const row of await approvalsOf(ctx, runId, room(2))) {
    const step = row.nodeId;
    const question = `"${shorten(row.question, 120)}"`;
    const rule = row.rule == null ? "" : `, wanted by the policy's rule ${row.rule}`;
    const detail = `${question} to ${row.approvers.join(", ")}${rule}`;
    events.push({ at: row.createdAt, rank: 2, what: "asked", step, detail });
    for (const { person, option, channel, reason, at } of await votesOf(ctx, row._id)) {
      const why = reason === null ? "" : `: ${shorten(reason, 200)}`;
      events.push({
        at,
        rank: 3,
        what: `${person} answered ${option} by ${channel}`,
        step,
        detail: `${question}${why}`,
      });
    }
    const { outcome, status } = row;
    if (outcome !== null && status !== "answered") {
      events.push({ at: outcome.at, rank: 4, what: `question ${status}`, step, detail: question });
    }
  }
  return events;
}

async function timerEvents(ctx: QueryCtx, runId: Id<"runs">): Promise<Event[]> {
  const timers = await ctx.db
    .query("timers")
    .withIndex("by_runId_and_status", (q) => q.eq("runId", runId).eq("status", "pending"))
    .take(20);
  return timers.map(({ dueAt, nodeId }) => ({
    ...{ at: dueAt, rank: 8, what: "will go on then, unless it does before", step: nodeId, detail: null },
  }));
}

/** What the record alone knows: who cancelled, what the policy did, which calls were refused. */
async function recordEvents(ctx: QueryCtx, runId: Id<"runs">): Promise<Event[]> {
  const rows = await ctx.db
    .query("audit")
    .withIndex("by_subject_and_seq", (q) => q.eq("subject", `run:${runId}`))
    .order("desc")
    .take(MAX_AUDIT);
  return rows.flatMap(({ kind, person, channel, detail, at }) => {
    if (/^run\.(?:started|completed|failed|cancelled)$/.test(kind)) return [];
    const { nodeId } = JSON.parse(detail) as { nodeId?: unknown };
    const who = person === null ? "" : ` by ${person}${channel === null ? "" : ` (${channel})`}`;
    const step = typeof nodeId === "string" ? nodeId : null;
    return [{ at, rank: 6, what: `${kind}${who}`, step, detail: shorten(detail, 300) }];
  });
}
