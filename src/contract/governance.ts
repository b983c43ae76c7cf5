/** The record, the policy and the watch, as callers outside the backend get them. */
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
  /** Its place in the chain of its subject, 1 for the first; null: written before there were chains. */
  seq: number | null;
  hash: string | null;
}

/** What does not go on by itself; the operators were told. */
export interface Trouble {
  what: string;
  cause: string;
  remedy: string;
  approvalId: string | null;
  runId: string | null;
  since: number;
}

/** What a policy is asked about, for a dry run. `payload` and `input` are JSON text. */
export type PolicyQuestion = {
  kind?: string;
  tool?: string;
  workflow?: string;
  node?: string;
  agent?: string;
  env?: string;
  cost?: number;
  payload?: string;
  input?: string;
  person?: string;
  source?: string;
  file?: string;
};

export interface PolicyTested {
  decision: "allow" | "ask" | "block";
  /** Null: no rule speaks. */
  rule: string | null;
  /** One line for people. */
  text: string;
  approvers: string[] | null;
  optedOut: { rule: string; reason: string }[];
  /** Every rule that was looked at, in order. */
  looked: { rule: string; matched: boolean; why: string }[];
}
