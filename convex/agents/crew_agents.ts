/** The crew as the agent component runs it: one stateless agent for each name, made when it is first needed. */
import type { LanguageModelV4 } from "@ai-sdk/provider";
import { Agent, type AgentComponent, type Config, stepCountIs } from "@convex-dev/agent";
import type { StopCondition, ToolSet } from "ai";
import { components } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import { createContextHandler } from "./context_bridge.ts";
import { type AgentName, CREW } from "./crew.ts";
import { createLanguageModel, defaultModelId } from "./llm.ts";
import { CONTEXT_OPTIONS, MAX_STEPS } from "./shared.ts";
import { toolSet } from "./toolset.ts";
import { createUsageHandler } from "./usage.ts";

type Options = Omit<Config, "languageModel"> & {
  name: string;
  instructions: string;
  tools: ToolSet;
  stopWhen: StopCondition<ToolSet>;
};
export type TurnAgent = Agent<{ turnId: Id<"turns"> }, ToolSet>;

// The library's constructor intersects two unions of all known model ids, which the compiler gives up on (TS2590, agent 0.7.3).
const Constructor = Agent as unknown as new (
  component: AgentComponent,
  options: Options & { languageModel: LanguageModelV4 },
) => TurnAgent;

const made = new Map<AgentName, TurnAgent>();

export function agentNamed(name: AgentName): TurnAgent {
  const known = made.get(name);
  if (known !== undefined) return known;
  const { instructions, tools } = CREW[name];
  const agent = new Constructor(components.agent, {
    name,
    instructions,
    tools: toolSet(tools),
    stopWhen: stepCountIs(MAX_STEPS),
    contextOptions: CONTEXT_OPTIONS,
    contextHandler: createContextHandler(),
    usageHandler: createUsageHandler(name),
    languageModel: createLanguageModel(defaultModelId()),
  });
  made.set(name, agent);
  return agent;
}
