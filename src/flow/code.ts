/**
 * Short approval codes: a digit first, then digits and letters with at least one letter, none that could be taken for another
 * (no 0 O D Q, 1 I L, 2 Z, 5 S, 8 B, 6 G, U V). A code belongs to one person; the caller passes what that person has open or had
 * within the last 72 hours as taken.
 */
const DIGITS = "234679";
const LETTERS = "ACEFHJKMNPRTWXY";
const ALL = DIGITS + LETTERS;
/** Times, ordinals and sizes of an ordinary sentence are never codes. */
const ORDINARY = /^\d+(ND|RD|TH|AM|PM|X|XX|ACRE|FT|KM|MM|CM)$/;
const MAX_LENGTH = 8;

export const normalizeCode = (text: string): string => text.trim().toUpperCase();

/** Whether the text has the form of a code; says nothing about whether it was ever given out. */
export function looksLikeCode(text: string): boolean {
  const code = normalizeCode(text);
  if (code.length < 2 || code.length > MAX_LENGTH || !DIGITS.includes(code[0]!) || ORDINARY.test(code)) return false;
  return (
    [...code].every((character) => ALL.includes(character)) &&
    [...code].some((character) => LETTERS.includes(character))
  );
}

/** How many codes of this length there are. */
export function codesOfLength(length: number): number {
  return DIGITS.length * (ALL.length ** (length - 1) - DIGITS.length ** (length - 1));
}

/**
 * A code that is not taken, of the shortest length of which less than half is taken. `pick(n)` returns a whole number from 0 to n - 1,
 * as random as the caller can make it.
 */
export function newCode(taken: ReadonlySet<string>, pick: (below: number) => number): string {
  for (let length = 2; length <= MAX_LENGTH; length++) {
    const used = [...taken].filter((code) => code.length === length).length;
    if (used * 2 >= codesOfLength(length)) continue;
    const space = DIGITS.length * ALL.length ** (length - 1);
    const start = clamp(pick(space), space);
    for (let offset = 0; offset < space; offset++) {
      const code = codeAt((start + offset) % space, length);
      if (looksLikeCode(code) && !taken.has(code)) return code;
    }
  }
  throw new RangeError("every approval code of this person is taken");
}

const clamp = (number: number, below: number): number => Math.min(Math.max(0, Math.floor(number) || 0), below - 1);

function codeAt(position: number, length: number): string {
  let rest = Math.floor(position / DIGITS.length);
  let code = DIGITS[position % DIGITS.length]!;
  while (code.length < length) {
    code += ALL[rest % ALL.length];
    rest = Math.floor(rest / ALL.length);
  }
  return code;
}
