/** The life of a factory task. Pure. BACKLOG -> ASSIGNED -> IN_PROGRESS -> IN_REVIEW -> COMPLETE, BLOCKED beside. */
export const TASK_STATUSES = ["BACKLOG", "ASSIGNED", "IN_PROGRESS", "IN_REVIEW", "COMPLETE", "BLOCKED"] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** Forward one step, or one step back when the work turns out not to be done; anything open can be blocked. */
const NEXT: Record<Exclude<TaskStatus, "BLOCKED">, readonly TaskStatus[]> = {
  BACKLOG: ["ASSIGNED", "BLOCKED"],
  ASSIGNED: ["IN_PROGRESS", "BACKLOG", "BLOCKED"],
  IN_PROGRESS: ["IN_REVIEW", "ASSIGNED", "BLOCKED"],
  IN_REVIEW: ["COMPLETE", "IN_PROGRESS", "BLOCKED"],
  COMPLETE: [],
};

/** Where a task may go. A blocked one goes back to where it was; `blockedFrom` null means it was never elsewhere: the backlog. */
export function legalMoves(status: TaskStatus, blockedFrom: TaskStatus | null): readonly TaskStatus[] {
  return status === "BLOCKED" ? [blockedFrom ?? "BACKLOG"] : NEXT[status];
}

export const isLegalMove = (from: TaskStatus, blockedFrom: TaskStatus | null, to: TaskStatus): boolean =>
  legalMoves(from, blockedFrom).includes(to);

/** `in progress`, `In-Review`, `done` … as people and models write them; null: not a status. */
export function parseTaskStatus(text: string): TaskStatus | null {
  const word = text
    .trim()
    .toUpperCase()
    .replace(/[\s-]+/g, "_");
  const known = TASK_STATUSES.find((status) => status === word);
  return known ?? (Object.hasOwn(SYNONYMS, word) ? (SYNONYMS[word] ?? null) : null);
}

const SYNONYMS: Record<string, TaskStatus> = {
  TODO: "BACKLOG",
  OPEN: "BACKLOG",
  NEW: "BACKLOG",
  STARTED: "IN_PROGRESS",
  DOING: "IN_PROGRESS",
  WIP: "IN_PROGRESS",
  PROGRESS: "IN_PROGRESS",
  REVIEW: "IN_REVIEW",
  DONE: "COMPLETE",
  FINISHED: "COMPLETE",
  COMPLETED: "COMPLETE",
  CLOSED: "COMPLETE",
  STUCK: "BLOCKED",
};
