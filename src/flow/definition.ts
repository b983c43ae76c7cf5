/**
 * A workflow as it is pinned to a run: one graph, whatever notation it was written in. JSON-safe; every default is made explicit
 * at compilation, so a later change of a default never changes a run that waits. Templates and expressions stay source text
 * (parsed again when used); `format` says which compiled form this is, and `transition` understands every form ever released.
 */
import type { Tier } from "../contract/approval.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Source text with `{{…}}`. */
export type TemplateText = string;
/** Source text of an expression: `summary contains SHIP_IT`. */
export type ExpressionText = string;

export interface Definition {
  format: 1;
  name: string;
  title: string;
  description: string | null;
  notation: "graph" | "steps";
  startNodeId: string;
  nodes: Record<string, FlowNode>;
  /** Title of the one agent session that tasks with `session: "shared"` use; null: none was named. */
  sharedSession: { title: string } | null;
  /** Roles that steps may name; instruction files. The first is the default of a step without `agent`. */
  agents: string[];
  /** JSON schema of the run's input; null: anything goes. */
  inputs: Json;
  /** Where the result of an `end` with `result` is said. */
  outputs: { to: string; template: TemplateText | null }[];
  /** Places of the progress message. */
  notify: string[];
  schedule: { cron: string; timeZone: string; input: Json } | null;
  /** `POST /hooks/NAME` starts a run. Absent: none does. */
  hook?: Hook;
  /** Other names of a variable, for example a step's name for its `outputVar`. */
  aliases: Record<string, string>;
  /** Every variable that some node may set: one of them that is not set yet renders as nothing, any other name is an error. */
  declares: string[];
}

export interface Hook {
  name: string;
  /** Only bodies of which this holds; null: all. Its one name is `body`. */
  when: ExpressionText | null;
  /** The run's input, its strings templates over `body`; null: the body itself. */
  input: Json;
}

export type OnFailure = "fail" | "skip" | "ask";

interface NodeCommon {
  /** Failed for good (after its retries): the run fails, the node is passed over with a null output, or a person is asked. */
  onFailure: OnFailure;
  /** Who is asked under `onFailure: ask`: `person:NAME`, `role:NAME`; null: who started the run. */
  failureApprovers: string[] | null;
  /** Most visits in one run before the node fails; null: no bound of its own. */
  maxVisits: number | null;
  /** True when one run may enter the node more than once (a cycle, or a path shared by parallel branches), so that visits are counted. */
  repeats: boolean;
}

/** What a task does: a call of one registered function. `agent::chat` runs `prompt` with an agent. */
export interface Work {
  functionId: string;
  prompt: TemplateText | null;
  /** Arguments (a step's `config`); strings inside are templates. */
  args: Json;
  /** Role, null: the default agent. */
  agent: string | null;
  session: "shared" | "new";
  /** For one attempt. */
  timeoutMs: number;
  sandbox: string | null;
}

export interface RetryPolicy {
  /** Further attempts after the first. */
  max: number;
  /** Before the first retry; doubles each time up to `maxBackoffMs`. */
  backoffMs: number;
  maxBackoffMs: number;
}

export interface TaskNode extends NodeCommon {
  type: "task";
  work: Work;
  retry: RetryPolicy;
  saveAs: string | null;
  next: string;
}

/** What a question asks for, and of whom. */
export interface Asked {
  question: string;
  options: string[];
  /** The answer is words, not an option: it is stored verbatim and never counts as approval. Then `options` is empty. */
  freeText: boolean;
  /** `person:NAME`, `role:NAME`; null: who started the run, nobody else (I2). */
  approvers: string[] | null;
  quorum: number;
  fourEyes: boolean;
  tier: Tier;
  /** Places; null: where the run came from, then each approver's preferred handle. */
  channels: string[] | null;
  /** Null: none. */
  payload: Json;
  /** JSON schema of the payload fields an approver may edit; null: none. */
  form: Json;
  reasonRequired: string[];
  /** Null: no bump. */
  remindAfterMs: number | null;
  escalate: { afterMs: number; to: string[]; via: string[] }[];
}

/** Before its templates are rendered: the question is one, and so is every string in the payload. Also used by a step's `approval: sync`. */
export interface QuestionSpec extends Asked {
  question: TemplateText;
  expiresInMs: number | null;
}

export interface ApprovalNode extends NodeCommon, QuestionSpec {
  type: "approval";
  /** Gets `{option, reason, by, channel, at, text, fields}`. */
  saveAs: string;
  /** By option; `expired` where the question can expire; `answered` for free text. */
  next: Record<string, string>;
}

export interface WaitNode extends NodeCommon {
  type: "wait";
  forMs: number;
  next: string;
}

export interface BranchNode extends NodeCommon {
  type: "branch";
  cond: ExpressionText;
  truthy: string;
  falsy: string;
}

/** Starts every branch; goes on at `next` when all of them have arrived there. */
export interface ParallelNode extends NodeCommon {
  type: "parallel";
  branches: string[];
  next: string;
}

/** The whole run ends here, whatever other branches do. */
export interface EndNode extends NodeCommon {
  type: "end";
  /** A variable's path, or a template; null: the outputs stay silent. */
  result: string | null;
  /** The run fails with this message instead of completing. */
  error: TemplateText | null;
}

/** Repeats its work until `until` holds of the output, at most `maxIterations` times; then goes on either way. */
export interface LoopNode extends NodeCommon {
  type: "loop";
  work: Work;
  retry: RetryPolicy;
  maxIterations: number;
  /** One bare word: whole-word match in the output; otherwise an expression over the output's fields and the variables. */
  until: ExpressionText;
  saveAs: string;
  next: string;
}

/** Its work once for each item of a list, several at a time; the outputs come in the list's order. */
export interface FanoutNode extends NodeCommon {
  type: "fanout";
  work: Work;
  retry: RetryPolicy;
  /** A variable's path. */
  over: string;
  /** Each item's work at the same time, at most so many. */
  concurrency: number;
  /** An item that fails for good: the node fails, or the item's place holds null. */
  onItemFailure: "fail" | "skip";
  saveAs: string;
  next: string;
}

/** Waits for a named event from outside. */
export interface EventNode extends NodeCommon {
  type: "event";
  name: string;
  /** Only events with this key count; null: any. */
  key: TemplateText | null;
  timeoutMs: number | null;
  saveAs: string | null;
  next: string;
  /** Null: running out of time is a failure of the node. */
  expired: string | null;
}

/** Runs another workflow and waits for its result. */
export interface RunNode extends NodeCommon {
  type: "run";
  workflow: string;
  /** Strings inside are templates. */
  input: Json;
  saveAs: string | null;
  next: string;
}

export type FlowNode =
  | TaskNode
  | ApprovalNode
  | WaitNode
  | BranchNode
  | ParallelNode
  | EndNode
  | LoopNode
  | FanoutNode
  | EventNode
  | RunNode;
export type NodeType = FlowNode["type"];
