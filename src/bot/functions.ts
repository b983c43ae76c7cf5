/**
 * The backend's public functions as callers outside `convex/` see them: names, arguments, results. Written out, so that the
 * gateway and the CLI can be read without the backend's source; `functions.test.ts` compares the names with what `convex/` exports.
 * Foreign JSON (inputs, variables, results, messages) crosses as JSON text.
 */
import { type FunctionReference, makeFunctionReference } from "convex/server";
import type { Id } from "../../convex/_generated/dataModel.js";
import type { Actor } from "../contract/actor.ts";
import type { AnswerResult, ApprovalView } from "../contract/approval.ts";
import type { ErrorInfo } from "../contract/errors.ts";
import type { StoredInbound } from "../contract/inbound.ts";
import type { RunStatus, RunView } from "../contract/run.ts";

type Args = Record<string, unknown>;
export type Query<A extends Args, R> = FunctionReference<"query", "public", A, R>;
export type Mutation<A extends Args, R> = FunctionReference<"mutation", "public", A, R>;
const query = <A extends Args, R>(name: string) => makeFunctionReference<"query", A, R>(name) as Query<A, R>;
const mutation = <A extends Args, R>(name: string) => makeFunctionReference<"mutation", A, R>(name) as Mutation<A, R>;

type None = Record<string, never>;

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
  /** "deploy · run r1 · asked by Ana" */
  context: string;
};

export interface Person {
  personId: string;
  name: string;
  roles: string[];
  handles: string[];
  preferredHandle: string | null;
}

export interface WorkflowSummary {
  name: string;
  version: number;
  title: string;
  description: string | null;
  /** JSON schema as JSON text; null: no input is declared. */
  inputs: string | null;
  nodes: { id: string; type: string }[];
  createdAt: number;
}

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
}

export interface Task {
  task: string;
  title: string;
  status: string;
  priority: string;
  assignee: string | null;
  project: string | null;
  description: string | null;
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

export type Filter = { channel: string; place?: string };

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

export const functions = {
  system: {
    ping: query<None, { ok: true; schemaVersion: number }>("system:ping"),
    ensureOwner: mutation<{ osUser: string }, { personId: string; name: string; created: boolean }>(
      "system:ensureOwner",
    ),
    health: query<None, object>("system:health"),
  },
  people: {
    add: mutation<{ actor: Actor; name: string; roles: string[] }, Person>("people:add"),
    list: query<{ actor: Actor }, Person[]>("people:list"),
    setRoles: mutation<{ actor: Actor; name: string; add: string[]; remove: string[] }, Person>("people:setRoles"),
    link: mutation<{ actor: Actor; name: string; handle: string }, Person>("people:link"),
    unlink: mutation<{ actor: Actor; name: string; handle: string }, Person>("people:unlink"),
  },
  workflows: {
    create: mutation<{ actor: Actor; source: string; file: string; origin?: "builtin" }, WorkflowCreated>(
      "workflows:create",
    ),
    validate: query<{ source: string; file: string }, { ok: boolean; problems: Problem[] }>("workflows:validate"),
    list: query<None, WorkflowSummary[]>("workflows:list"),
    show: query<{ name: string }, WorkflowSummary & { source: string; file: string }>("workflows:show"),
    remove: mutation<{ actor: Actor; name: string }, null>("workflows:remove"),
  },
  runs: {
    start: mutation<
      {
        actor: Actor;
        workflow: string | null;
        definition: { source: string; file: string } | null;
        input: string;
        title?: string;
        origin: Origin | null;
        requestKey?: string;
      },
      WireRun
    >("runs:start"),
    get: query<{ runId: string }, WireRun | null>("runs:get"),
    list: query<{ status?: RunStatus; limit?: number }, WireRun[]>("runs:list"),
    cancel: mutation<{ actor: Actor; runId: string; reason?: string }, WireRun>("runs:cancel"),
  },
  approvals: {
    list: query<{ actor: Actor; all?: boolean }, WireApproval[]>("approvals:list"),
    get: query<{ actor: Actor; ref: string }, WireApproval | null>("approvals:get"),
    answer: mutation<
      { actor: Actor; ref: string; option: string; reason?: string; fields?: string; requestKey?: string },
      AnswerResult
    >("approvals:answer"),
  },
  audit: { list: query<{ runId?: string; limit?: number }, AuditRow[]>("audit:list") },
  inbound: {
    receive: mutation<{ event: string }, StoredInbound>("inbound:receive"),
    watermark: query<{ channel: string; place?: string }, number | null>("inbound:watermark"),
  },
  outbox: {
    ready: query<{ filters: Filter[] }, { deliveryId: string; place: string; version: number }[]>("outbox:ready"),
    claim: mutation<{ gatewayId: string; filters: Filter[]; limit: number }, Claimed[]>("outbox:claim"),
    confirm: mutation<
      { deliveryId: Id<"deliveries">; leaseId: string; version: number; receipt: string },
      { held: boolean }
    >("outbox:confirm"),
    fail: mutation<
      { deliveryId: Id<"deliveries">; leaseId: string; error: ErrorInfo; retryAfterMs: number | null },
      { status: "waiting" | "failed" | "lease_lost" }
    >("outbox:fail"),
    heartbeat: mutation<{ gatewayId: string; channels: Record<string, string> }, null>("outbox:heartbeat"),
    release: mutation<{ gatewayId: string }, { released: number }>("outbox:release"),
  },
  conversations: {
    history: query<{ threadKey: string; limit: number }, { role: string; text: string; at: number }[]>(
      "conversations:history",
    ),
    busy: query<{ place: string }, Busy>("conversations:busy"),
  },
  tasks: { list: query<{ status?: string }, Task[]>("tasks:list") },
};
