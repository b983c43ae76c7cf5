/** When a loop is done: one bare word is looked for in the output as a whole word, anything else is an expression. */
import type { Json } from "./definition.ts";
import { holds } from "./evaluate.ts";
import { isObject, textOf } from "./json.ts";
import { type Scope, within } from "./scope.ts";

const BARE_WORD = /^[\p{L}\p{N}_-]+$/u;

export const isBareWord = (until: string): boolean => BARE_WORD.test(until.trim());

/** Fields of an output that is an object are names in the expression, and `output` is the output; a name that it lacks is nothing. */
export function isDone(until: string, output: Json, scope: Scope): boolean {
  // Without one the loop goes through all its rounds.
  if (until.trim() === "") return false;
  if (isBareWord(until)) return hasWord(textOf(output), until.trim());
  const fields = within(scope, isObject(output) ? { ...output, output } : { output });
  return holds(until, { ...fields, lookup: (name) => fields.lookup(name) ?? null });
}

function hasWord(text: string, word: string): boolean {
  const isPart = (character: string | undefined) => character !== undefined && /[\p{L}\p{N}_]/u.test(character);
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!isPart(text[at - 1]) && !isPart(text[at + word.length])) return true;
  }
  return false;
}
