/**
 * What crosses the wire between the backend and its callers outside `convex/`. Foreign JSON (inputs, variables, results, messages) is
 * JSON text here; `backend.ts` parses it.
 */
import type { Id } from "../../convex/_generated/dataModel.js";
import type { ApprovalView } from "../contract/approval.ts";
import type { RunView } from "../contract/run.ts";

/** A run as it crosses the wire; `decodeRun` of backend.ts makes a RunView of it. */
export type WireRun = Omit<RunView, "input" | "variables" | "result"> & {
  input: string;
  variables: string;
  result: string;
};

/** A question as it crosses the wire; `decodeApproval` of backend.ts parses its payload. */
export type WireApproval = ApprovalView & {
  freeText: boolean;
  reasonRequired: string[];
  /** JSON text; null: none. */
  payload: string | null;
  /** JSON text of what was approved where values were edited; null: as asked. */
  approvedPayload: string | null;
  approvedHash: string | null;
  supersededBy: string | null;
  /** "deploy · run r1 · asked by Ana" */
  context: string;
};

export interface Person {
  personId: string;
  name: string;
  roles: string[];
  handles: string[];
  preferredHandle: string | null;
  /** Those of `handles` that are not used: opted out, or replaced by a newer number. */
  suspended: string[];
  /** `22:00-07:00 Europe/Berlin`; null: none. */
  quiet: string | null;
}

/** On call for a role. */
export interface Shift {
  role: string;
  name: string;
  from: number;
  until: number;
}

export interface WorkflowSummary {
  name: string;
  version: number;
  title: string;
  description: string | null;
  /** JSON schema as JSON text; null: no input is declared. */
  inputs: string | null;
  nodes: { id: string; type: string }[];
  agents: string[];
  schedules: Schedule[];
  /** `POST /hooks/NAME` starts it; null: no hook does. */
  hook: string | null;
  createdAt: number;
}

export interface Schedule {
  scheduleId: string;
  workflow: string;
  /** `file`: from the definition's own `schedule`. */
  origin: "file" | "command";
  cron: string;
  timeZone: string;
  /** JSON text. */
  input: string;
  nextAt: number | null;
  lastAt: number | null;
  lastRunId: string | null;
  lastError: string | null;
}

export interface HookTaken {
  eventId: string;
  duplicate: boolean;
  started: string[];
  refused: number;
  resumed: number;
}

export interface Profile {
  kind: "role" | "hand";
  name: string;
  title: string;
  description: string | null;
  file: string;
}

export interface WorkflowCreated {
  name: string;
  version: number;
  changed: boolean;
  warnings: string[];
}

export interface Problem {
  file: string;
  line: number;
  column: number;
  message: string;
  remedy: string;
}

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

/** A file that agents may read. */
export interface StoredFile {
  name: string;
  storageId: string;
  contentType: string | null;
  bytes: number;
  addedBy: string;
  at: number;
}
