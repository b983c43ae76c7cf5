/** What happens when a token enters a node, and when its node is done or has failed. */
import { type ErrorInfo, errorInfo, FactoryError } from "../contract/errors.ts";
import { askQuestion, changedSince } from "./bound.ts";
import type { FanoutNode, FlowNode, Json, LoopNode, QuestionSpec, TaskNode } from "./definition.ts";
import { holds } from "./evaluate.ts";
import { beginItems, dropItems, failItem, itemsOf, runItem } from "./fanout.ts";
import { own, textOf } from "./json.ts";
import { parsePath, resolve, type Scope, within } from "./scope.ts";
import { MUST_BE_APPROVED, nodeError, type Step } from "./step.ts";
import { render, renderJson } from "./template.ts";
import type { Ask, Token } from "./types.ts";

/** Errors that another attempt cannot mend. */
const FINAL_CODES = new Set([
  "forbidden",
  "unauthenticated",
  "invalid_input",
  "invalid_definition",
  "not_found",
  "too_large",
]);

/** Enters the node at which a ready token stands. */
export function enter(step: Step, tokenId: string): void {
  const token = step.state.tokens[tokenId]!;
  const node = step.node(token.nodeId);
  if (token.index !== undefined && node.type === "fanout") {
    attempt(step, tokenId, () => runItem(step, tokenId, node, token.index!));
    return;
  }
  token.visit = node.repeats ? (own(step.state.visits, token.nodeId) ?? 0) + 1 : 1;
  if (node.repeats) step.state.visits[token.nodeId] = token.visit;
  token.startedAt = step.context.now;
  step.show(token, "running");
  if (node.maxVisits !== null && token.visit > node.maxVisits) {
    const message = `"${token.nodeId}" was to be entered for the ${token.visit}th time; its maxVisits is ${node.maxVisits}`;
    failNode(step, tokenId, errorInfo("limit_reached", message, { retryable: false, field: token.nodeId }));
    return;
  }
  perform(step, tokenId);
}

/** Does the node's thing, for the first time or again. */
export function perform(step: Step, tokenId: string): void {
  attempt(step, tokenId, () => begin(step, tokenId, step.node(step.state.tokens[tokenId]!.nodeId)));
}

/** Whatever is thrown while a node is decided is that node's failure. */
export function attempt(step: Step, tokenId: string, decide: () => void): void {
  try {
    decide();
  } catch (thrown) {
    failNode(step, tokenId, nodeError(thrown));
  }
}

function begin(step: Step, tokenId: string, node: FlowNode): void {
  const token = step.state.tokens[tokenId]!;
  const { now } = step.context;
  const { nodeId } = token;
  if (MUST_BE_APPROVED.has(node.type) && changedSince(step, tokenId, node)) return;
  switch (node.type) {
    case "task":
      startWork(step, tokenId, node, step.scope);
      return;
    case "loop":
      startRound(step, tokenId, node);
      return;
    case "fanout":
      beginItems(step, tokenId, node, itemsOf(node, step.scope));
      return;
    case "approval":
      askQuestion(step, tokenId, node);
      return;
    case "wait":
      step.emit({ kind: "setTimer", waitId: step.wait(tokenId, "timer"), nodeId, at: now + node.forMs });
      step.show(token, "waiting");
      return;
    case "branch":
      complete(step, tokenId, holds(node.cond, step.scope) ? node.truthy : node.falsy);
      return;
    case "parallel": {
      const { visit, frame: parent } = token;
      delete step.state.tokens[tokenId];
      const frame = step.newFrame({
        kind: "parallel",
        nodeId,
        parent,
        open: node.branches.length,
        visit,
        startedAt: now,
      });
      // A branch may lead straight to the join, so each arrives instead of being put there.
      for (const branch of node.branches) step.arrive(step.spawn(branch, frame), branch);
      return;
    }
    case "event": {
      const key = node.key === null ? null : render(node.key, step.scope);
      const waitId = step.wait(tokenId, "event");
      const expiresAt = node.timeoutMs === null ? null : now + node.timeoutMs;
      step.emit({ kind: "awaitEvent", waitId, nodeId, name: node.name, key, expiresAt });
      if (expiresAt !== null) step.emit({ kind: "setTimer", waitId, nodeId, at: expiresAt });
      step.show(token, "waiting");
      return;
    }
    case "run": {
      const input = renderJson(node.input, step.scope);
      step.emit({ kind: "startRun", waitId: step.wait(tokenId, "run"), nodeId, workflow: node.workflow, input });
      step.show(token, "waiting");
      return;
    }
    case "end":
      if (node.error === null) finish(step, tokenId, node.result);
      else endFailed(step, tokenId, errorInfo("conflict", render(node.error, step.scope).trim(), { field: nodeId }));
  }
}

