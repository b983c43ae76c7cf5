import { expect, test } from "vitest";
import { CREW } from "./crew.ts";
import { agentName, agentTitle, toolTitle } from "./titles.ts";
import { TOOL_NAMES } from "./tools/index.ts";

test("no agent and no tool is called towards people by the name that models and rules have for it", () => {
  for (const tool of TOOL_NAMES) expect(toolTitle(tool), tool).toMatch(/^[a-z]+ing( [a-z' ]+)?$/);
  for (const agent of Object.keys(CREW)) expect(agentTitle(agent), agent).toMatch(/^(?:the )?[A-Z]\w+ [A-Z]\w+$/);
  expect([agentTitle("taskManager"), agentName("taskManager")]).toEqual(["the Task Manager", "Task Manager"]);
  // What is named by people stays as it is named.
  expect([agentTitle("ana"), toolTitle("tool::record")]).toEqual(["ana", "tool::record"]);
});
