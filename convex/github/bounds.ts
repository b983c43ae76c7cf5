/** How much of a text of others goes into a result: measured as it is stored and sent, in bytes of JSON. Pure. */
import { byteLength } from "../model/json.ts";

export const jsonBytes = (text: string): number => byteLength(JSON.stringify(text));

/** The longest beginning that takes at most so many bytes as JSON; never half of a character. */
export function cutBytes(text: string, maxBytes: number): string {
  if (text.length * 6 + 2 <= maxBytes || jsonBytes(text) <= maxBytes) return text;
  // By characters: half of one takes more as JSON than the whole.
  const characters = [...text.slice(0, maxBytes)];
  let [low, high] = [0, characters.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (jsonBytes(characters.slice(0, middle).join("")) <= maxBytes) low = middle;
    else high = middle - 1;
  }
  return characters.slice(0, low).join("");
}

/** Names of others, in a list that ends with how many more there are. */
export const someOf = (names: string[], max: number): string[] =>
  names.length <= max ? names : [...names.slice(0, max), `and ${names.length - max} more`];
