/** Pulls the arguments of a tool out of plain text. Pure; each function returns null (or nothing) where the text does not say. */
import { parseTaskStatus, type TaskStatus } from "../model/task_machine.ts";

/** `T7`, `task 7`, `#7` → `T7`. */
export function taskName(text: string): string | null {
  const number =
    /\b(?:t|task\s*(?:number|no\.?|nr\.?)?\s*#?\s*t?)\s?-?(\d{1,6})\b/i.exec(text)?.[1] ??
    /#(\d{1,6})\b/.exec(text)?.[1];
  return number === undefined ? null : `T${Number(number)}`;
}

/** What stands in quotation marks of any kind. */
export const quoted = (text: string): string | null =>
  /["“”„«»]([^"“”„«»]+)["“”„«»]/.exec(text)?.[1]?.trim() ??
  /(?:^|\s)['‘]([^'’]+)['’](?=[\s.,!?]|$)/.exec(text)?.[1]?.trim() ??
  null;

export const trimEnd = (text: string): string => text.trim().replace(/[\s.!?,;:]+$/, "");

const QUOTES = /["“”„«»][^"“”„«»]*["“”„«»]|(^|\s)['‘][^'’]+['’](?=[\s.,!?]|$)/g;
/** The message without what is quoted in it: names and titles are not requests. */
export const withoutQuotes = (text: string): string => text.replace(QUOTES, '$1""');

/** The message without the name of its task, so that `T1` is never taken for a person or a word. */
export const withoutTask = (text: string): string =>
  text
    .replace(/\b(?:task\s*(?:number|no\.?|nr\.?)?\s*#?\s*t?|t)\s?-?\d{1,6}\b|#\d{1,6}\b/gi, " ")
    .replace(/\s+/g, " ")
    .replace(/\s([.!?])/g, "$1")
    .trim();

/** A name after words like `to`, `by`, `let`: one word, and a second one if it begins with a capital. `me` is who speaks. */
export function nameAfter(text: string, words: string): string | null {
  const after = new RegExp(`(?:^|\\s|\\b)(?:${words})\\s*(?<=\\s|>|→)@?(\\S.*)$`, "iu").exec(text)?.[1];
  // Case counts in the second word only, so the name is matched on its own.
  const found =
    after === undefined
      ? undefined
      : /^(\p{L}[\p{L}\p{N}_.'-]*(?:\s+\p{Lu}(?!\d)[\p{L}\p{N}_.'-]*)?)/u.exec(after)?.[1];
  if (found === undefined) return null;
  const name = trimEnd(found);
  return /^(?:me|myself)$/i.test(name) ? "me" : name;
}

/** The workflow whose name is in the text, with blanks or dashes between its words; the longest if several are. */
export function knownName(text: string, names: readonly string[]): string | null {
  const spaced = ` ${text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ")} `;
  const found = names.filter((name) =>
    spaced.includes(
      ` ${name
        .toLowerCase()
        .replace(/[^\p{L}\p{N}]+/gu, " ")
        .trim()} `,
    ),
  );
  return found.sort((a, b) => b.length - a.length)[0] ?? null;
}

const STATUS_WORDS: [RegExp, TaskStatus][] = [
  [/\b(?:block(?:ed|s)?|stuck|on hold)\b/i, "BLOCKED"],
  [
    /\b(?:in|to|into|for|needs?|under)[\s_-]+review\b|\breviewed\b|\bIN_REVIEW\b|\bbeing reviewed\b|\breviewing\b/i,
    "IN_REVIEW",
  ],
  [
    /\b(?:unblock(?:ed)?|in[\s_-]progress|progress|underway|under way|start(?:ed|ing|s)?|working on|begin|began|begun|resume[ds]?|doing)\b/i,
    "IN_PROGRESS",
  ],
  [/\b(?:complete[ds]?|completed|done|finish(?:ed)?|closed?|ready|through)\b/i, "COMPLETE"],
  [/\b(?:backlog|todo|to-do)\b/i, "BACKLOG"],
  [/\bassigned\b/i, "ASSIGNED"],
];

/** The status a sentence names, the more special first: "back in progress" is IN_PROGRESS, "ready for review" IN_REVIEW. */
export function statusIn(text: string): TaskStatus | null {
  const to = /\b(?:to|as|into)\s+"?([a-z_ -]+?)"?\s*[.!?]?$/i.exec(text)?.[1];
  const named = to === undefined ? null : parseTaskStatus(to);
  if (named !== null) return named;
  return STATUS_WORDS.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}

export function priorityIn(text: string): "low" | "high" | "urgent" | null {
  if (/\b(?:urgent(?:ly)?|asap|critical|immediately)\b/i.test(text)) return "urgent";
  if (/\b(?:high|top)[\s-]priority\b|\bpriority\s*[:=]?\s*high\b|\bimportant\b/i.test(text)) return "high";
  if (/\blow[\s-]priority\b|\bpriority\s*[:=]?\s*low\b|\bwhen there is time\b/i.test(text)) return "low";
  return null;
}

const ENVIRONMENTS: [RegExp, string][] = [
  [/\b(?:to|on|in|into|for|environment|env)\s+(?:the\s+)?prod(?:uction)?\b/i, "production"],
  [/\b(?:to|on|in|into|for|environment|env)\s+(?:the\s+)?stag(?:e|ing)\b/i, "staging"],
  [/\b(?:to|on|in|into|for|environment|env)\s+(?:the\s+)?(?:dev|development)\b/i, "development"],
  [/\b(?:to|on|in|into|for|environment|env)\s+(?:the\s+)?(?:test|testing|qa)\b/i, "test"],
];

/** `key=value` pairs, `version 1.2`, `v1.2`, `to production`: the inputs of a workflow. */
export function workflowInputs(text: string): Record<string, string> {
  const inputs: Record<string, string> = {};
  const version =
    /\b(?:version|release|v)\s*[:=]?\s*v?(\d+(?:\.\d+)*(?:-[\w.]+)?)/i.exec(text)?.[1] ??
    /(?:^|\s)v?(\d+(?:\.\d+)+(?:-[\w.]+)?)/i.exec(text)?.[1];
  if (version !== undefined) inputs.version = version;
  const environment = ENVIRONMENTS.find(([pattern]) => pattern.test(text))?.[1];
  if (environment !== undefined) inputs.environment = environment;
  for (const [, key, double, single, bare] of text.matchAll(/\b([A-Za-z_][\w-]*)=(?:"([^"]*)"|'([^']*)'|(\S+))/g)) {
    if (key !== undefined) inputs[key] = double ?? single ?? trimEnd(bare ?? "");
  }
  return inputs;
}
