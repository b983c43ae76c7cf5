import type { Definition } from "./definition.ts";
import type { Context, FlowEvent, RunState, Transition } from "./types.ts";

/** State of a run before its `start` event. */
export function emptyState(): RunState {
  return { format: 1, status: "running", lastId: 0, tokens: {}, frames: {}, waits: {}, visits: {} };
}

export function transition(_definition: Definition, state: RunState, _event: FlowEvent, _context: Context): Transition {
  return { state, effects: [], more: false };
}
