/**
 * What crosses the wire between the backend and its callers outside `convex/`. Foreign JSON (inputs, variables, results, messages) is
 * JSON text here; `backend.ts` parses it.
 */
import type { Id } from "../../convex/_generated/dataModel.js";

export type { WireApproval } from "../contract/approval.ts";
export type { HookTaken } from "../contract/hook.ts";
export type { Person, Shift } from "../contract/person.ts";
export type { Problem } from "../contract/problem.ts";
export type { WireRun } from "../contract/run.ts";
export type { StoredFile } from "../contract/stored_file.ts";
export type { Profile, Schedule, WorkflowCreated, WorkflowSummary } from "../contract/workflow.ts";

/** `complete`: not what still grows. */
export type Filter = { channel: string; place?: string; complete?: boolean };

export interface Claimed {
  deliveryId: Id<"deliveries">;
  key: string;
  channel: string;
  place: string;
  message: string;
  version: number;
  receipt: string | null;
  final: boolean;
  leaseId: string;
  tries: number;
  createdAt: number;
  deadline: number | null;
  taken: string[];
}

export type JobLease = { jobId: Id<"jobs">; leaseId: string };

/** A command that this gateway has claimed. */
export interface MachineJob extends JobLease {
  /** The step's arguments as JSON text. */
  args: string;
  /** null: any. */
  sandbox: string | null;
  timeoutMs: number;
  runId: string;
  nodeId: string;
  key: string;
}

export interface Busy {
  openTurns: number;
  readyDeliveries: number;
  inboundPending: number;
}

export interface Origin {
  place: string;
  threadKey: string;
  private: boolean;
}

/** An agent's call that a machine does. */
export interface OutsideCall {
  callId: Id<"outsideCalls">;
  leaseId: string;
  toolName: string;
  agent: string;
  /** Canonical JSON text. */
  input: string;
  /** Same for every attempt. */
  idempotencyKey: string;
  attempt: number;
  /** What is left for all attempts. */
  timeoutMs: number;
  turnId: Id<"turns">;
  personId: Id<"people">;
  person: string;
}

export type OutsideLease = { callId: Id<"outsideCalls">; leaseId: string };
