/** A run as others see it: `factory workflow status --format json`. Times are ms since 1970. */
export const RUN_STATUSES = ["running", "waiting", "completed", "failed", "cancelled"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export type WaitingFor =
  | {
      kind: "approval";
      approvalId: string;
      code: string | null;
      question: string;
      options: string[];
      expiresAt: number | null;
    }
  | { kind: "wait"; until: number }
  | { kind: "job"; jobId: string }
  | { kind: "event"; name: string }
  | { kind: "run"; runId: string };

export interface NodeView {
  id: string;
  type: string;
  status: string;
  attempt: number;
  startedAt: number | null;
  endedAt: number | null;
  error: string | null;
}

export interface RunView {
  runId: string;
  workflow: string;
  version: number;
  title: string;
  status: RunStatus;
  startedBy: string;
  input: unknown;
  variables: Record<string, unknown>;
  nodes: NodeView[];
  waitingFor: WaitingFor[];
  result: unknown;
  error: string | null;
  startedAt: number;
  endedAt: number | null;
  /** Absent: it was not cancelled, or before this was kept. */
  cancelled?: Cancelled;
}

/** `by`: as shown to people; null: nobody, a run above it ended. */
export interface Cancelled {
  by: string | null;
  reason: string | null;
}

/** A run as it crosses the wire: what is foreign JSON is JSON text. */
export type WireRun = Omit<RunView, "input" | "variables" | "result"> & {
  input: string;
  variables: string;
  result: string;
};
