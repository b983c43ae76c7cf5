/** The rows of what is said in Slack cover every tool of every agent; they are walked in e2e/slack_tools*.long.test.ts. */
import { expect, test } from "vitest";
import { CREW } from "../convex/agents/crew.ts";
import { ASKED, ASKED_WITH_ALL } from "./slack_tools.ts";

test("every tool of every agent has a row", () => {
  const rows = [...ASKED, ...ASKED_WITH_ALL].map(({ agent, tool }) => `${agent} ${tool}`);
  const pairs = Object.entries(CREW).flatMap(([agent, { tools }]) => tools.map((tool) => `${agent} ${tool}`));
  expect(pairs.filter((pair) => !rows.includes(pair))).toEqual([]);
});
