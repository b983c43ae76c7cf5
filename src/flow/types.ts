/**
 * The seam between the pure decisions and the transactions that carry them out.
 *
 *   transition(definition, state, event, context) -> { state, effects, more }
 *
 * The caller stores `state` and carries out `effects`, in their order, in one transaction. Guarantees of `transition`:
 * - it never throws for a reason of the definition's or the data's; such a reason is a failed node, and by the node's policy a failed run;
 * - a signal for a wait that is not open (answered, closed, never there) and any event after the end change nothing;
 * - each open wait belongs to one token; a signal moves that token only (and, at a join or an end, those that depend on it);
 * - `finish` is emitted exactly once in a run's life, and last; with it every open wait is closed;
 * - at most `maxNodes` nodes are entered in one call; if `more` is true, call again with `{type: "continue"}`, now or in a later transaction.
 * A burst of signals is a sequence of calls, in any order.
 */
import type { Tier } from "../contract/approval.ts";
import type { ErrorInfo } from "../contract/errors.ts";
import type { Asked, Json, NodeType } from "./definition.ts";

// ---- state -------------------------------------------------------------------------------------------------------------------

/** Where a run stands. JSON-safe, small: outputs are variables, not state. */
export interface RunState {
  format: 1;
  status: "running" | "completed" | "failed" | "cancelled";
  /** Source of the ids of tokens, frames and waits; never reused within a run. */
  lastId: number;
  tokens: Record<string, Token>;
  frames: Record<string, Frame>;
  waits: Record<string, Wait>;
  /** Of nodes that may be entered more than once. */
  visits: Record<string, number>;
}

export interface Token {
  nodeId: string;
  /** The parallel or fanout block the token runs in; null: none. */
  frame: string | null;
  /** `ready` tokens are entered by the next call; a `waiting` one has exactly one open wait, except a token that stands at a fanout. */
  at: "ready" | "waiting";
  /** 1 for the first; counts retries of this visit. */
  attempt: number;
  visit: number;
  startedAt: number | null;
  /** Loop: rounds completed. */
  iteration?: number;
  /** Fanout: which item. */
  index?: number;
  /** The question whose payload the next work must still be; see bound.ts. */
  bound?: { nodeId: string; id: string };
  /** Hash of the work that somebody approved on a policy's demand; see hold.ts. */
  approvedHash?: string | null;
}

export type Frame =
  | { kind: "parallel"; nodeId: string; parent: string | null; open: number; visit: number; startedAt: number }
  | {
      kind: "fanout";
      nodeId: string;
      /** The token that stands at the fanout node until all items are done. */
      token: string;
      count: number;
      /** Next item to begin. */
      begun: number;
      done: number;
    };

export type WaitKind = "work" | "approval" | "timer" | "event" | "run";

export interface Wait {
  kind: WaitKind;
  /**
   * `failure`: an approval that asks what to do about a failed node. `retry`: the timer before another attempt. `hold`: an approval that
   * a policy wants before the node's work.
   */
  purpose: "node" | "failure" | "retry" | "hold";
  nodeId: string;
  token: string;
  /** Of `failure` and `retry`: what went wrong. */
  error?: ErrorInfo;
}

// ---- events ------------------------------------------------------------------------------------------------------------------

export type FlowEvent =
  /** First event of a run. `fromNodeId` begins elsewhere, with the variables as they are (restart). */
  | { type: "start"; fromNodeId?: string | null }
  | { type: "signal"; waitId: string; signal: Signal }
  /** Goes on with tokens left ready by `maxNodes`. */
  | { type: "continue" }
  | { type: "cancel"; reason: string | null };

/** What ended a wait. JSON-safe: stored as one row with the unique key (run, waitId). */
export type Signal =
  /** Of `ask`. `option` is one of the options, `expired`, or `answered` (free text, in `text`). */
  | {
      kind: "verdict";
      option: string;
      reason: string | null;
      /** As shown to people: "Ana"; null for expiry. */
      by: string | null;
      channel: string | null;
      at: number;
      text: string | null;
      /** Edited payload fields. */
      fields: Json;
      /** What was approved, edited values in place, and its SHA-256; absent: the question had no payload. */
      payload?: Json;
      payloadHash?: string | null;
    }
  /** Of `startWork`. Text that is a JSON object or array becomes one. */
  | { kind: "result"; output: Json }
  /** Of any wait: it could not be done (work failed or ran out of time, nobody can be asked, no such workflow). */
  | { kind: "error"; error: ErrorInfo }
  /** Of `startWork`: the policy wants somebody to approve it first. `payload` is what would be done; its hash comes with the verdict. */
  | {
      kind: "hold";
      question: string;
      payload: Json;
      rule: string;
      approvers: string[] | null;
      quorum: number;
      fourEyes: boolean;
      tier: Tier;
      channels: string[] | null;
      reasonRequired: boolean;
    }
  /** Of `setTimer`. */
  | { kind: "timer" }
  /** Of `awaitEvent`. */
  | { kind: "event"; payload: Json }
  /** Of `startRun`. */
  | {
      kind: "child";
      status: "completed" | "failed" | "cancelled";
      result: Json;
      error: string | null;
    };

