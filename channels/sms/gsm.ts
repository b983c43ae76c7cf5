/** The alphabet of text messages. One character outside of it makes the whole message UCS-2, in which less than half as much fits. */

const BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
/** Two places each. */
const EXTENDED = new Set("^{}\\[~]|€");

const REPLACEMENTS: Record<string, string> = {
  "‘": "'",
  "’": "'",
  "‚": "'",
  "‛": "'",
  "′": "'",
  "`": "'",
  "´": "'",
  "“": '"',
  "”": '"',
  "„": '"',
  "‟": '"',
  "″": '"',
  "«": '"',
  "»": '"',
  "–": "-",
  "—": "-",
  "‐": "-",
  "‑": "-",
  "‒": "-",
  "―": "-",
  "−": "-",
  "·": "-",
  "•": "-",
  "…": "...",
  "→": "->",
  "←": "<-",
  "×": "x",
  "≤": "<=",
  "≥": ">=",
  "≠": "!=",
  "✓": "ok",
  "✔": "ok",
  "\u00a0": " ",
  "\u2009": " ",
  "\u200a": " ",
  "\u202f": " ",
  "\u2007": " ",
  "\t": " ",
  ı: "i",
  ł: "l",
  Ł: "L",
  đ: "d",
  Đ: "D",
  ð: "d",
  þ: "th",
  œ: "oe",
  Œ: "OE",
  ç: "c",
};
/** Characters that are not seen, and those that turn the direction of reading. */
const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Variation_Selector}/gu;

/** Puts into the alphabet what can be without changing what it says: quotes, dashes, blanks, Latin letters with marks. */
export function toGsm(text: string): string {
  let result = "";
  for (const character of text.normalize("NFC").replace(INVISIBLE, "")) {
    if (BASIC.has(character) || EXTENDED.has(character)) result += character;
    else result += REPLACEMENTS[character] ?? withoutMarks(character);
  }
  return result;
}

/** `ê` → `e`; what is no Latin letter with a mark stays as it is. */
function withoutMarks(character: string): string {
  const bare = character.normalize("NFD").replace(/\p{Mn}/gu, "");
  return bare.length > 0 && [...bare].every((part) => BASIC.has(part)) ? bare : character;
}

export const isGsm = (text: string): boolean => [...text].every((one) => BASIC.has(one) || EXTENDED.has(one));

/** Parts on the air: 160 characters, or 153 each in several; 70 and 67 with any character outside of the alphabet. */
export function segments(text: string): number {
  const gsm = isGsm(text);
  const sizes = [...text].map((one) => (gsm ? (EXTENDED.has(one) ? 2 : 1) : one.length));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total <= (gsm ? 160 : 70)) return 1;
  const room = gsm ? 153 : 67;
  let count = 1;
  let used = 0;
  for (const size of sizes) {
    if (used + size > room) {
      count++;
      used = 0;
    }
    used += size;
  }
  return count;
}

/** The longest start of `head` with which `head` + `tail` takes at most `most` segments; cut at a word, marked with "...". */
export function within(head: string, tail: string, most: number): { text: string; cut: boolean } {
  if (segments(head + tail) <= most) return { text: head + tail, cut: false };
  const characters = [...head];
  let low = 0;
  let high = characters.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (segments(`${characters.slice(0, middle).join("")}...${tail}`) <= most) low = middle;
    else high = middle - 1;
  }
  return { text: `${atWord(characters.slice(0, low).join(""))}...${tail}`, cut: true };
}

/** At most `max` characters, cut at a word. */
export function shorten(text: string, max: number): string {
  if (text.length <= max) return text;
  const cut = text.slice(0, max - 3).replace(/[\ud800-\udbff]$/, "");
  return `${atWord(cut)}...`;
}

function atWord(text: string): string {
  const at = text.search(/\s\S*$/);
  // A word that is most of the text, an address for example, is rather cut than left out.
  return (at > text.length * 0.6 ? text.slice(0, at) : text).trimEnd();
}
