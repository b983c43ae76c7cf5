/** A project as people see it: its repository, its work, its money. */
import type { Budget } from "../../src/contract/work.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { budgetOfProject } from "./budgets.ts";
import { projectStatus } from "./tasks.ts";

export interface ProjectView {
  project: string;
  /** `owner/name` on GitHub; null: none. */
  repo: string | null;
  /** How many tasks are in which status. */
  tasks: Record<string, number>;
  budget: Budget;
}

export async function projectView(ctx: QueryCtx, row: Doc<"projects">, now: number): Promise<ProjectView> {
  const { counts } = await projectStatus(ctx, row.name);
  return { project: row.name, repo: row.repo ?? null, tasks: counts, budget: await budgetOfProject(ctx, row._id, now) };
}