// ---- work --------------------------------------------------------------------------------------------------------------------

export function startWork(step: Step, tokenId: string, node: TaskNode | LoopNode | FanoutNode, scope: Scope): void {
  const token = step.state.tokens[tokenId]!;
  const { work } = node;
  const prompt = work.prompt === null ? null : render(work.prompt, scope).trim();
  const args = renderJson(work.args, scope);
  const part = token.index ?? token.iteration;
  step.emit({
    kind: "startWork",
    waitId: step.wait(tokenId, "work"),
    nodeId: token.nodeId,
    attempt: token.attempt,
    key: [token.nodeId, token.visit, ...(part === undefined ? [] : [part])].join("/"),
    functionId: work.functionId,
    prompt,
    args,
    agent: work.agent,
    session: work.session,
    timeoutMs: work.timeoutMs,
    sandbox: work.sandbox,
    ...(token.approvedHash === undefined ? {} : { approvedHash: token.approvedHash }),
  });
  step.show(token, "running");
}

function startRound(step: Step, tokenId: string, node: LoopNode): void {
  const token = step.state.tokens[tokenId]!;
  token.iteration ??= 0;
  startWork(step, tokenId, node, loopScope(step, node, token.iteration));
}

/** `output` and `feedback` speak of the round before; both are nothing in the first. */
export function loopScope(step: Step, node: LoopNode, iteration: number): Scope {
  const output = iteration === 0 ? null : (step.variables.get(node.saveAs) ?? null);
  const given =
    typeof output === "object" && output !== null && !Array.isArray(output) ? own(output, "feedback") : undefined;
  const feedback = iteration === 0 ? null : (given ?? (node.until === "" ? null : `Not there yet: ${node.until}`));
  return within(step.scope, { iteration, maxIterations: node.maxIterations, output, feedback });
}

// ---- questions ---------------------------------------------------------------------------------------------------------------

type Question = Omit<Ask, "kind" | "waitId" | "nodeId" | "purpose">;

export function question(spec: QuestionSpec, scope: Scope, now: number): Question {
  const text = render(spec.question, scope).trim();
  if (text === "") throw new FactoryError("invalid_input", "the question is empty once its variables are filled in");
  return {
    question: text,
    options: spec.options,
    freeText: spec.freeText,
    approvers: spec.approvers,
    quorum: spec.quorum,
    fourEyes: spec.fourEyes,
    tier: spec.tier,
    channels: spec.channels,
    payload: renderJson(spec.payload, scope),
    form: spec.form,
    reasonRequired: spec.reasonRequired,
    expiresAt: spec.expiresInMs === null ? null : now + spec.expiresInMs,
    remindAfterMs: spec.remindAfterMs,
    escalate: spec.escalate,
  };
}

/** The question that a failed node becomes under `onFailure: ask`. */
function failureQuestion(nodeId: string, node: FlowNode, error: ErrorInfo): Question {
  return {
    question: `Step "${nodeId}" failed: ${error.message.slice(0, 1000)}. What now?`,
    options: skipTarget(node) === null ? ["retry", "abort"] : ["retry", "skip", "abort"],
    freeText: false,
    approvers: node.failureApprovers,
    quorum: 1,
    fourEyes: false,
    tier: "low",
    channels: null,
    payload: null,
    form: null,
    reasonRequired: [],
    expiresAt: null,
    remindAfterMs: null,
    escalate: [],
  };
}

