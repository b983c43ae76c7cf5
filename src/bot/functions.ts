/**
 * The backend's public functions as callers outside `convex/` see them: names, arguments, results. Written out, so that the
 * gateway and the CLI can be read without the backend's source; `functions.test.ts` compares the names with what `convex/` exports.
 * Foreign JSON (inputs, variables, results, messages) crosses as JSON text.
 */

import { type FunctionReference, makeFunctionReference } from "convex/server";
import type { Id } from "../../convex/_generated/dataModel.js";
import type { Actor } from "../contract/actor.ts";
import type { AnswerResult, ApprovalCard } from "../contract/approval.ts";
import type { ErrorInfo } from "../contract/errors.ts";
import type { AuditRow, PolicyQuestion, PolicyTested, Trouble } from "../contract/governance.ts";
import type { StoredInbound } from "../contract/inbound.ts";
import type { HomeView, WorkflowForm } from "../contract/lookups.ts";
import type { RunStatus } from "../contract/run.ts";
import type { Budget, Memory, Project, Session, Task, TaskDetail } from "../contract/work.ts";
import type { AuditLine } from "../flow/audit_chain.ts";
import type { PolicyView } from "../flow/policy.ts";
import type {
  Busy,
  Claimed,
  Filter,
  HookTaken,
  JobLease,
  MachineJob,
  Origin,
  OutsideCall,
  OutsideLease,
  Person,
  Problem,
  Profile,
  Schedule,
  Shift,
  StoredFile,
  WireApproval,
  WireRun,
  WorkflowCreated,
  WorkflowSummary,
} from "./shapes.ts";

export type { AuditRow } from "../contract/governance.ts";
export type { Budget, Memory, Project, Session, Task, TaskDetail } from "../contract/work.ts";
export type { AuditLine } from "../flow/audit_chain.ts";
export type * from "./shapes.ts";

type Args = Record<string, unknown>;
export type Query<A extends Args, R> = FunctionReference<"query", "public", A, R>;
export type Mutation<A extends Args, R> = FunctionReference<"mutation", "public", A, R>;
const query = <A extends Args, R>(name: string) => makeFunctionReference<"query", A, R>(name) as Query<A, R>;
const mutation = <A extends Args, R>(name: string) => makeFunctionReference<"mutation", A, R>(name) as Mutation<A, R>;

type None = Record<string, never>;

/** How many there are in which state; at `countLimit` there may be more. */
export interface Health {
  approvalsPending: number;
  runs: Record<string, number>;
  deliveries: Record<string, number>;
  jobs: Record<string, number>;
  countLimit: number;
}

export const functions = {
  system: {
    ping: query<None, { ok: true; schemaVersion: number }>("system:ping"),
    ensureOwner: mutation<{ osUser: string }, { personId: string; name: string; created: boolean }>(
      "system:ensureOwner",
    ),
    health: query<None, Health>("system:health"),
  },
  people: {
    add: mutation<{ actor: Actor; name: string; roles: string[] }, Person>("people:add"),
    list: query<{ actor: Actor }, Person[]>("people:list"),
    acting: query<{ actor: Actor }, { name: string; shown: string }>("people:acting"),
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
    validate: query<{ source: string; file: string }, { ok: boolean; problems: Problem[]; warnings: Problem[] }>(
      "workflows:validate",
    ),
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
