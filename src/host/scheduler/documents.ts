/**
 * The two faces of a scheduled function, always changed in one transaction: the `_scheduled_functions` document that applications
 * see through `db.system`, and the scheduler's own row.
 *
 *   pending -> inProgress (actions only) -> success | failed
 *   pending | inProgress -> canceled
 */
import type { ComponentPath, JsonObject, ScheduledRow, Writer } from "../store/types.ts";

const TABLE = "_scheduled_functions";

/** The smallest difference that a time of our century keeps as a number; 1,000 ranks stay below a millisecond. */
const RANK_STEP = 2 ** -12;

export interface NewScheduled {
  /** Component whose function scheduled it, and whose `db.system` shows it. */
  owner: ComponentPath;
  /** Component of the function. */
  component: ComponentPath;
  /** `module:export` */
  udfPath: string;
  args: JsonObject;
  argsText: string;
  /** ms since 1970 */
  ts: number;
  /** How many the same transaction scheduled before: jobs of the same time start in the order in which they were scheduled. */
  rank?: number;
}

export type JobState =
  | { kind: "pending" }
  | { kind: "inProgress" }
  | { kind: "success" }
  | { kind: "failed"; error: string }
  | { kind: "canceled" };

/** Returns the id of the document. */
export function insertScheduled(tx: Writer, job: NewScheduled): string {
  const id = tx.insert(job.owner, TABLE, {
    name: job.udfPath,
    args: [job.args],
    scheduledTime: job.ts,
    state: { kind: "pending" },
  });
  tx.schedule({
    id,
    ts: job.ts + (job.rank ?? 0) * RANK_STEP,
    component: job.component,
    udfPath: job.udfPath,
    owner: job.owner,
    args: job.argsText,
    state: "pending",
  });
  return id;
}

/** null when the document is gone. Reads this transaction's state, so a cancellation just before is seen. */
export function jobState(tx: Writer, row: ScheduledRow): JobState["kind"] | null {
  const text = tx.get(row.owner, row.id, TABLE);
  return text === null ? null : (JSON.parse(text) as { state: JobState }).state.kind;
}

/** Row and document follow the same step. `at` is the time of a final state. */
export function setJobState(tx: Writer, row: ScheduledRow, state: JobState, at: number): void {
  const final = state.kind !== "pending" && state.kind !== "inProgress";
  tx.patch(row.owner, row.id, final ? { state, completedTime: at } : { state }, TABLE);
  tx.setScheduledState(row.id, final ? "done" : (state.kind as "pending" | "inProgress"));
}

/**
 * A pending job will not run; a running action runs to its end, but its outcome stays "canceled".
 * Does nothing when the job has ended or is swept away.
 */
export function cancelScheduled(tx: Writer, owner: ComponentPath, id: string, at: number): void {
  const text = tx.get(owner, id, TABLE);
  if (text === null) return;
  const { kind } = (JSON.parse(text) as { state: JobState }).state;
  if (kind !== "pending" && kind !== "inProgress") return;
  tx.patch(owner, id, { state: { kind: "canceled" }, completedTime: at }, TABLE);
  tx.setScheduledState(id, "done");
}
