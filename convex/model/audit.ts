/** The record: rows that are only ever appended, each chained to the one before it of the same subject. */
import { type Claim, eventHash, merkleRoot, rootHash } from "../../src/flow/audit_chain.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { toJsonText } from "./json.ts";
import type { Acting } from "./people.ts";

export interface AuditEvent {
  /** What it is about, one chain each: `run:ID`, `approval:ID`, `person:ID`, `workflow:NAME`. */
  subject: string;
  /** Past tense: `approval.answered`, `run.started`. */
  kind: string;
  /** Null: the system itself (a timer, a job). */
  person: { id: Id<"people">; shown: string } | null;
  handle: string | null;
  channel: string | null;
  detail: Record<string, unknown>;
}

/** The part of an event that says who did it. */
export const doneBy = ({
  person,
  shown,
  handle,
  channel,
}: Acting): Pick<AuditEvent, "person" | "handle" | "channel"> => ({
  ...{ person: { id: person._id, shown }, handle, channel },
});
/** The system itself did it. */
export const BY_ITSELF = { person: null, handle: null, channel: null };

/** A question of a run belongs to the run's chain. */
export const subjectOf = ({ _id, runId }: Pick<Doc<"approvals">, "_id" | "runId">): string =>
  runId === null ? `approval:${_id}` : `run:${runId}`;

/**
 * Appends to the record, in the transaction of what it records: either both are there or neither. Two transactions that append to one
 * chain both read its head, so one of them is run again after the other: a chain cannot fork.
 */
export async function record(ctx: MutationCtx, event: AuditEvent): Promise<void> {
  const { subject, kind, handle, channel } = event;
  const head = await ctx.db
    .query("auditHeads")
    .withIndex("by_subject", (q) => q.eq("subject", subject))
    .unique();
  const row = {
    subject,
    seq: (head?.seq ?? 0) + 1,
    prev: head?.hash ?? "",
    at: Date.now(),
    kind,
    personId: event.person?.id ?? null,
    person: event.person?.shown ?? null,
    handle,
    channel,
    detail: toJsonText(event.detail, "audit detail"),
  };
  const hash = await eventHash(row);
  await ctx.db.insert("audit", { ...row, hash });
  const tip = { seq: row.seq, hash, rooted: false };
  if (head === null) await ctx.db.insert("auditHeads", { subject, ...tip });
  else await ctx.db.patch("auditHeads", head._id, tip);
}

/** Few enough that the transaction seldom meets an append to one of these chains. */
const ROOT_LEAVES = 200;

/** One root over chains that have grown since their last one. True: there are more. */
export async function makeRoot(ctx: MutationCtx): Promise<boolean> {
  const heads = await ctx.db
    .query("auditHeads")
    .withIndex("by_rooted", (q) => q.eq("rooted", false))
    .take(ROOT_LEAVES);
  if (heads.length === 0) return false;
  const leaves: Claim[] = heads
    .map(({ subject, seq, hash }) => ({ subject, seq, hash }))
    .sort((a, b) => (a.subject < b.subject ? -1 : 1));
  const last = await ctx.db.query("auditRoots").withIndex("by_seq").order("desc").first();
  const row = { seq: (last?.seq ?? 0) + 1, prev: last?.hash ?? "", at: Date.now(), root: await merkleRoot(leaves) };
  const text = JSON.stringify(leaves.map(({ subject, seq, hash }) => [subject, seq, hash]));
  await ctx.db.insert("auditRoots", { ...row, leaves: text, hash: await rootHash(row) });
  for (const head of heads) await ctx.db.patch("auditHeads", head._id, { rooted: true });
  return heads.length === ROOT_LEAVES;
}
