/** A question as others see it: the JSON shapes of the CLI and the card that every channel draws. Times are ms since 1970. */
import { z } from "zod";

export const APPROVAL_STATUSES = ["pending", "answered", "expired", "cancelled", "superseded"] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];
export const TIERS = ["low", "medium", "high"] as const;
export type Tier = (typeof TIERS)[number];

/** Of the words with which somebody answers or cancels, in characters. */
export const MAX_REASON = 4000;

export const zVote = z.object({
  person: z.string(),
  option: z.string(),
  channel: z.string(),
  reason: z.string().nullable(),
  at: z.number(),
  /** Of the edited values it is for. Absent or null: as asked. */
  payloadHash: z.string().nullable().optional(),
});
export type Vote = z.infer<typeof zVote>;

export const zOutcome = z.object({
  option: z.string().nullable(),
  /** Who decided, as shown to people: "Ana", "operator (root) for Ana"; null for expiry. */
  by: z.string().nullable(),
  channel: z.string().nullable(),
  at: z.number(),
  reason: z.string().nullable(),
});
export type Outcome = z.infer<typeof zOutcome>;

/** `factory approvals show --format json`. `code` is the asking person's own, null where they may not answer. */
export interface ApprovalView {
  approvalId: string;
  code: string | null;
  status: ApprovalStatus;
  question: string;
  options: string[];
  runId: string | null;
  nodeId: string | null;
  requestedBy: string;
  approvers: string[];
  quorum: number;
  tier: Tier;
  payloadHash: string | null;
  createdAt: number;
  expiresAt: number | null;
  votes: Vote[];
  deliveries: { channel: string; place: string; status: string; receipt: string | null; error: string | null }[];
  outcome: Outcome | null;
}

/** A question as it crosses the wire. */
export type WireApproval = ApprovalView & {
  freeText: boolean;
  reasonRequired: string[];
  /** JSON text; null: none. */
  payload: string | null;
  /** JSON text of what was approved where values were edited; null: as asked. */
  approvedPayload: string | null;
  approvedHash: string | null;
  /** The question asked instead of this one. */
  supersededBy: string | null;
  /** "deploy · run r1 · asked by Ana" */
  context: string;
};

export const ANSWER_OUTCOMES = [
  "settled",
  "voted",
  "refused",
  "alreadyAnswered",
  "expired",
  "cancelled",
  "superseded",
  "invalid",
] as const;
export type AnswerOutcome = (typeof ANSWER_OUTCOMES)[number];

export interface AnswerResult {
  outcome: AnswerOutcome;
  approvalId: string;
  /** What was answered; of a question that had been answered before, what was decided. */
  option: string | null;
  /** One sentence for the person who answered: what happened, and if not settled, who decided, where and when. */
  message: string;
  /** How the question had ended, for an answer that came too late: as in its outcome. Absent: it came in time. */
  by?: string | null;
  channel?: string | null;
  at?: number;
}

/** One copy of a question, drawn by a channel. A projection of the row: never changed except from the settled row. */
export const zApprovalCard = z.object({
  approvalId: z.string(),
  status: z.enum(APPROVAL_STATUSES),
  question: z.string(),
  options: z.array(z.string()),
  /** The code of the one person this copy is for; null on shared cards, which must show none. */
  code: z.string().nullable(),
  /** "deploy · run r1 · asked by Ana" */
  context: z.string(),
  payload: z.string().nullable(),
  quorum: z.number(),
  /** `high` is not answered by text message. Absent: low. */
  tier: z.enum(TIERS).optional(),
  votes: z.array(zVote),
  expiresAt: z.number().nullable(),
  reasonRequired: z.array(z.string()),
  /** JSON schema (text) of the payload's fields that an approver may edit. Absent: none. */
  form: z.string().nullable().optional(),
  outcome: zOutcome.nullable(),
  /** Ready-made line for the end of the question: "Approved by Ana via SMS", "Expired 14:03", …; null while pending. Same words everywhere. */
  outcomeLine: z.string().nullable(),
});
export type ApprovalCard = z.infer<typeof zApprovalCard>;
