/** The words by which people choose an option, and those that no option may have. Used by validation and by the answer grammar alike. */
import { normalize, VERDICTS } from "../contract/option.ts";
import { START, STOP } from "./carrier.ts";

const MEANINGS = Object.values(VERDICTS);

export const isVerdictWord = (word: string): boolean => MEANINGS.some(({ said }) => said.includes(word));

/** Every normalized word that chooses the option: its name, its number, YES or NO where it means that. */
export function wordsFor(options: readonly string[], index: number): string[] {
  const name = normalize(options[index]!);
  const words = [name, String(index + 1)];
  for (const { said, options: stoodFor } of MEANINGS) if (stoodFor.includes(name)) words.push(...said);
  return [...new Set(words)];
}

/** The option that a normalized word chooses; null when none or more than one does. */
export function optionFor(word: string, options: readonly string[]): string | null {
  const found = options.filter((_, index) => wordsFor(options, index).includes(word));
  return found.length === 1 ? found[0]! : null;
}

/** What carriers act on themselves, in any case. */
const CARRIER_WORDS = [...STOP, ...START, "help", "info", "subscribe"];
const COMMAND_WORDS = [
  "run",
  "status",
  "pending",
  "answer",
  "more",
  "reassign",
  "resend",
  "workflow",
  "workflows",
  "list",
];
/** What a question itself can come to. */
const OUTCOME_WORDS = ["expired", "answered"];

/** Why an option may not have this name; null: it may. */
export function reservedReason(option: string): string | null {
  const word = normalize(option);
  if (CARRIER_WORDS.includes(word)) return "phone carriers act on this word themselves";
  if (COMMAND_WORDS.includes(word)) return "it is a text command";
  if (OUTCOME_WORDS.includes(word)) return "it names what becomes of a question without an answer of this name";
  if (/^\d+$/.test(word)) return "a number stands for the option at that place";
  return null;
}
