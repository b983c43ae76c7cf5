/**
 * The strict grammar of answers in text. No model reads a verdict: a message is an answer only when all of it is one of
 *
 *   WORD            settles only if exactly one question is open for the person
 *   WORD CODE [reason]
 *   WORD CODE CODE…
 *   ANSWER CODE text
 *
 * Where the question has a form, `field=value` pairs may stand in place of the reason (edits.ts).
 * where WORD is an option of that question, its number, or YES / Y / APPROVE, NO / N / DENY standing for such an option. Blanks, case and
 * one final `.` or `!` do not matter. Where a message could be read both ways, the denial wins. Everything else is conversation.
 */

import { FIELD_NAME } from "../contract/form.ts";
import { meaningOf, normalize } from "../contract/option.ts";
import { looksLikeCode, normalizeCode } from "./code.ts";
import type { Json } from "./definition.ts";
import { changing, readEdits } from "./edits.ts";
import type { JsonObject } from "./json.ts";
import { isVerdictWord, optionFor } from "./options.ts";

/** A question open for the person who wrote. */
export interface OpenQuestion {
  approvalId: string;
  /** The person's own code of it. */
  code: string;
  options: readonly string[];
  freeText: boolean;
  /** JSON schema of the payload's fields that may be edited; absent or null: none. */
  form?: Json;
}

export interface Answer {
  approvalId: string;
  code: string;
  /** One of the question's options, as written there; null for free text. */
  option: string | null;
  /** Free text, verbatim; null for an option. */
  text: string | null;
  reason: string | null;
  /** Edited values; null: none. */
  fields: JsonObject | null;
}

export type Reading =
  /** One answer, or one for each code of a list; codes of that list that are not open for this person are named beside them. */
  | { kind: "settle"; answers: Answer[]; unknownCodes: string[] }
  /** A bare word, and several questions are open: nothing is settled, the person gets the list with codes. */
  | { kind: "needsCode"; word: string; questions: readonly OpenQuestion[] }
  /** In the form of an answer, but the word is not one of that question's. Nothing is settled. */
  | { kind: "notAnOption"; word: string; questions: OpenQuestion[] }
  /** An answer that was to change values, and does not say clearly to what. Nothing is settled. */
  | { kind: "unclearValues"; problem: string }
  /** The code before the word. Nothing is settled; `write` is the way that counts. */
  | { kind: "turnedAround"; write: string }
  /** In the form of an answer with a code that is not open for this person: it may have been. `word` as written. If it never was, it is conversation. */
  | { kind: "unknownCode"; word: string; codes: string[]; reason: string | null }
  /** Not an answer. `hint` names the words that count; null when no question is open. */
  | { kind: "conversation"; hint: string | null };

/** Longest option in words, and then some. */
const MAX_WORD_TOKENS = 30;
const MAX_ANSWER = 4000;

interface Token {
  text: string;
  start: number;
  end: number;
}

export function readAnswer(text: string, open: readonly OpenQuestion[]): Reading {
  const conversation: Reading = { kind: "conversation", hint: hintFor(open) };
  if (text.length > MAX_ANSWER) return conversation;
  const tokens = [...text.matchAll(/\S+/gu)].map((match) => ({
    text: match[0],
    start: match.index,
    end: match.index + match[0].length,
  }));
  if (tokens.length === 0) return conversation;
  const reading =
    readAnswerCommand(text, tokens, open) ??
    readCoded(text, tokens, open) ??
    readBare(text, open) ??
    readTurned(text, tokens, open) ??
    conversation;
  return reading.kind === "settle" ? withEdits(reading, open) : reading;
}

/** Last of all: a denial within the message has been looked for. */
function withEdits(reading: Settling, open: readonly OpenQuestion[]): Reading {
  const answers: Answer[] = [];
  for (const given of reading.answers) {
    const question = open.find(({ approvalId }) => approvalId === given.approvalId)!;
    const edits = given.option === null ? null : readEdits(question, given.option, given.reason);
    if (edits !== null && "problem" in edits) return { kind: "unclearValues", problem: edits.problem };
    answers.push({ ...given, ...edits });
  }
  return { ...reading, answers };
}

const codeOf = (token: Token): string => normalizeCode(token.text.replace(/[.!]$/u, ""));
const isLast = (tokens: Token[], token: Token) => tokens.at(-1) === token;
/** A final `.` or `!` does not matter only where the message ends. */
const asCode = (tokens: Token[], token: Token): string =>
  isLast(tokens, token) ? codeOf(token) : normalizeCode(token.text);