export interface Context {
  now: number;
  /** The run's input: its fields are variables, and the whole is `input` and `workflow_input`. */
  input: Json;
  /** The run's variables as stored (names beginning with `~` are internal: store them, show them to nobody). */
  variables: Record<string, Json>;
  /** Can be read in templates as `run.id`, `run.title`, `run.startedBy`, `run.workflow`. */
  run: { id: string; title: string; startedBy: string; workflow: string };
  /** Most nodes entered in this call; default 100. */
  maxNodes?: number;
}

// ---- effects -----------------------------------------------------------------------------------------------------------------

export type Effect =
  | StartWork
  | Ask
  /** Signal `timer` for the wait at that time (ms since 1970), unless the wait was closed before. An event wait may have a timer beside it. */
  | { kind: "setTimer"; waitId: string; nodeId: string; at: number }
  /** Signal `event` when an event of that name (and key, if not null) comes. Events that came before the run asked do not count. */
  | { kind: "awaitEvent"; waitId: string; nodeId: string; name: string; key: string | null; expiresAt: number | null }
  /** Start a child run; signal `child` when it ends. */
  | { kind: "startRun"; waitId: string; nodeId: string; workflow: string; input: Json }
  /**
   * The wait is over from this side: retire its job, question (cancelled; `superseded` when another question takes its place), timer,
   * event subscription; cancel its child run. Idempotent.
   */
  | { kind: "closeWait"; waitId: string; wait: WaitKind; reason: string; superseded?: true }
  /** Null deletes nothing: it is a value. `delete` removes. */
  | { kind: "setVariable"; name: string; value: Json }
  | { kind: "deleteVariable"; name: string }
  | NodeProgress
  | Finish;

/**
 * Do the work of a node. The function's registration decides how: inline in this transaction (then feed its `result` or `error`
 * signal to `transition` at once, in the same transaction), or as a job under a lease.
 */
export interface StartWork {
  kind: "startWork";
  waitId: string;
  nodeId: string;
  attempt: number;
  /** Same for every attempt of one visit (and item, and round): what may be done once only is keyed by it, together with the run. */
  key: string;
  functionId: string;
  prompt: string | null;
  args: Json;
  agent: string | null;
  session: "shared" | "new";
  /** From the first claim of this attempt to its result; after that signal an `error`. */
  timeoutMs: number;
  sandbox: string | null;
  /** Hash of what somebody has approved on a policy's demand: the work goes on only if it still is that. Absent: nobody had to. */
  approvedHash?: string | null;
}

/** Ask people. The question's own machine (verdict.ts) does votes, quorum, expiry, reminders; the signal `verdict` comes once, when it is settled. */
export interface Ask extends Asked {
  kind: "ask";
  waitId: string;
  nodeId: string;
  /** `failure`: options are of retry, skip, abort. `hold`: approve, deny. */
  purpose: "node" | "failure" | "hold";
  /** The rule of the policy that wants it. */
  rule?: string;
  /** Ms since 1970; null: waits without end. At that time the verdict is `expired`. */
  expiresAt: number | null;
}

export type NodeStatus = "running" | "waiting" | "completed" | "failed" | "skipped" | "cancelled";

/** How a node stands; the whole row, to be inserted or replaced by (run, nodeKey). At most one for a node visit in one call. */
export interface NodeProgress {
  kind: "node";
  /** The node's id, with `#2`, `#3` … for further visits. */
  nodeKey: string;
  nodeId: string;
  type: NodeType;
  status: NodeStatus;
  attempt: number;
  startedAt: number;
  endedAt: number | null;
  error: ErrorInfo | null;
}

export interface Finish {
  kind: "finish";
  status: "completed" | "failed" | "cancelled";
  /** Of the end node; null unless completed at an `end` with `result`. */
  result: Json;
  /** Ready to be said; empty unless completed at an `end` with `result`. */
  outputs: { to: string; text: string }[];
  /** Which node ended the run; null when cancelled. */
  nodeId: string | null;
  error: ErrorInfo | null;
}

export interface Transition {
  state: RunState;
  effects: Effect[];
  /** Tokens are ready that this call did not enter: call again with `continue`. */
  more: boolean;
}
