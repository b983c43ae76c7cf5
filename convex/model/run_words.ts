/** Runs in words: the same in commands, in the Factory Manager's tools and wherever a person reads them. Pure. */

import type { WaitingFor, WireRun } from "../../src/contract/run.ts";
import { cancelledWords } from "../../src/flow/outcome.ts";
import { shorten } from "./words.ts";

export function waitWord(wait: WaitingFor): string {
  switch (wait.kind) {
    case "approval":
      return `an answer to "${shorten(wait.question)}"`;
    case "wait":
      return `${new Date(wait.until).toISOString().slice(0, 16).replace("T", " ")} UTC`;
    case "job":
      return "an agent's work";
    case "event":
      return `the event ${wait.name}`;
    case "run":
      return `run ${wait.runId}`;
  }
}

/** `waiting for an answer to "Deploy?"`, `failed: …`, `completed`, `cancelled by root: too late`. */
export function statusLine(view: Pick<WireRun, "status" | "error" | "waitingFor" | "cancelled">): string {
  if (view.cancelled !== undefined) return cancelledWords(view.cancelled);
  if (view.error !== null) return `${view.status}: ${shorten(view.error, 300)}`;
  if (view.waitingFor.length === 0) return view.status;
  const waits = `waiting for ${view.waitingFor.map(waitWord).join(" and ")}`;
  return view.status === "waiting" ? waits : `${view.status}, ${waits}`;
}

type Ended = "completed" | "failed" | "cancelled";

/** How an ending is told, wherever it is: `Deploy (run r1) completed: shipped`, `… failed: why`, `… cancelled`. */
export const endingLine = (
  { title, runId, status }: { title: string; runId: string; status: Ended },
  what: string | null = null,
): string => `${title} (run ${runId}) ${status}${what === null ? "" : `: ${what}`}`;

/** Above a list of its steps. */
export function runTitle(
  view: Pick<WireRun, "title" | "runId" | "status" | "error" | "waitingFor" | "cancelled">,
): string {
  if (view.cancelled !== undefined) return `${view.title} (run ${view.runId}) ${cancelledWords(view.cancelled)}`;
  const { title, runId, status, error } = view;
  const ended = status === "completed" || status === "failed" || status === "cancelled";
  return ended ? endingLine({ title, runId, status }, error) : `${title} (run ${runId}): ${statusLine(view)}`;
}
