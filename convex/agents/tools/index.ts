/** Every tool there is, by name. A group is one line here; who may use which tool stands in `crew.ts`. */
import { fail } from "../../model/errors.ts";
import { crewAgent, hasTool } from "../crew.ts";
import { chatTools } from "./chat.ts";
import { codeTools } from "./code.ts";
import { crewTools } from "./crew.ts";
import type { Tool } from "./define.ts";
import { fileTools } from "./files.ts";
import { githubTools } from "./github.ts";
import { memoryTools } from "./memory.ts";
import { peopleTools } from "./people.ts";
import { runTools } from "./runs.ts";
import { spendTools } from "./spend.ts";
import { taskTools } from "./tasks.ts";
import { teamTools } from "./team.ts";
import { workerTools } from "./workers.ts";
import { workflowTools } from "./workflows.ts";

const groups = {
  ...taskTools,
  ...teamTools,
  ...chatTools,
  ...workflowTools,
  ...runTools,
  ...workerTools,
  ...fileTools,
  ...spendTools,
  ...peopleTools,
  ...crewTools,
  ...githubTools,
  ...codeTools,
  ...memoryTools,
};

export type ToolName = keyof typeof groups;

export const TOOLS: Readonly<Record<ToolName, Tool>> = groups;
export const TOOL_NAMES = Object.keys(groups) as ToolName[];

/** Null: there is none of that name. */
export const toolNamed = (name: string): Tool | null => (Object.hasOwn(TOOLS, name) ? TOOLS[name as ToolName] : null);

/** The tool, if it is there and the agent has it. */
export function demandTool(agent: string, name: string): Tool {
  const tool = toolNamed(name);
  if (tool === null) fail("not_found", `there is no tool "${name.slice(0, 80)}"`);
  if (hasTool(agent, name)) return tool;
  fail("forbidden", `${agent} has no tool ${name}`, {
    remedy: `it has ${crewAgent(agent)?.tools.join(", ") || "none"}`,
  });
}

/** It runs while the model speaks; at every other tool generation stops. */
export const isLook = (name: string): boolean => toolNamed(name)?.kind === "look";

/** What the model gave, checked; `input` is JSON text. Throws `invalid_input`, naming the field. */
export function checkedInput(name: string, tool: Tool, input: string): unknown {
  const parsed = tool.input.safeParse(JSON.parse(input));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join(".") || "input";
  fail("invalid_input", `${name}: ${field}: ${issue?.message ?? "invalid"}`, { field });
}
