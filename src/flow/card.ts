/** One copy of a question as channels draw it: a projection of the row, the same words for everybody. */
import type { ApprovalCard, ApprovalStatus, Outcome, Tier, Vote } from "../contract/approval.ts";
import { outcomeLine } from "./outcome.ts";

export interface CardSource {
  approvalId: string;
  status: ApprovalStatus;
  question: string;
  options: string[];
  payload: string | null;
  /** SHA-256 of the payload; absent or null: there is none. Its beginning is shown, so that copies and record can be compared. */
  payloadHash?: string | null;
  quorum: number;
  tier: Tier;
  votes: readonly Vote[];
  expiresAt: number | null;
  reasonRequired: string[];
  /** JSON schema (text) of what an approver may edit. */
  formText?: string | null;
  outcome: Outcome | null;
  /** Edited values that were approved, in words; absent or null: none. */
  changed?: string | null;
  /** Null outside of a run. */
  workflow: string | null;
  runId: string | null;
  requestedBy: string;
}

/** `code`: of the one person whom this copy is for; null on a shared copy. */
export function cardOf(row: CardSource, code: string | null): ApprovalCard {
  const open = row.status === "pending";
  return {
    approvalId: row.approvalId,
    status: row.status,
    question: row.question,
    options: row.options,
    code: open ? code : null,
    context: contextLine(row),
    payload: row.payload,
    quorum: row.quorum,
    tier: row.tier,
    votes: row.votes.map(({ person, option, channel, reason, at }) => ({ person, option, channel, reason, at })),
    expiresAt: row.expiresAt,
    reasonRequired: row.reasonRequired,
    ...(row.formText == null ? {} : { form: row.formText }),
    outcome: row.outcome,
    outcomeLine: outcomeLine(row),
  };
}

/** "deploy · run r1 · asked by Ana · payload 3fa9c1d20b7e" */
function contextLine({ workflow, runId, requestedBy, payloadHash }: CardSource): string {
  const payload = payloadHash ? `payload ${payloadHash.slice(0, 12)}` : null;
  return [workflow, runId && `run ${runId}`, `asked by ${requestedBy}`, payload].filter(Boolean).join(" · ");
}
