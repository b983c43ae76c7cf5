/** The shapes of the record, the policy and the watch as they cross the wire; see functions.ts. */
import type { ChainedEvent } from "../flow/audit_chain.ts";
import type { PolicyRule } from "../flow/policy.ts";

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
  seq: number | null;
  hash: string | null;
}

/** One line of an export; docs/audit.md. */
export type AuditLine =
  | {
      type: "root";
      seq: number;
      prev: string;
      at: number;
      leaves: [string, number, string][];
      root: string;
      hash: string;
    }
  | { type: "head"; subject: string; seq: number; hash: string }
  | ({ type: "event" } & ChainedEvent);

/** What does not go on by itself; the operators were told. */
export interface Trouble {
  what: string;
  cause: string;
  remedy: string;
  approvalId: string | null;
  runId: string | null;
  since: number;
}

export interface PolicyView {
  /** 0: there is none, everything is allowed. */
  version: number;
  source: string;
  file: string;
  rules: PolicyRule[];
  optOuts: { rule: string; workflow: string; reason: string }[];
  setBy: string | null;
  at: number | null;
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
  rule: string | null;
  text: string;
  approvers: string[] | null;
  optedOut: { rule: string; reason: string }[];
  looked: { rule: string; matched: boolean; why: string }[];
}