// ---- done, failed, ended -----------------------------------------------------------------------------------------------------

/** The token's node is done; the token goes to `target`. */
export function complete(step: Step, tokenId: string, target: string): void {
  step.show(step.state.tokens[tokenId]!, "completed");
  step.arrive(tokenId, target);
}

/** Where a token goes when its node is passed over; null: it cannot be. */
export function skipTarget(node: FlowNode): string | null {
  switch (node.type) {
    case "task":
    case "loop":
    case "fanout":
    case "wait":
    case "event":
    case "run":
      return node.next;
    case "branch":
      return node.falsy;
    default:
      return null;
  }
}

/** Passes a failed node over: its variable holds null; a branch goes the falsy way. */
export function skip(step: Step, tokenId: string, error: ErrorInfo): void {
  const token = step.state.tokens[tokenId]!;
  const node = step.node(token.nodeId);
  const target = skipTarget(node);
  if (target === null) {
    endFailed(step, tokenId, error);
    return;
  }
  if ("saveAs" in node && node.saveAs !== null) step.setVariable(node.saveAs, null);
  step.show(token, "skipped", error);
  step.arrive(tokenId, target);
}

/** An attempt failed: another one, or the node's policy. */
export function failNode(step: Step, tokenId: string, error: ErrorInfo): void {
  const token = step.state.tokens[tokenId];
  if (token === undefined || !step.running) return;
  const node = step.node(token.nodeId);
  if ("retry" in node && token.attempt <= node.retry.max && !FINAL_CODES.has(error.code)) {
    const backoffMs = Math.min(node.retry.backoffMs * 2 ** (token.attempt - 1), node.retry.maxBackoffMs);
    const waitId = step.wait(tokenId, "timer", "retry", error);
    step.emit({ kind: "setTimer", waitId, nodeId: token.nodeId, at: step.context.now + backoffMs });
    step.show(token, "waiting", error);
    return;
  }
  if (token.index !== undefined && node.type === "fanout") {
    failItem(step, tokenId, node, error);
    return;
  }
  if (node.type === "fanout") dropItems(step, tokenId);
  if (node.onFailure === "skip" && skipTarget(node) !== null) {
    skip(step, tokenId, error);
  } else if (node.onFailure === "ask") {
    const waitId = step.wait(tokenId, "approval", "failure", error);
    const ask = failureQuestion(token.nodeId, node, error);
    step.emit({ kind: "ask", waitId, nodeId: token.nodeId, purpose: "failure", ...ask });
    step.show(token, "waiting", error);
  } else {
    endFailed(step, tokenId, error);
  }
}

export function endFailed(step: Step, tokenId: string, error: ErrorInfo): void {
  const token: Token = step.state.tokens[tokenId]!;
  step.show(token, "failed", error);
  step.endFailed(token.nodeId, error);
}

function finish(step: Step, tokenId: string, resultSource: string | null): void {
  const token = step.state.tokens[tokenId]!;
  let result: Json = null;
  let outputs: { to: string; text: string }[] = [];
  if (resultSource !== null) {
    result = resultOf(resultSource, step.scope);
    const scope = within(step.scope, { result });
    outputs = step.definition.outputs.map(({ to, template }) => ({
      to,
      text: (template === null ? textOf(result) : render(template, scope)).trim(),
    }));
  }
  step.show(token, "completed");
  step.end({ status: "completed", result, outputs, nodeId: token.nodeId, error: null }, "the run ended");
}

function resultOf(source: string, scope: Scope): Json {
  const path = parsePath(source);
  return path === null ? renderJson(source, scope) : resolve(scope, path, "error");
}
