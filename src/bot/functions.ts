/**
 * The backend's public functions as callers outside `convex/` see them: names, arguments, results. Written out, so that the
 * gateway and the CLI can be read without the backend's source; `functions.test.ts` compares the names with what `convex/` exports.
 * Foreign JSON (inputs, variables, results, messages) crosses as JSON text.
 */
import { type FunctionReference, makeFunctionReference } from "convex/server";
import type { Id } from "../../convex/_generated/dataModel.js";
import type { Actor } from "../contract/actor.ts";
import type { AnswerResult, ApprovalCard, ApprovalView } from "../contract/approval.ts";
import type { ErrorInfo } from "../contract/errors.ts";
import type { StoredInbound } from "../contract/inbound.ts";
import type { HomeView, WorkflowForm } from "../contract/lookups.ts";
import type { RunStatus, RunView } from "../contract/run.ts";
import type { AuditLine, AuditRow, PolicyQuestion, PolicyTested, PolicyView, Trouble } from "./governance.ts";
import type { Budget, Memory, Project, Session, Task, TaskDetail } from "./work.ts";

export type { AuditLine, AuditRow } from "./governance.ts";
export type { Budget, Memory, Project, Session, Task, TaskDetail } from "./work.ts";

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

type OutsideLease = { callId: Id<"outsideCalls">; leaseId: string };

