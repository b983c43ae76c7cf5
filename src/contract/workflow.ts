/** Definitions and what belongs to them, as callers outside the backend get them. Times are ms since 1970. */
export interface WorkflowSummary {
  name: string;
  version: number;
  title: string;
  description: string | null;
  /** JSON schema as JSON text; null: no input is declared. */
  inputs: string | null;
  nodes: { id: string; type: string }[];
  agents: string[];
  schedules: Schedule[];
  /** `POST /hooks/NAME` starts it; null: no hook does. */
  hook: string | null;
  createdAt: number;
}

export interface Schedule {
  scheduleId: string;
  workflow: string;
  /** `file`: from the definition's own `schedule`. */
  origin: "file" | "command";
  cron: string;
  timeZone: string;
  /** JSON text. */
  input: string;
  nextAt: number | null;
  lastAt: number | null;
  lastRunId: string | null;
  lastError: string | null;
}

export interface WorkflowCreated {
  name: string;
  version: number;
  changed: boolean;
  warnings: string[];
}

export interface Profile {
  kind: "role" | "hand";
  name: string;
  title: string;
  description: string | null;
  file: string;
}
