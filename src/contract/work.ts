/** Tasks, projects, money and memories as callers outside the backend get them. */

export interface Task {
  task: string;
  title: string;
  status: string;
  priority: string;
  assignee: string | null;
  project: string | null;
  description: string | null;
}

export interface TaskDetail extends Task {
  createdBy: string;
  createdAt: number;
  updatedAt: number;
  /** Where it may be moved from here. */
  next: readonly string[];
  history: { at: number; kind: string; person: string | null; detail: Record<string, unknown> }[];
}

export interface Budget {
  /** Null: the factory as a whole. */
  project: string | null;
  month: string;
  limitUsd: number | null;
  spentUsd: number;
  /** From this share on people are warned. */
  warnAt: number | null;
  state: "none" | "fine" | "warned" | "stopped";
  calls: number;
  /** Of `calls`, those of models without a known price: the true cost is higher. */
  unpricedCalls: number;
}

export interface Project {
  project: string;
  repo: string | null;
  tasks: Record<string, number>;
  budget: Budget;
}

export interface Session {
  topic: string;
  place: string;
  openedBy: string;
  at: number;
  thread: string | null;
}

export interface Memory {
  memory: string;
  text: string;
  shared: boolean;
  /** Who said it. */
  author: string;
  project: string | null;
  at: number;
}
