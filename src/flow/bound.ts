/**
 * An approval holds for exactly what was shown (G4). What a question's payload showed is kept, as an internal variable, until the first
 * work after the answer, and rendered again at three moments: when a variable changes while the question is open, when its answer comes,
 * and right before that work. Where it has become something else the question is asked anew.
 */
import canonicalize from "canonicalize";
import { errorInfo, FactoryError } from "../contract/errors.ts";
import type { FlowNode, Json } from "./definition.ts";
import { perform, question } from "./nodes.ts";
import { boundName, type Step } from "./step.ts";
import { renderJson } from "./template.ts";
import type { Token } from "./types.ts";

const askedName = (waitId: string): string => `~asked.${waitId}`;
const same = (a: Json, b: Json): boolean => canonicalize(a) === canonicalize(b);

type Approval = Extract<FlowNode, { type: "approval" }>;

/** At the asking. */
export function keepAsked(step: Step, waitId: string, payload: Json): void {
  if (payload !== null) step.setVariable(askedName(waitId), payload);
}

/** At the answer, before it is stored. False: the question was about something else by then; it is asked anew, the answer is void. */
export function stillAsked(step: Step, tokenId: string, node: Approval, waitId: string): boolean {
  const asked = step.variables.get(askedName(waitId));
  // A question of an earlier version has kept nothing.
  if (asked === undefined) return true;
  step.deleteVariable(askedName(waitId));
  if (same(renderJson(node.payload, step.scope), asked)) return true;
  perform(step, tokenId);
  return false;
}

/** After an approving answer was stored (the answer itself may be part of the payload): this is what was approved. */
export function bind(step: Step, tokenId: string, node: Approval, waitId: string): void {
  if (node.payload === null) return;
  const token = step.state.tokens[tokenId]!;
  token.bound = { nodeId: token.nodeId, id: waitId };
  step.setVariable(boundName(waitId), renderJson(node.payload, step.scope));
}

/**
 * Right before the first work after it, and before each further attempt. True: it is not what was approved; the token stands at the
 * question again. A loop is looked at before its first round: what it changes itself is its work.
 */
export function changedSince(step: Step, tokenId: string, node: FlowNode): boolean {
  const token: Token = step.state.tokens[tokenId]!;
  const { bound } = token;
  if (bound === undefined || (node.type === "loop" && (token.iteration ?? 0) > 0)) return false;
  const changed = isChanged(step, bound);
  // The token of a block is gone with its beginning, and so is that of an end.
  const over = changed || node.type === "parallel" || node.type === "end";
  if (over) step.deleteVariable(boundName(bound.id));
  if (!changed) return false;
  delete token.bound;
  step.show(token, "cancelled", errorInfo("conflict", changedText(bound.nodeId), { field: bound.nodeId }));
  step.state.tokens[tokenId] = { ...fresh(bound.nodeId), frame: token.frame };
  return true;
}

/** Before each item of a fanout: its token stands at the fanout, so a change is that item's failure. */
export function demandApproved(step: Step, owner: string): void {
  const { bound } = step.state.tokens[owner] ?? {};
  if (bound === undefined || !isChanged(step, bound)) return;
  throw new FactoryError("forbidden", changedText(bound.nodeId), { field: bound.nodeId });
}

function isChanged(step: Step, bound: { nodeId: string; id: string }): boolean {
  const approved = step.variables.get(boundName(bound.id));
  const node = step.node(bound.nodeId);
  if (approved === undefined || node.type !== "approval") return false;
  return !same(renderJson(node.payload, step.scope), approved);
}

const changedText = (nodeId: string): string => `what "${nodeId}" approved is something else by now`;

const fresh = (nodeId: string): Omit<Token, "frame"> => ({
  nodeId,
  at: "ready",
  attempt: 1,
  visit: 0,
  startedAt: null,
});

/** After each event: open questions about what has become something else are replaced. */
export function askChanged(step: Step): void {
  for (const [waitId, wait] of Object.entries(step.state.waits)) {
    if (wait.kind !== "approval" || wait.purpose !== "node") continue;
    const asked = step.variables.get(askedName(waitId));
    const node = step.node(wait.nodeId);
    if (asked === undefined || node.type !== "approval" || !isOther(step, node, asked)) continue;
    step.deleteVariable(askedName(waitId));
    step.closeWait(waitId, "what it asks about has become something else", { superseded: true });
    askQuestion(step, wait.token, node);
  }
}

function isOther(step: Step, node: Approval, asked: Json): boolean {
  try {
    return !same(renderJson(node.payload, step.scope), asked);
  } catch {
    // It cannot be rendered just now; the answer or the work after it will find out.
    return false;
  }
}

export function askQuestion(step: Step, tokenId: string, node: Approval): void {
  const token = step.state.tokens[tokenId]!;
  const ask = question(node, step.scope, step.context.now);
  const waitId = step.wait(tokenId, "approval");
  keepAsked(step, waitId, ask.payload);
  step.emit({ kind: "ask", waitId, nodeId: token.nodeId, purpose: "node", ...ask });
  step.show(token, "waiting");
}