/** A file that agents may read. */
export interface StoredFile {
  name: string;
  storageId: string;
  contentType: string | null;
  bytes: number;
  addedBy: string;
  at: number;
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
    enrol: mutation<
      { actor: Actor; name: string; channel: string },
      { name: string; channel: string; code: string; expiresAt: number }
    >("people:enrol"),
    unlink: mutation<{ actor: Actor; name: string; handle: string }, Person>("people:unlink"),
    prefer: mutation<{ actor: Actor; name: string; handle: string | null }, Person>("people:prefer"),
    quiet: mutation<{ actor: Actor; name: string; hours: string | null; zone: string }, Person>("people:quiet"),
    onCall: mutation<{ actor: Actor; role: string; name: string; from: number; until: number }, Shift[]>(
      "people:onCall",
    ),
    shifts: query<{ actor: Actor; role: string }, Shift[]>("people:shifts"),
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
  schedules: {
    add: mutation<{ actor: Actor; workflow: string; cron: string; timeZone: string; input: string }, Schedule>(
      "schedules:add",
    ),
    remove: mutation<{ actor: Actor; scheduleId: string }, Schedule>("schedules:remove"),
    list: query<None, Schedule[]>("schedules:list"),
  },
  hooks: {
    receive: mutation<{ name: string; key: string; body: string; eventId?: string }, HookTaken>("hooks:receive"),
  },
  profiles: {
    install: mutation<
      { actor: Actor; kind: "role" | "hand"; source: string; file: string },
      { name: string; changed: boolean }
    >("profiles:install"),
    check: query<{ kind: "role" | "hand"; source: string; file: string }, { ok: boolean; problems: Problem[] }>(
      "profiles:check",
    ),
    list: query<None, Profile[]>("profiles:list"),
    announce: mutation<{ gatewayId: string; sandboxes: string[]; workspace: boolean }, null>("profiles:announce"),
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
        agents?: Record<string, string>;
      },
      WireRun
    >("runs:start"),
    restart: mutation<{ actor: Actor; runId: string; from?: string; requestKey?: string }, WireRun>("runs:restart"),
    get: query<{ runId: string }, WireRun | null>("runs:get"),
    list: query<{ status?: RunStatus; limit?: number }, WireRun[]>("runs:list"),
    cancel: mutation<{ actor: Actor; runId: string; reason?: string }, WireRun>("runs:cancel"),
  },
  live: {
    runs: query<None, object[]>("live:runs"),
    questions: query<None, object[]>("live:questions"),
    deliveries: query<None, object[]>("live:deliveries"),
    state: query<None, object>("live:state"),
  },
  approvals: {
    list: query<{ actor: Actor; all?: boolean }, WireApproval[]>("approvals:list"),
    get: query<{ actor: Actor; ref: string }, WireApproval | null>("approvals:get"),
    answer: mutation<
      {
        actor: Actor;
        ref: string;
        option: string;
        reason?: string;
        fields?: string;
        requestKey?: string;
        /** Hash of the payload that was shown: another one is refused. */
        shownHash?: string;
      },
      AnswerResult
    >("approvals:answer"),
    reassign: mutation<
      { actor: Actor; ref: string; to: string },
      { approvalId: string; done: boolean; from: string; to: string; message: string }
    >("approvals:reassign"),
    resend: mutation<
      { actor: Actor; ref: string; requestKey: string },
      { approvalId: string; places: string[]; message: string }
    >("approvals:resend"),
  },
  audit: {
    list: query<{ runId?: string; approvalId?: string; limit?: number }, AuditRow[]>("audit:list"),
    page: query<
      { part: "roots" | "heads" | "events"; cursor: string | null },
      { lines: AuditLine[]; next: string | null }
    >("audit:page"),
  },
  watch: { troubles: query<None, Trouble[]>("watch:troubles") },
  policy: {
    show: query<{ actor: Actor }, PolicyView>("policy:show"),
    set: mutation<{ actor: Actor; source: string; file: string }, { version: number; changed: boolean; rules: number }>(
      "policy:set",
    ),
    test: query<{ actor: Actor } & PolicyQuestion, PolicyTested>("policy:test"),
  },
  inbound: {
    receive: mutation<{ event: string }, StoredInbound>("inbound:receive"),
    watermark: query<{ channel: string; place?: string }, number | null>("inbound:watermark"),
  },
  lookups: {
    card: query<{ handle: string; approvalId: string }, ApprovalCard | null>("lookups:card"),
    workflow: query<{ handle: string; name: string }, WorkflowForm | null>("lookups:workflow"),
    workflows: query<{ handle: string }, { name: string; title: string }[]>("lookups:workflows"),
    home: query<{ handle: string }, HomeView>("lookups:home"),
    homeOpened: mutation<{ channel: string; handle: string }, null>("lookups:homeOpened"),
    openHomes: query<{ channel: string }, string[]>("lookups:openHomes"),
    caughtUpTo: query<{ channel: string }, number | null>("lookups:caughtUpTo"),
    markCaughtUp: mutation<{ channel: string; at: number }, null>("lookups:markCaughtUp"),
    knownPlaces: query<{ channel: string }, { threads: string[]; receipts: string[]; handles: string[] }>(
      "lookups:knownPlaces",
    ),
  },
  workers: {
    noteChanges: mutation<{ turnId: Id<"turns">; branch: string | null; diffstat: string }, null>(
      "workers:noteChanges",
    ),
  },
  machine_work: {
    ready: query<{ sandboxes: string[] }, { jobId: Id<"jobs"> }[]>("machine_work:ready"),
    claim: mutation<{ gatewayId: string; jobId: Id<"jobs">; sandboxes: string[] }, MachineJob | null>(
      "machine_work:claim",
    ),
    heartbeat: mutation<JobLease, { held: boolean }>("machine_work:heartbeat"),
    complete: mutation<JobLease & { output: string }, { held: boolean }>("machine_work:complete"),
    fail: mutation<JobLease & { error: ErrorInfo }, { held: boolean }>("machine_work:fail"),
    release: mutation<{ gatewayId: string }, { interrupted: number }>("machine_work:release"),
  },
  outside_work: {
    ready: query<None, { callId: Id<"outsideCalls">; toolName: string }[]>("outside_work:ready"),
    claim: mutation<{ callId: Id<"outsideCalls">; machine: string }, OutsideCall | null>("outside_work:claim"),
    heartbeat: mutation<OutsideLease, { held: boolean }>("outside_work:heartbeat"),
    complete: mutation<OutsideLease & { result: string }, { held: boolean }>("outside_work:complete"),
    fail: mutation<OutsideLease & { error: ErrorInfo }, { held: boolean }>("outside_work:fail"),
  },
  outbox: {
    ready: query<{ filters: Filter[] }, { deliveryId: string; place: string; version: number; isQuestion: boolean }[]>(
      "outbox:ready",
    ),
    claim: mutation<{ gatewayId: string; filters: Filter[]; limit: number }, Claimed[]>("outbox:claim"),
    confirm: mutation<
      { deliveryId: Id<"deliveries">; leaseId: string; version: number; receipt: string },
      { held: boolean }
    >("outbox:confirm"),
    fail: mutation<
      {
        deliveryId: Id<"deliveries">;
        leaseId: string;
        version?: number;
        error: ErrorInfo;
        retryAfterMs: number | null;
      },
      { status: "ready" | "waiting" | "failed" | "lease_lost" }
    >("outbox:fail"),
    report: mutation<
      {
        channel: string;
        receipt: string;
        deliveryId: string | null;
        state: "accepted" | "delivered" | "failed";
        error: ErrorInfo | null;
      },
      { known: boolean }
    >("outbox:report"),
    heartbeat: mutation<
      {
        gatewayId: string;
        channels: Record<string, string>;
        failures?: { channel: string; message: string; remedy: string | null }[];
      },
      null
    >("outbox:heartbeat"),
    release: mutation<{ gatewayId: string }, { released: number }>("outbox:release"),
  },
  conversations: {
    history: query<{ threadKey: string; limit: number }, { role: string; text: string; at: number }[]>(
      "conversations:history",
    ),
    busy: query<{ place: string }, Busy>("conversations:busy"),
  },
  files: {
    uploadUrl: mutation<{ actor: Actor; name: string; bytes: number }, string>("files:uploadUrl"),
    add: mutation<
      { actor: Actor; name: string; storageId: Id<"_storage"> },
      { file: StoredFile } | { refused: ErrorInfo }
    >("files:add"),
    list: query<None, StoredFile[]>("files:list"),
    remove: mutation<{ actor: Actor; file: string }, StoredFile>("files:remove"),
  },
  tasks: {
    list: query<{ status?: string; assignee?: string; project?: string }, Task[]>("tasks:list"),
    show: query<{ actor: Actor; task: string }, TaskDetail>("tasks:show"),
    create: mutation<
      {
        actor: Actor;
        title: string;
        description?: string;
        project?: string;
        priority?: string;
        assignee?: string;
      },
      Task
    >("tasks:create"),
    assign: mutation<{ actor: Actor; task: string; assignee: string }, Task>("tasks:assign"),
    move: mutation<{ actor: Actor; task: string; status: string; reason?: string }, Task>("tasks:move"),
  },
  projects: {
    list: query<{ actor: Actor; now: number }, Project[]>("projects:list"),
    create: mutation<{ actor: Actor; name: string; repo?: string | null }, Project>("projects:create"),
    set: mutation<{ actor: Actor; project: string; name?: string; repo?: string | null }, Project>("projects:set"),
    sessions: query<{ actor: Actor }, Session[]>("projects:sessions"),
    channels: query<{ actor: Actor }, { place: string; channel: string; since: number }[]>("projects:channels"),
  },
  budgets: {
    set: mutation<{ actor: Actor; project: string | null; limitUsd: number | null; warnAt: number | null }, Budget>(
      "budgets:set",
    ),
    show: query<{ actor: Actor; now: number }, Budget[]>("budgets:show"),
  },
  memory: {
    list: query<{ actor: Actor; about?: string }, Memory[]>("memory:list"),
    remember: mutation<
      { actor: Actor; fact: string; shared: boolean; project?: string },
      { memory: Memory; kept: boolean }
    >("memory:remember"),
    forget: mutation<{ actor: Actor; memory: string }, { forgotten: Memory[]; several: boolean; found?: Memory[] }>(
      "memory:forget",
    ),
  },
};
