/**
 * The agents, as data: who each is, what it is told, which tools it has. A conversation belongs to one of them; a tool outside its
 * agent's set is refused. Instructions lie in a file for each agent.
 */
import { runAnalysis } from "./analysis.ts";
import { codebaseSearch } from "./codebase_search.ts";
import { factoryManager } from "./factory.ts";
import { factoryWorker } from "./factory_worker.ts";
import { forgeAnalyst } from "./forge_analyst.ts";
import { prReview } from "./pr_review.ts";
import { taskManager } from "./task_manager.ts";
import type { ToolName } from "./tools/index.ts";

export interface CrewAgent {
  /** What it does, in a few words: for people, and for the agent that may ask it. */
  title: string;
  instructions: string;
  tools: readonly ToolName[];
}

export const CREW = {
  factoryManager,
  factoryWorker,
  taskManager,
  runAnalysis,
  forgeAnalyst,
  codebaseSearch,
  prReview,
};

export type AgentName = keyof typeof CREW;

/** Whose conversation it is when nothing else is said. */
export const DEFAULT_AGENT: AgentName = "factoryManager";

export const isAgent = (name: string): name is AgentName => Object.hasOwn(CREW, name);

/** Null: no agent of the crew has that name. */
export const crewAgent = (name: string): CrewAgent | null => (isAgent(name) ? CREW[name] : null);

/** Whether this agent has that tool; an agent that is not of the crew has none. */
export const hasTool = (agent: string, tool: string): boolean =>
  (crewAgent(agent)?.tools as readonly string[] | undefined)?.includes(tool) ?? false;
