/**
 * An approval holds for exactly what was shown (G4). What a question's payload showed is kept, as an internal variable, until the first
 * work after the answer, and rendered again at three moments: when a variable changes while the question is open, when its answer comes,
 * and right before that work. Where it has become something else the question is asked anew.
 */
import canonicalize from "canonicalize";
import { errorInfo } from "../contract/errors.ts";
import type { FlowNode, Json } from "./definition.ts";
import { perform, question } from "./nodes.ts";
import type { Step } from "./step.ts";
import { renderJson } from "./template.ts";
import type { Token } from "./types.ts";

const askedName = (waitId: string): string => `~asked.${waitId}`;
const boundName = (id: string): string => `~bound.${id}`;
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

/** Right before the first work after it. True: it is not what was approved; the token stands at the question again. */
export function changedSince(step: Step, tokenId: string): boolean {
  const token: Token = step.state.tokens[tokenId]!;
  const { bound } = token;
  if (bound === undefined) return false;
  const approved = step.variables.get(boundName(bound.id));
  const node = step.node(bound.nodeId);
  delete token.bound;
  step.deleteVariable(boundName(bound.id));
  if (approved === undefined || node.type !== "approval") return false;
  if (same(renderJson(node.payload, step.scope), approved)) return false;
  const changed = `what "${bound.nodeId}" approved is something else by now: it is asked anew`;
  step.show(token, "cancelled", errorInfo("conflict", changed, { field: bound.nodeId }));
  step.state.tokens[tokenId] = { ...fresh(bound.nodeId), frame: token.frame };
  return true;
}

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
