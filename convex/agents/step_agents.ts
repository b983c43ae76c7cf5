/**
 * Agents of the crew that a workflow's step may name (`agent: forgeAnalyst`): they bring their tools that only read. Whatever changes
 * something stays the definition's own business, with its approvals.
 */
import { type AgentName, CREW, type CrewAgent } from "./crew.ts";

export const STEP_AGENTS = ["runAnalysis", "forgeAnalyst"] as const satisfies AgentName[];
export type StepAgent = (typeof STEP_AGENTS)[number];

export const isStepAgent = (name: string | null): name is StepAgent =>
  name !== null && (STEP_AGENTS as readonly string[]).includes(name);

/** Null: a step cannot name it. */
export const stepAgent = (name: string | null): CrewAgent | null => (isStepAgent(name) ? CREW[name] : null);
