/**
 * The heart of a run: (definition, state, event, context) -> (state, effects). Pure; see types.ts for the guarantees.
 *
 *   token:  ready -> entered -> waiting -> (signal) -> ready at the next node
 *   a failed attempt -> waiting (backoff) -> again … -> failed for good -> run failed | node skipped | somebody is asked: retry, skip, abort
 *   run:    running -> completed (an end) | failed (a node, by its policy) | cancelled
 */
import { errorInfo } from "../contract/errors.ts";
import { askChanged } from "./bound.ts";
import type { Definition } from "./definition.ts";
import { own } from "./json.ts";
import { enter } from "./nodes.ts";
import { signalled } from "./signals.ts";
import { nodeError, Step } from "./step.ts";
import type { Context, FlowEvent, RunState, Transition } from "./types.ts";

const DEFAULT_MAX_NODES = 100;

/** State of a run before its `start` event. */
export function emptyState(): RunState {
  return { format: 1, status: "running", lastId: 0, tokens: {}, frames: {}, waits: {}, visits: {} };
}

export function transition(definition: Definition, state: RunState, event: FlowEvent, context: Context): Transition {
  const unchanged: Transition = { state, effects: [], more: false };
  if (state.status !== "running") return unchanged;
  const step = new Step(definition, state, context);
  try {
    if (!accept(step, event)) return unchanged;
    const more = advance(step, context.maxNodes ?? DEFAULT_MAX_NODES);
    if (step.running) askChanged(step);
    return { state: step.state, effects: step.allEffects(), more };
  } catch (thrown) {
    // Nothing above should throw; if it does, the run fails visibly from the state as it was, not half-decided.
    const clean = new Step(definition, state, context);
    clean.endFailed(null, nodeError(thrown));
    return { state: clean.state, effects: clean.allEffects(), more: false };
  }
}

/** False: the event changes nothing. */
function accept(step: Step, event: FlowEvent): boolean {
  switch (event.type) {
    case "start": {
      // Ids are never reused, so a run that has begun has one.
      if (step.state.lastId > 0) return false;
      const nodeId = event.fromNodeId ?? step.definition.startNodeId;
      if (own(step.definition.nodes, nodeId) === undefined) {
        step.endFailed(null, errorInfo("not_found", `the definition has no node "${nodeId}"`, { field: "from" }));
      } else {
        // Beginning at a step never passes by its approval.
        const gate = `${nodeId}.approval`;
        step.spawn(own(step.definition.nodes, gate) === undefined ? nodeId : gate, null);
      }
      return true;
    }
    case "signal":
      return signalled(step, event.waitId, event.signal);
    case "cancel":
      step.end(
        { status: "cancelled", result: null, outputs: [], nodeId: null, error: null },
        event.reason ?? "the run was cancelled",
      );
      return true;
    case "continue":
      return step.nextReady() !== null;
  }
}

/** Enters ready nodes; true when some are left. */
function advance(step: Step, maxNodes: number): boolean {
  for (let entered = 0; step.running; entered++) {
    const tokenId = step.nextReady();
    if (tokenId === null) break;
    if (entered >= maxNodes) return true;
    enter(step, tokenId);
  }
  return false;
}
