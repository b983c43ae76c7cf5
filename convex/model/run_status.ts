import type { RunState } from "../../src/flow/types.ts";

/** `waiting`: parked on people, times, events or child runs only. `running`: some work is under way. */
export function statusOf(state: RunState): "running" | "waiting" | "completed" | "failed" | "cancelled" {
  if (state.status !== "running") return state.status;
  const waits = Object.values(state.waits);
  const ready = Object.values(state.tokens).some((token) => token.at === "ready");
  return !ready && waits.length > 0 && waits.every((wait) => wait.kind !== "work") ? "waiting" : "running";
}
