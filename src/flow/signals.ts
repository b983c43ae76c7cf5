/** What a signal does to the wait it ends. A signal of the wrong kind for its wait is not consumed. */
import { errorInfo } from "../contract/errors.ts";
import { meaningOf } from "../contract/option.ts";
import { bind, stillAsked } from "./bound.ts";
import type { FlowNode, Json } from "./definition.ts";
import { itemDone } from "./fanout.ts";
import { hold, released } from "./hold.ts";
import { type JsonObject, own, parseOutput } from "./json.ts";
import { attempt, complete, endFailed, enter, failNode, loopScope, perform, skip } from "./nodes.ts";
import type { Step } from "./step.ts";
import type { Signal, Wait } from "./types.ts";
import { isDone } from "./until.ts";

const TAKES: Record<Wait["kind"], Signal["kind"][]> = {
  work: ["result", "error", "hold"],
  approval: ["verdict", "error"],
  timer: ["timer", "error"],
  event: ["event", "timer", "error"],
  run: ["child", "error"],
};

/** Returns false when the signal changes nothing: no such wait is open, or it waits for something else. */
export function signalled(step: Step, waitId: string, signal: Signal): boolean {
  const wait = own(step.state.waits, waitId);
  if (wait === undefined || !TAKES[wait.kind].includes(signal.kind)) return false;
  const tokenId = wait.token;
  // Beside an event there may be a timer: both are over.
  if (wait.kind === "event") step.closeWait(waitId, "the event came or its time ran out");
  delete step.state.waits[waitId];
  if (wait.purpose === "retry") retried(step, tokenId);
  else if (wait.purpose === "failure") decided(step, tokenId, wait, signal);
  else if (wait.purpose === "hold") released(step, tokenId, signal);
  else if (signal.kind === "hold") hold(step, tokenId, signal);
  else if (signal.kind === "error") failNode(step, tokenId, signal.error);
  else attempt(step, tokenId, () => ended(step, tokenId, step.node(wait.nodeId), signal, waitId));
  return true;
}

/** The backoff is over. */
function retried(step: Step, tokenId: string): void {
  const token = step.state.tokens[tokenId]!;
  token.attempt++;
  if (token.index === undefined) perform(step, tokenId);
  else enter(step, tokenId);
}

/** Somebody said what to do about a failed node. */
function decided(step: Step, tokenId: string, wait: Wait, signal: Signal): void {
  const error = wait.error ?? errorInfo("internal", "the node failed");
  const option = signal.kind === "verdict" ? signal.option : "abort";
  if (option === "retry") {
    const token = step.state.tokens[tokenId]!;
    token.attempt = 1;
    perform(step, tokenId);
  } else if (option === "skip") {
    skip(step, tokenId, error);
  } else {
    endFailed(step, tokenId, error);
  }
}

function ended(step: Step, tokenId: string, node: FlowNode, signal: Signal, waitId: string): void {
  switch (node.type) {
    case "task":
      if (signal.kind !== "result") return;
      if (node.saveAs !== null) step.setVariable(node.saveAs, parseOutput(signal.output));
      complete(step, tokenId, node.next);
      return;
    case "loop":
      if (signal.kind === "result") roundDone(step, tokenId, node, parseOutput(signal.output));
      return;
    case "fanout":
      if (signal.kind === "result") itemDone(step, tokenId, node, parseOutput(signal.output));
      return;
    case "approval":
      if (signal.kind === "verdict" && stillAsked(step, tokenId, node, waitId)) {
        answered(step, tokenId, node, signal, waitId);
      }
      return;
    case "wait":
      complete(step, tokenId, node.next);
      return;
    case "event":
      eventOver(step, tokenId, node, signal);
      return;
    case "run":
      if (signal.kind === "child") childEnded(step, tokenId, node, signal);
      return;
    default:
      failNode(step, tokenId, errorInfo("internal", `a ${node.type} node does not wait`));
  }
}

type Of<K extends FlowNode["type"]> = Extract<FlowNode, { type: K }>;
type SignalOf<K extends Signal["kind"]> = Extract<Signal, { kind: K }>;

function roundDone(step: Step, tokenId: string, node: Of<"loop">, output: Json): void {
  const token = step.state.tokens[tokenId]!;
  const iteration = token.iteration ?? 0;
  step.setVariable(node.saveAs, output);
  const done = isDone(node.until, output, loopScope(step, node, iteration));
  token.iteration = iteration + 1;
  if (done || token.iteration >= node.maxIterations) {
    complete(step, tokenId, node.next);
    return;
  }
  token.attempt = 1;
  perform(step, tokenId);
}

function answered(
  step: Step,
  tokenId: string,
  node: Of<"approval">,
  verdict: SignalOf<"verdict">,
  waitId: string,
): void {
  const { option, reason, by, channel, at, text, fields, payload } = verdict;
  const said: JsonObject = { option, reason, by, channel, at, text, fields };
  if (payload !== undefined) said.payload = payload;
  step.setVariable(node.saveAs, said);
  if (verdict.by !== null && meaningOf(option) !== "deny") bind(step, tokenId, node, waitId);
  const target = own(node.next, option);
  if (target === undefined) {
    const message = `the answer "${option}" leads nowhere: next has ${Object.keys(node.next).join(", ")}`;
    failNode(step, tokenId, errorInfo("invalid_option", message, { field: step.state.tokens[tokenId]!.nodeId }));
    return;
  }
  complete(step, tokenId, target);
}

function eventOver(step: Step, tokenId: string, node: Of<"event">, signal: Signal): void {
  if (signal.kind === "event") {
    if (node.saveAs !== null) step.setVariable(node.saveAs, signal.payload);
    complete(step, tokenId, node.next);
  } else if (node.expired !== null) {
    complete(step, tokenId, node.expired);
  } else {
    failNode(step, tokenId, errorInfo("expired", `the event "${node.name}" did not come in ${node.timeoutMs} ms`));
  }
}

function childEnded(step: Step, tokenId: string, node: Of<"run">, child: SignalOf<"child">): void {
  if (child.status !== "completed") {
    const why = child.error === null ? "" : `: ${child.error}`;
    failNode(
      step,
      tokenId,
      errorInfo(
        "conflict",
        `the run of "${node.workflow}" ${child.status === "failed" ? "failed" : "was cancelled"}${why}`,
      ),
    );
    return;
  }
  if (node.saveAs !== null) step.setVariable(node.saveAs, child.result);
  complete(step, tokenId, node.next);
}