const findOpen = (open: readonly OpenQuestion[], code: string) =>
  open.find((question) => normalizeCode(question.code) === code);

/** Where the first `field=` begins after a word. */
const PAIRS = new RegExp(String.raw`\s${FIELD_NAME}=`, "u");

// ---- ANSWER CODE text --------------------------------------------------------------------------------------------------------

function readAnswerCommand(text: string, tokens: Token[], open: readonly OpenQuestion[]): Reading | null {
  const [first, second] = tokens;
  if (tokens.length < 3 || first!.text.toLowerCase() !== "answer") return null;
  const code = normalizeCode(second!.text);
  const rest = text.slice(second!.end).trim();
  const question = findOpen(open, code);
  if (question === undefined)
    return looksLikeCode(code) ? { kind: "unknownCode", word: rest, codes: [code], reason: null } : null;
  if (question.freeText) return { kind: "settle", answers: [answer(question, null, rest, null)], unknownCodes: [] };
  const values = question.form == null ? -1 : rest.search(PAIRS);
  const [word, edits] = values < 0 ? [rest, null] : [rest.slice(0, values), rest.slice(values).trim()];
  const option = optionFor(normalize(word), question.options);
  if (option === null) return { kind: "notAnOption", word: rest, questions: [question] };
  return { kind: "settle", answers: [answer(question, option, null, edits)], unknownCodes: [] };
}

// ---- WORD CODE … -------------------------------------------------------------------------------------------------------------

function readCoded(text: string, tokens: Token[], open: readonly OpenQuestion[]): Reading | null {
  const readings: Reading[] = [];
  for (let at = 1; at < Math.min(tokens.length, MAX_WORD_TOKENS); at++) {
    const reading = readCodedAt(text, tokens, at, open);
    if (reading !== null) readings.push(reading);
  }
  const settling = readings.filter((reading) => reading.kind === "settle");
  const chosen = settling.find(denies) ?? settling[0];
  if (chosen === undefined) return readings.find(({ kind }) => kind === "notAnOption") ?? readings[0] ?? null;
  return denies(chosen) ? chosen : (denialWithin(text, tokens, chosen, open) ?? chosen);
}

type Settling = Extract<Reading, { kind: "settle" }>;
const denies = (reading: Settling): boolean =>
  reading.answers.every(({ option }) => option !== null && meaningOf(option) === "deny");

/** The word is what stands before the code at `at`. */
function readCodedAt(text: string, tokens: Token[], at: number, open: readonly OpenQuestion[]): Reading | null {
  const first = findOpen(open, asCode(tokens, tokens[at]!));
  if (first === undefined && !looksLikeCode(asCode(tokens, tokens[at]!))) return null;
  // A final `.` or `!` counts for nothing only at the end of the whole message.
  if (/[.!]$/u.test(tokens[at - 1]!.text)) return null;
  const word = normalize(text.slice(tokens[0]!.start, tokens[at - 1]!.end));
  const codes = [...new Set(tokens.slice(at).map((token) => asCode(tokens, token)))];
  const isList = codes.every((code) => looksLikeCode(code) || findOpen(open, code) !== undefined);
  const named = isList ? codes.flatMap((code) => findOpen(open, code) ?? []) : first === undefined ? [] : [first];
  const reason = isList ? null : reasonAfter(text, tokens[at]!);
  if (named.length === 0) {
    // The options of a question that is no longer open are not known here: a short message that ends with the code may be one.
    const isWord =
      isVerdictWord(word) || open.some(({ options }) => optionFor(word, options) !== null) || (isList && at <= 5);
    return isWord ? { kind: "unknownCode", word, codes: isList ? codes : [codes[0]!], reason } : null;
  }
  const misfits = named.filter(({ options }) => optionFor(word, options) === null);
  if (misfits.length > 0) {
    // Words before a code that are no answer to anything are conversation that happens to hold a code.
    return isVerdictWord(word) || misfits.length < named.length
      ? { kind: "notAnOption", word, questions: misfits }
      : null;
  }
  return {
    kind: "settle",
    answers: named.map((question) => answer(question, optionFor(word, question.options), null, reason)),
    unknownCodes: codes.filter((code) => isList && findOpen(open, code) === undefined),
  };
}

const reasonAfter = (text: string, token: Token): string | null => text.slice(token.end).trim() || null;

/**
 * "YES 4K no", "YES 4K NO 7M": what follows is a denial by this same grammar. A bare one denies what was to be approved; one with codes
 * denies those and nothing is approved.
 */
