/**
 * A fanout's items: each is a token of its own below the token that stands at the node. The list is kept as it was when the fanout
 * began, and each output until all are there, in internal variables (`~f7.items`, `~f7.0` …).
 */
import { type ErrorInfo, FactoryError } from "../contract/errors.ts";
import { demandApproved } from "./bound.ts";
import type { FanoutNode, Json } from "./definition.ts";
import { isObject, kindOf } from "./json.ts";
import { complete, failNode, startWork } from "./nodes.ts";
import { parsePath, resolve, type Scope, within } from "./scope.ts";
import { nodeError, type Step } from "./step.ts";
import type { Frame } from "./types.ts";

export const MAX_ITEMS = 1000;
type FanoutFrame = Extract<Frame, { kind: "fanout" }>;

/** The list: the value itself, or the only list in an object. Throws a FactoryError when there is none. */
export function itemsOf(node: FanoutNode, scope: Scope): Json[] {
  const path = parsePath(node.over);
  if (path === null)
    throw new FactoryError("invalid_definition", `"${node.over}" is not a variable's name`, { field: "over" });
  const value = resolve(scope, path, "error");
  const lists = Array.isArray(value)
    ? [value]
    : isObject(value)
      ? Object.values(value).filter((field) => Array.isArray(field))
      : [];
  if (lists.length !== 1) {
    throw new FactoryError("invalid_input", `a fanout needs a list, but ${node.over} is ${kindOf(value)}`, {
      field: node.over,
      remedy: "name a list with over, or let the earlier step answer with a JSON list",
    });
  }
  const [items] = lists;
  if (items!.length > MAX_ITEMS) {
    throw new FactoryError(
      "too_large",
      `${node.over} has ${items!.length} items; a fanout takes at most ${MAX_ITEMS}`,
      {
        field: node.over,
      },
    );
  }
  return items!;
}

export function beginItems(step: Step, tokenId: string, node: FanoutNode, items: Json[]): void {
  const token = step.state.tokens[tokenId]!;
  if (items.length === 0) {
    step.setVariable(node.saveAs, []);
    complete(step, tokenId, node.next);
    return;
  }
  const frameId = step.newFrame({
    kind: "fanout",
    nodeId: token.nodeId,
    token: tokenId,
    count: items.length,
    begun: 0,
    done: 0,
  });
  step.setVariable(`~${frameId}.items`, items);
  token.at = "waiting";
  beginMore(step, frameId, node);
  step.show(token, "running");
}

function beginMore(step: Step, frameId: string, node: FanoutNode): void {
  const frame = step.state.frames[frameId] as FanoutFrame;
  const { visit } = step.state.tokens[frame.token]!;
  while (frame.begun < frame.count && frame.begun - frame.done < node.concurrency) {
    step.spawn(frame.nodeId, frameId, { index: frame.begun, visit });
    frame.begun++;
  }
}

export function runItem(step: Step, tokenId: string, node: FanoutNode, index: number): void {
  const items = step.variables.get(`~${step.state.tokens[tokenId]!.frame}.items`);
  const item = Array.isArray(items) ? items[index] : undefined;
  if (item === undefined) throw new FactoryError("internal", `item ${index} of a fanout is gone`);
  demandApproved(step, (step.state.frames[step.state.tokens[tokenId]!.frame!] as FanoutFrame).token);
  startWork(step, tokenId, node, within(step.scope, { item, index }));
}

/** An item's work is done. */
export function itemDone(step: Step, tokenId: string, node: FanoutNode, output: Json): void {
  const token = step.state.tokens[tokenId]!;
  const frameId = token.frame!;
  const frame = step.state.frames[frameId] as FanoutFrame;
  step.setVariable(`~${frameId}.${token.index}`, output);
  delete step.state.tokens[tokenId];
  frame.done++;
  if (frame.done < frame.count) {
    beginMore(step, frameId, node);
    return;
  }
  const outputs = Array.from({ length: frame.count }, (_, index) => step.variables.get(`~${frameId}.${index}`) ?? null);
  const owner = frame.token;
  forget(step, frameId, frame);
  try {
    step.setVariable(node.saveAs, outputs);
    complete(step, owner, node.next);
  } catch (thrown) {
    failNode(step, owner, nodeError(thrown));
  }
}

/** An item failed for good: its place holds null, or the whole fanout fails. */
export function failItem(step: Step, tokenId: string, node: FanoutNode, error: ErrorInfo): void {
  if (node.onItemFailure === "skip") {
    itemDone(step, tokenId, node, null);
    return;
  }
  const token = step.state.tokens[tokenId]!;
  const frame = step.state.frames[token.frame!] as FanoutFrame;
  const owner = step.state.tokens[frame.token]!;
  // Its items have been retried already, so the fanout itself is not.
  owner.attempt = node.retry.max + 1;
  failNode(step, frame.token, { ...error, message: `item ${token.index! + 1} of ${frame.count}: ${error.message}` });
}

/** Retires what is left of a fanout's items. */
export function dropItems(step: Step, owner: string): void {
  for (const [frameId, frame] of Object.entries(step.state.frames)) {
    if (frame.kind !== "fanout" || frame.token !== owner) continue;
    const items = new Set(Object.keys(step.state.tokens).filter((id) => step.state.tokens[id]!.frame === frameId));
    for (const [waitId, wait] of Object.entries(step.state.waits)) {
      if (items.has(wait.token)) step.closeWait(waitId, "another item of the fanout failed");
    }
    for (const id of items) delete step.state.tokens[id];
    forget(step, frameId, frame);
  }
}

function forget(step: Step, frameId: string, frame: FanoutFrame): void {
  delete step.state.frames[frameId];
  step.deleteVariable(`~${frameId}.items`);
  for (let index = 0; index < frame.count; index++) step.deleteVariable(`~${frameId}.${index}`);
}
