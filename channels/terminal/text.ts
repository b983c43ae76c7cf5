/** Text as a terminal may show it: nothing in it can move the cursor, colour what follows or turn the reading direction. */

/** Formatting characters that reorder or hide what stands beside them. */
const INVISIBLE = /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** Escapes every control character but the line break; tabs become blanks. Line breaks of all kinds become "\n". */
export function escapeText(text: string): string {
  return (
    text
      .replace(/\r\n?|\u2028|\u2029/g, "\n")
      .replace(/\t/g, "    ")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
      .replace(/[\u0000-\u0009\u000b-\u001f]/g, (char) => String.fromCharCode(0x2400 + char.charCodeAt(0)))
      .replace(/\u007f/g, "\u2421")
      .replace(/[\u0080-\u009f]/g, escaped)
      .replace(INVISIBLE, escaped)
  );
}

const escaped = (char: string) => `\\u{${char.codePointAt(0)!.toString(16)}}`;

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;

/** Columns that a text without control characters takes. */
export function textWidth(text: string): number {
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) || segment.includes("\ufe0f") ? 2 : 1;
  return width;
}

/**
 * Breaks lines at blanks so that none is wider than `width`; a word wider than that is cut. Text added at the end changes the last
 * line only: a growing message relies on it.
 */
export function wrap(text: string, width: number): string[] {
  return text.split("\n").flatMap((line) => wrapLine(line, Math.max(8, width)));
}

function wrapLine(line: string, width: number): string[] {
  const indent = /^\s*(?:[-*•]\s+|\d+[.)]\s+)?/.exec(line)?.[0] ?? "";
  const hang = " ".repeat(Math.min(textWidth(indent), width >> 1));
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(/(?<=\s)(?=\S)/)) {
    if (current !== "" && textWidth(current + word.trimEnd()) > width) {
      lines.push(current.trimEnd());
      current = hang;
    }
    current += word;
    while (textWidth(current.trimEnd()) > width) {
      const head = cut(current, width);
      lines.push(head);
      current = hang + current.slice(head.length);
    }
  }
  lines.push(current.trimEnd());
  return lines;
}

/** The longest start of `text` that is at most `width` wide; at least one character. */
export function cut(text: string, width: number): string {
  let head = "";
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += textWidth(segment);
    if (used > width && head !== "") break;
    head += segment;
  }
  return head;
}

export const padEnd = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - textWidth(text)));
