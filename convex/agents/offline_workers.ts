/**
 * Work on code, read from a message; and the Factory Worker's own part: a command for each one it is asked to run, in order, then a report.
 * The first that fails ends it with a call for help. Pure. A command's text is never taken from titles, outputs or earlier messages.
 */
import type { CommandResult } from "../../src/contract/command.ts";
import { commandText } from "../../src/contract/command.ts";
import type { TaskView } from "../model/tasks.ts";
import { shorten } from "../model/words.ts";
import type { Dispatched } from "../model/workers.ts";
import * as find from "./offline_arguments.ts";
import type { Intent } from "./offline_intents.ts";

type Input = Record<string, unknown>;

const WORKER = "(?:(?:a|the|our|another)\\s+)?(?:factory\\s?|coding\\s)?worker";
const IN_TICKS = /`([^`]+)`/g;
const RUN = "(?:run|execute|start|call)";
/** What the worker's prompt says about its task, quoted (model/workers.ts): no request. */
const ABOUT_TASK = /\n\s*\(This is about your task [\s\S]*$/;
/** What the worker is asked, without that. */
export const withoutTask = (message: string): string => message.replace(ABOUT_TASK, "").trim();

const DISPATCHES: RegExp[] = [
  /\bdispatch\b.*\bworker\b|\bdispatch\s+(?:task\s*)?[t#]?\d/i,
  new RegExp(`\\b(?:have|let|get|make|ask|tell|want|need)\\s+${WORKER}\\b`, "i"),
  new RegExp(`\\b(?:put|set|send|start|use|get)\\s+${WORKER}\\s+(?:on|to|onto|for|at)\\b`, "i"),
  new RegExp(`\\b(?:give|hand|pass|send)\\b.*\\bto\\s+${WORKER}\\b`, "i"),
  new RegExp(`^${WORKER}\\s+(?:should|shall|must|can)\\b`, "i"),
];

export function dispatching(text: string): Input | string | null {
  const bare = text.replace(IN_TICKS, " ");
  const task = find.taskName(bare);
  const instructions = instructionsIn(text);
  // Without a word of what to do, "give T3 to the factory worker" only says whose it is.
  if (instructions === null && !/\bdispatch\b/i.test(bare)) return null;
  if (task === null) return "Which task is it for? For example: have the worker run `npm test` for T7.";
  if (instructions === null)
    return `What should the worker do for ${task}? For example: have the worker run \`npm test\` for ${task}.`;
  return { task, instructions };
}

const DO =
  "(?:run|execute|do|fix|write|add|make|change|implement|build|test|update|continue|work|clean|remove|rename|try|check|go on)";

