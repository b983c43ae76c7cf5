/** What another agent is asked, read from a message; and how its answer is worded. Pure. */
import { asksForAnalysis } from "./offline_analysis.ts";
import { asksForFile } from "./offline_files.ts";
import { asksForCode, asksForReview } from "./offline_github.ts";
import type { Intent } from "./offline_intents.ts";
import { agentTitle } from "./titles.ts";

const NAMES: [string, RegExp][] = [
  ["runAnalysis", /^(?:run\s*analysis|run\s*analyst|runs?\s+analyzer)$/i],
  ["taskManager", /^task\s*manager$/i],
  ["forgeAnalyst", /^(?:forge\s*)?analyst$/i],
  ["codebaseSearch", /^code(?:base)?\s*search$/i],
  ["prReview", /^(?:pr|pull request)\s*review(?:er)?$/i],
];
const NAME =
  "(run\\s*analysis|run\\s*analyst|runs?\\s+analyzer|task\\s*manager|(?:forge\\s*)?analyst|code(?:base)?\\s*search|(?:pr|pull request)\\s*review(?:er)?)(?:\\s+agent)?";
const POLITE =
  "^(?:(?:please|hey|hi|ok(?:ay)?|so|then|now|and|can you|could you|would you|will you|i want you to|i need you to|i'd like you to)[\\s,]+)*";
const ASKED = new RegExp(
  `${POLITE}(?:ask|let|have|tell|get|use|consult|check with)\\s+(?:the\\s+)?${NAME}\\s*[,:–-]?\\s*(?:to\\s+|please\\s+|and\\s+)*(\\S.*)$`,
  "i",
);

function request(text: string): Record<string, unknown> | null {
  const [, name, what] = ASKED.exec(text) ?? [];
  const agent = NAMES.find(([, form]) => name !== undefined && form.test(name.trim()))?.[0];
  return agent === undefined || what === undefined ? null : { agent, request: what.trim() };
}

/** An agent that is named. Its form is anchored, and what it is asked may be a question or hold a negation. */
export const CREW_ROWS: Intent[] = [
  {
    tool: "delegate",
    what: "ask another agent (run analysis, task manager, analyst, codebase search, PR review)",
    example: "ask the run analysis why the deploy failed",
    changes: false,
    patterns: [ASKED],
    input: request,
  },
];

/** What the Factory Manager hands on though nobody is named; where the tools for it are at hand, their rows come before. */
export const HANDED_ON: Intent[] = [
  {
    tool: "delegate",
    what: "find out why a run went as it did",
    example: "why did the deploy fail?",
    changes: false,
    patterns: [/\S/],
    input: (text, workflows) => (asksForAnalysis(text, workflows) ? { agent: "runAnalysis", request: text } : null),
  },
  {
    tool: "delegate",
    what: "read a file that was added to the factory, or find words in it",
    example: "read the file report.pdf and summarise it",
    changes: false,
    patterns: [/\S/],
    input: (text) => (asksForFile(text) ? { agent: "forgeAnalyst", request: text } : null),
  },
  {
    tool: "delegate",
    what: "have a pull request read",
    example: "review PR 12 of acme/site",
    changes: false,
    patterns: [/\S/],
    input: (text) => (asksForReview(text) ? { agent: "prReview", request: text } : null),
  },
  {
    tool: "delegate",
    what: "find something in the code of a repository",
    example: "where in acme/site is the login handled?",
    changes: false,
    patterns: [/\S/],
    input: (text) => (asksForCode(text) ? { agent: "codebaseSearch", request: text } : null),
  },
];

export const CREW_WORDS: Record<string, (value: Record<string, unknown>) => string> = {
  delegate: ({ agent, answer }) => `From ${agentTitle(String(agent))}:\n${answer}`,
};
