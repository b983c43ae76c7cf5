/** Who is on the team, and what the language models cost: read from a message. Pure. */
import * as find from "./offline_arguments.ts";

type Input = Record<string, unknown>;

const MEMBERS = "(?:people|persons|members|teammates|team ?mates|colleagues|agents|bots|crew|staff|humans)";
const TEAM_WORD = "(?:the |our |this |my )?(?:team|factory|crew|staff)";

export const TEAM: RegExp[] = [
  new RegExp(`\\bwho(?:'s| is| are| else is)?\\s+(?:all\\s+)?(?:on|in|part of)\\s+${TEAM_WORD}\\b`, "i"),
  new RegExp(`\\bwho\\s+(?:works|belongs)\\b.{0,12}\\b(?:here|with us|${TEAM_WORD})\\s*[?.!]*$`, "i"),
  /^who(?: do we have(?: here)?|(?:'s| is) (?:here|there|around)|(?:'s| is) (?:on )?board)\s*[?.!]*$/i,
  /\b(?:list|show|see|display|name|give|get|tell|which|what|who)\b.{0,25}\b(?:team|factory)(?:'s)?\s+(?:members?|list|roster|people|agents)\b/i,
  new RegExp(
    `\\b(?:list|show|see|display|name)\\s+(?:me\\s+)?(?:all\\s+)?(?:the |our )?(?:team|${MEMBERS}|roster)\\s*(?:please)?[.!?]*$`,
    "i",
  ),
  new RegExp(`\\b(?:which|what|how many)\\s+${MEMBERS}\\s+(?:are|do we|is|have|work)\\b`, "i"),
  new RegExp(`\\b(?:members|people|agents)\\s+(?:of|on|in)\\s+${TEAM_WORD}\\b`, "i"),
  /^(?:the |our )?(?:team|team members|team list|roster|agents|members)(?:[\s,]+please)?[\s.!?]*$/i,
  /\bwho\s+(?:can|could)\s+(?:i|we|you)\s+(?:assign|give|hand)\b/i,
];

const MONEY = "(?:cost|costs|spend|spending|spent|spendings|expense|expenses|budget|money|bill|usage|price)";

export const SPENDS: RegExp[] = [
  /\b(?:token|tokens|llm|model|models|ai)\s+(?:cost|costs|spend|spending|usage|use|budget|bill|consumption|count|summary|expenses)\b/i,
  /\b(?:cost|costs|spend|spending|usage|expenses)\s+(?:summary|report|overview|so far|of tokens|today)\b/i,
  /\b(?:cost|costs|spend|spending|spent|usage|expenses|tokens)\s+(?:by|per|for each|for every)\s+(?:agent|model|run|task|workflow|person|people|user)s?\b/i,
  /\b(?:cost|costs|spend|spending|usage|expenses)\s+(?:of|for|on)\s+(?:the\s+)?(?:run|task|agent|model|t\d|factory|deploy|[a-z]+-[\w-]+|tokens)/i,
  /\b(?:what(?:'s| is| are)|how (?:is|are|much)|show|tell me)\b.{0,30}\bbudgets?\b/i,
  /\bhow\s+(?:much|many)\b.{0,30}\b(?:spend|spent|cost|costs|costing|tokens?)\b/i,
  /\bwhat\s+(?:did|do|does|have|has)\b.{0,40}\b(?:cost|spend|spent|costs)\s*(?:us|so far|me)?\s*[?.!]*$/i,
  new RegExp(
    `\\b(?:show|list|give|tell|see|display|what(?:'s| is| are| were)?)\\b.{0,20}\\b(?:our|the|my|total|current)\\s+(?:total\\s+)?${MONEY}\\s*(?:so far|please|today|summary|report)?\\s*[?.!]*$`,
    "i",
  ),
  /^(?:costs|spending|token spend|tokens|expenses|spend)(?:[\s,]+please)?[\s.!?]*$/i,
];

/** A task, a run or an agent that is named is asked for alone; else `by`, or nothing: by agent. */
export function spending(text: string, workflows: readonly string[]): Input {
  const task = find.taskName(text);
  if (task !== null) return { by: "task", of: task };
  const agent = /\b(factory\s?manager|factory\s?worker|step\s?executor)\b/i.exec(text)?.[1]?.toLowerCase();
  if (agent !== undefined) return { by: "agent", of: AGENTS[agent.replace(/\s/g, "")] ?? agent };
  const by = /\b(?:by|per|each|every)\s+(?:each\s+|every\s+)?(agent|model|run|task|workflow|person|people|user)s?\b/i
    .exec(text)?.[1]
    ?.toLowerCase();
  if (by !== undefined) return { by: by === "workflow" ? "run" : /^(?:people|user)$/.test(by) ? "person" : by };
  const id = /\brun\s+([a-z0-9]{6,})\b/i.exec(text)?.[1];
  if (id !== undefined && /\d/.test(id)) return { by: "run", of: id };
  const named = find.knownName(text, workflows) ?? (/\b(?:deploy|deployment)\b/i.test(text) ? "deploy" : null);
  return named === null ? {} : { by: "run", of: named };
}

const AGENTS: Record<string, string> = {
  factorymanager: "factoryManager",
  factoryworker: "factoryWorker",
  stepexecutor: "stepExecutor",
};