function denialWithin(
  text: string,
  tokens: Token[],
  approval: Settling,
  open: readonly OpenQuestion[],
): Reading | null {
  const reason = approval.answers[0]!.reason;
  if (reason === null) return null;
  const from = text.lastIndexOf(reason);
  for (const [index, token] of tokens.entries()) {
    if (token.start < from || meaningOf(token.text) !== "deny") continue;
    const tail = tokens.slice(index);
    const reading = tail.length > 1 ? readCodedAt(text, tail, 1, open) : null;
    if (reading?.kind === "settle" && denies(reading)) return reading;
    if (tail.length > 1) continue;
    const answers = approval.answers.map((given) => {
      const question = open.find(({ approvalId }) => approvalId === given.approvalId)!;
      const option = optionFor(normalize(token.text), question.options);
      return option === null ? null : { ...given, option };
    });
    // Without a denying option to choose, the message says two things at once and settles nothing.
    if (answers.includes(null)) return { kind: "conversation", hint: hintFor(open) };
    return { kind: "settle", answers: answers as Answer[], unknownCodes: [] };
  }
  return null;
}

// ---- WORD --------------------------------------------------------------------------------------------------------------------

function readBare(text: string, open: readonly OpenQuestion[]): Reading | null {
  const word = normalize(text);
  const fits = open.filter(({ options }) => optionFor(word, options) !== null);
  const [only] = open;
  if (open.length === 1) {
    return fits.length === 1
      ? { kind: "settle", answers: [answer(only!, optionFor(word, only!.options), null, null)], unknownCodes: [] }
      : null;
  }
  if (open.length === 0 || (fits.length === 0 && !isVerdictWord(word))) return null;
  return { kind: "needsCode", word, questions: open };
}

function answer(question: OpenQuestion, option: string | null, text: string | null, reason: string | null): Answer {
  return { approvalId: question.approvalId, code: question.code, option, text, reason, fields: null };
}

// ---- CODE WORD ---------------------------------------------------------------------------------------------------------------

/** No answer, but easily mended: the person is told, and no model guesses what was meant. */
function readTurned(text: string, tokens: Token[], open: readonly OpenQuestion[]): Reading | null {
  const question = findOpen(open, normalizeCode(tokens[0]!.text));
  const word = text.slice(tokens[0]!.end).trim();
  const option = question === undefined ? null : optionFor(normalize(word), question.options);
  return option === null ? null : { kind: "turnedAround", write: `${word.replace(/\s?[.!]$/u, "")} ${question!.code}` };
}

// ---- the words that count ----------------------------------------------------------------------------------------------------

const SHOWN = 5;

/** One or a few lines that name the words that count; null when nothing is open. */
export function hintFor(open: readonly OpenQuestion[]): string | null {
  const [only] = open;
  if (only === undefined) return null;
  if (open.length === 1) {
    if (only.freeText) return `A question is open. To answer it, write: ANSWER ${only.code} and your text`;
    const changed = changing(only.form, editingWord(only), only.code);
    return `A question is open. Only these words answer it: ${waysFor(only, false)}; with a reason: ${exampleWord(only)} ${only.code} your reason${changed === null ? "" : `; with a changed value: ${changed}`}`;
  }
  const lines = open.slice(0, SHOWN).map((question) => `- ${waysFor(question, true)}`);
  const rest = open.length > SHOWN ? [`and ${open.length - SHOWN} more; PENDING lists them`] : [];
  return [`${open.length} questions are open. Only these words answer them:`, ...lines, ...rest].join("\n");
}

/** "YES or NO", "YES 4K or NO 4K", "ANSWER 4K your text". */
export function waysFor(question: OpenQuestion, withCode: boolean): string {
  if (question.freeText) return `ANSWER ${question.code} your text`;
  const words = question.options.slice(0, 10).map((option, index) => {
    const word = option.toUpperCase();
    return meaningOf(option) === null ? `${word} (or ${index + 1})` : word;
  });
  return words
    .map((word) => (withCode ? word.replace(/( \(or (\d+)\))?$/, (_, tail) => ` ${question.code}${tail ?? ""}`) : word))
    .join(" or ");
}

const exampleWord = (question: OpenQuestion): string =>
  (question.options.find((option) => meaningOf(option) === "deny") ?? question.options[0] ?? "ANSWER").toUpperCase();

/** The option to show edited values with: a denial carries none. */
export const editingWord = ({ options }: Pick<OpenQuestion, "options">): string =>
  (options.find((option) => meaningOf(option) !== "deny") ?? options[0] ?? "").toUpperCase();