function instructionsIn(text: string): string | null {
  const forms = [
    /^[^`:]*?:\s*(\S.*)$/,
    new RegExp(
      `\\b(?:and|to|then)\\s+(?:have|let|get|make|tell|ask)\\s+(?:it|him|her|them)\\s+(?:to\\s+)?(${DO}\\b.*)$`,
      "i",
    ),
    new RegExp(`\\bworker\\s+(?:(?:should|shall|must|can)\\s+)?(?:to\\s+)?(${DO}\\b.*)$`, "i"),
    new RegExp(`\\b(?:to|and)\\s+(${RUN}\\s+\`.*)$`, "i"),
  ];
  for (const form of forms) {
    const found = form.exec(text)?.[1];
    if (found === undefined) continue;
    const said = withoutItsTask(found);
    if (said !== "" && !/^(?:work|go on|continue)$/i.test(said)) return said;
    if (/^(?:continue|go on)$/i.test(said)) return said;
  }
  return null;
}

/** `run npm test for T1, please` → `run npm test` */
const withoutItsTask = (text: string): string =>
  text
    .replace(/[\s,]+(?:please|thanks|thank you|now)[\s.!]*$/i, "")
    .replace(/\s+(?:for|on|in|of|with)\s+(?:the\s+)?(?:task\s*)?#?t?\s?-?\d{1,6}[\s.!?]*$/i, "")
    .replace(/^(continue|go on)\s+(?:with\s+)?(?:task\s*)?#?t-?\d{1,6}\b[\s,]*(?:and\s+|:\s*)?/i, "$1 ")
    .replace(/[\s.!?]+$/, "")
    .trim();

/** The commands a message asks to run, in order, each as program and arguments. */
export function commandsIn(message: string): string[][] {
  const text = withoutTask(message);
  const ticked = [...text.matchAll(IN_TICKS)].map((found) => found[1]!.trim());
  if (ticked.length > 0)
    return new RegExp(`\\b${RUN}\\b`, "i").test(text.split("`")[0] ?? "") ? ticked.map(argvOf) : [];
  const spoken = new RegExp(`^(?:please\\s+|and\\s+|then\\s+)*${RUN}\\s+(?:the command\\s+)?(\\S.*)$`, "i").exec(
    text,
  )?.[1];
  if (spoken === undefined) return [];
  return spoken
    .split(new RegExp(`\\s*[,;]?\\s+(?:and\\s+)?then\\s+(?:${RUN}\\s+)?`, "i"))
    .map((part) => withoutItsTask(part))
    .filter((part) => part !== "")
    .map(argvOf);
}

/** Words, with quotes kept together. What only a shell can do is given to one, by name. */
export function argvOf(command: string): string[] {
  const words: string[] = [];
  const word = /"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"']+)/g;
  let end = 0;
  for (const found of command.matchAll(word)) {
    const glued = found.index === end && words.length > 0;
    const part = found[1]?.replace(/\\(.)/g, "$1") ?? found[2] ?? found[3] ?? "";
    if (found[3] !== undefined && /[|&;<>()$`*?~\\]/.test(part)) return ["sh", "-c", command];
    if (glued) words[words.length - 1] += part;
    else words.push(part);
    end = found.index + found[0].length;
  }
  return words.length === 0 || /^\w+=/.test(words[0] ?? "") || /["']/.test(command.replace(word, ""))
    ? ["sh", "-c", command]
    : words;
}

// ---- the worker's turn ---------------------------------------------------------------------------------------------------------

interface Seen {
  toolName: string;
  /** JSON text. */
  value: string;
}
export type Next = { call: string; input: Input } | { text: string };

/** What the worker does next; null: it is asked for no command. */
export function nextOfWorker(asked: readonly string[], results: readonly Seen[]): Next | null {
  const commands = asked.flatMap(commandsIn);
  if (commands.length === 0) return null;
  const ran = results.filter(({ toolName }) => toolName === "executeCommand").map(({ value }) => read(value));
  const bad = ran.findIndex((result) => !("exitCode" in result) || result.exitCode !== 0);
  const called = (name: string): boolean => results.some(({ toolName }) => toolName === name);
  if (bad >= 0) {
    const problem = came(commands[bad] ?? [], ran[bad]!);
    if (!called("requestHelp")) return { call: "requestHelp", input: { problem } };
    return { text: `I could not go on: ${problem}` };
  }
  const next = commands[ran.length];
  if (next !== undefined) return { call: "executeCommand", input: { command: next } };
  const lines = ran.map((result, index) => came(commands[index]!, result));
  if (!called("reportProgress")) return { call: "reportProgress", input: { text: lines.join("\n").slice(0, 3500) } };
  const all = commands.map((command) => `\`${commandText(command)}\``).join(", ");
  return { text: `I ran ${all}; ${commands.length === 1 ? "it" : "each"} ended with exit code 0.` };
}

type Came = CommandResult | { error: { message: string } };

function came(command: readonly string[], result: Came): string {
  const what = `\`${shorten(commandText(command), 200)}\``;
  if (!("exitCode" in result)) return `${what} was not done: ${result.error.message}`;
  const said = lastLines(result.stderr.trim() !== "" && result.exitCode !== 0 ? result.stderr : result.stdout);
  return `${what} ended with exit code ${result.exitCode}${said === "" ? "." : `:\n\`\`\`\n${said}\n\`\`\``}`;
}

const MAX_LINES = 12;
/** Never ends the block it stands in. */
const lastLines = (text: string): string =>
  text.trim().split("\n").slice(-MAX_LINES).join("\n").slice(-1500).replaceAll("```", "'''").trim();

function read(value: string): Came {
  try {
    const result = JSON.parse(value) as Came | null;
    if (typeof result === "object" && result !== null && ("exitCode" in result || "error" in result)) return result;
  } catch {
    // Told below.
  }
  return { error: { message: shorten(value, 300) || "without a result" } };
}

// ---- rows and words ------------------------------------------------------------------------------------------------------------

const OWN = "(?:(?:my|your|the|this)\\s+(?:task(?:'s)?\\s+)?)";

export const WORKER_ROWS: Intent[] = [
  {
    tool: "dispatchCodingTask",
    what: "have the worker do something for a task, in a sandbox",
    example: "have the worker run `npm test` for T1",
    changes: true,
    patterns: DISPATCHES,
    input: dispatching,
  },
  {
    tool: "executeCommand",
    what: "run a command in the task's worktree",
    example: "run `npm test`",
    changes: false,
    patterns: [
      new RegExp(
        `^(?:(?:please|now|then|and|ok(?:ay)?|can you|could you|would you|go ahead and)[\\s,]+)*${RUN}\\s+(?:the command\\s+|the\\s+|this:?\\s+)?\``,
        "i",
      ),
    ],
    input: (text) => {
      const [command] = commandsIn(text.replace(/^.*?(?=\b(?:run|execute|start|call)\b)/i, ""));
      return command === undefined ? null : { command };
    },
  },
  {
    tool: "reportProgress",
    what: "tell engineering how the task stands",
    example: "report that the tests pass",
    changes: false,
    patterns: [
      /^(?:(?:please|now|then|and|ok(?:ay)?)[\s,]+)*(?:report(?:\s+progress|\s+back|\s+to engineering)?|tell (?:engineering|the engineering channel|the engineers)|give (?:a|an) (?:progress )?(?:report|update))\s*(?::|that\b|-|–|(?=""))\s*\S/i,
    ],
    input: (text) => told(text),
  },
  {
    tool: "requestHelp",
    what: "ask support for help with the task",
    example: "ask for help: the database is missing",
    changes: false,
    patterns: [
      /^(?:(?:please|now|then|and|ok(?:ay)?)[\s,]+)*(?:(?:ask|call)(?:\s+support)?\s+for\s+help|request\s+help|get\s+help|escalate(?:\s+to support)?|tell support)\s*(?::|that\b|because\b|with\b|-|–)\s*\S/i,
    ],
    input: (text) => {
      const problem = told(text);
      return problem === null ? null : { problem: problem.text };
    },
  },
  {
    tool: "updateTaskStatus",
    what: "move the own task",
    example: "set your task to in review",
    changes: true,
    patterns: [
      new RegExp(
        `\\b(?:set|move|mark|put|change|switch|update|transition)\\s+${OWN}(?:task|status)?\\s*(?:to|as|into|in)?\\b`,
        "i",
      ),
    ],
    input: (text) => {
      if (find.taskName(text) !== null) return null;
      const status = find.statusIn(text.replace(/^.*?\b(?:to|as|into|in)\b/i, " to "));
      const reason = /\bbecause(?: of)?\s+(\S.*)$/i.exec(text)?.[1];
      return status === null ? null : { status, ...(reason === undefined ? {} : { reason: find.trimEnd(reason) }) };
    },
  },
];

function told(text: string): { text: string } | null {
  const words = /(?::|\bthat\b|\bbecause\b|\bwith\b|\s[-–])\s*(\S.*)$/i.exec(text)?.[1] ?? find.quoted(text);
  return words === null ? null : { text: find.trimEnd(find.quoted(words) ?? words) };
}

type Value = Record<string, unknown>;

export const WORKER_WORDS: Record<string, (value: Value) => string> = {
  dispatchCodingTask: (value) => {
    const { task, branch, reportsTo } = value as unknown as Dispatched;
    const where = reportsTo.length === 0 ? "" : ` It reports in ${reportsTo.join(", ")}.`;
    return `**${task.task}** "${task.title}" is with the Factory Worker now; what it changes goes to the branch \`${branch}\`.${where} Before it runs a command you are asked.`;
  },
  executeCommand: (value) => {
    const { exitCode, stdout, stderr } = value as unknown as CommandResult;
    const said = lastLines(exitCode !== 0 && stderr.trim() !== "" ? stderr : stdout);
    return `It ended with exit code ${exitCode}${said === "" ? "." : `:\n\`\`\`\n${said}\n\`\`\``}`;
  },
  updateTaskStatus: (value) => {
    const task = value.task as TaskView;
    return `**${task.task}** is ${task.status} now.`;
  },
  reportProgress: (value) => `Reported${placesIn(value.saidIn)}.`,
  requestHelp: (value) =>
    `Asked for help${placesIn(value.askedIn)}; **${String(value.task)}** is BLOCKED until somebody gives it out again.`,
};

const placesIn = (places: unknown): string =>
  Array.isArray(places) && places.length > 0 ? ` in ${places.join(", ")}` : "";
