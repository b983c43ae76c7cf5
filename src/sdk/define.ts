/**
 * Workflows in code, in the graph notation, checked by the compiler: a `next` that names no node, an option without a branch, a
 * missing field does not compile. What the compiler cannot see (cycles, unreachable nodes, templates, unknown fields) the backend says at the start.
 */
import type { Tier } from "../contract/approval.ts";

type JsonSchema = Record<string, unknown>;

interface Common<Id extends string> {
  /** If given, the name the node stands under. */
  id?: Id;
  title?: string;
  onFailure?: "fail" | "skip" | "ask";
  /** Of a question that a failure becomes, or `approval: "sync"`. */
  approvers?: readonly Approver[];
  maxVisits?: number;
}

type Approver = `person:${string}` | `role:${string}`;

/** A prompt for an agent, or a function with its arguments. */
type Work = ({ prompt: string; functionId?: "agent::chat" } | { functionId: string; prompt?: string }) & {
  config?: unknown;
  agent?: string;
  sessionRef?: "shared" | "new";
  saveAs?: string;
  retries?: number;
  retryBackoffMs?: number;
  timeoutMs?: number;
  sandbox?: "docker" | "bubblewrap";
  approval?: "sync";
};

interface Asking<Option extends string> {
  question: string;
  saveAs?: string;
  quorum?: number;
  fourEyes?: boolean;
  tier?: Tier;
  channels?: readonly string[];
  payload?: unknown;
  form?: JsonSchema;
  reasonRequired?: readonly Option[];
  expiresInMs?: number;
  remindAfterMs?: number;
  escalate?: readonly { afterMs: number; to?: readonly Approver[]; via?: readonly string[] }[];
}

type Next<Id extends string> = { next: Id };

/** A node whose targets are among `Id`; `Option` are the answers of a question. */
export type WorkflowNode<Id extends string = string, Own extends string = string, Option extends string = string> =
  | (Common<Own> & Work & Next<Id> & { type: "task" })
  | (Common<Own> & Work & Next<Id> & { type: "loop"; maxIterations: number; until?: string })
  | (Common<Own> &
      Work &
      Next<Id> & { type: "fanout"; over: string; concurrency?: number; onItemFailure?: "fail" | "skip" })
  | (Common<Own> &
      Asking<Option> & {
        type: "approval";
        options: readonly Option[];
        freeText?: false;
        next: Readonly<Record<Option, Id> & { expired?: Id }>;
      })
  | (Common<Own> & Asking<never> & { type: "approval"; freeText: true; next: Id | { answered: Id; expired?: Id } })
  | (Common<Own> & Next<Id> & { type: "wait"; forMs: number })
  | (Common<Own> & { type: "branch"; cond: string; truthy: Id; falsy: Id })
  | (Common<Own> & Next<Id> & { type: "parallel"; branches: readonly Id[] })
  | (Common<Own> & { type: "end"; result?: string; error?: string })
  | (Common<Own> & {
      type: "event";
      name: string;
      key?: string;
      timeoutMs?: number;
      saveAs?: string;
      next: Id | { received: Id; expired?: Id };
    })
  | (Common<Own> & Next<Id> & { type: "run"; workflow: string; input?: unknown; saveAs?: string });

interface Frame {
  /** The workflow's name; absent: `definition`. */
  id?: string;
  title?: string;
  description?: string;
  agents?: readonly string[];
  inputs?: JsonSchema;
  sharedSession?: { title: string };
  outputs?: readonly (string | { to: string; template?: string })[];
  notify?: readonly string[];
  schedule?: { cron: string; timeZone?: string; input?: Record<string, unknown> };
  hook?: string | { name: string; when?: string; input?: Record<string, unknown> };
}

export interface WorkflowDefinition<Id extends string = string> extends Frame {
  startNodeId: Id;
  nodes: Readonly<Record<Id, WorkflowNode<Id>>>;
}

/** What each node must be, now that all names and its own options are known. */
type Checked<Nodes> = {
  [Own in keyof Nodes]: Nodes[Own] extends { options: readonly (infer Option extends string)[] }
    ? WorkflowNode<keyof Nodes & string, Own & string, Option>
    : WorkflowNode<keyof Nodes & string, Own & string>;
};

/** Gives the definition back as it is: what it does, it does in the compiler. */
export function defineWorkflow<const Nodes extends Record<string, { type: string }>>(
  definition: Frame & { startNodeId: keyof NoInfer<Nodes> & string; nodes: Nodes & Checked<NoInfer<Nodes>> },
): WorkflowDefinition<keyof Nodes & string> {
  return definition as unknown as WorkflowDefinition<keyof Nodes & string>;
}
