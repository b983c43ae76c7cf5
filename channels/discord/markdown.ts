/**
 * Text as Discord may show it. Discord reads mentions, labelled links, timestamps and formatting from the text itself, so untrusted
 * text is escaped here, once: it shows as the characters it has. That nobody is pinged is also said in every request.
 */

/** A character without width: it looks the same and ends what the client would read. */
const GAP = "\u200b";

/** Marks that mean something anywhere, and those that do so at the beginning of a line. */
const MARKS = /[\\`*_~|<>[\]()]/g;
const LINE_MARKS = /^(\s*)([#+-]|\d+(?=[.)]))/gm;

/** Untrusted: nothing in it formats, links, mentions or quotes. Control characters but line breaks go. */
export const escaped = (text: string): string =>
  tame(text)
    .replaceAll(MARKS, "\\$&")
    .replaceAll(LINE_MARKS, (_, blank: string, mark: string) =>
      /\d/.test(mark) ? `${blank}${mark}${GAP}` : `${blank}\\${mark}`,
    );

/** In a code block: no fence inside can end it. Mentions show as text there. */
export const fenced = (text: string): string => `\`\`\`\n${breakFences(tame(text))}\n\`\`\``;

const breakFences = (text: string): string => text.replaceAll(/`(?=`)/g, `\`${GAP}`).replace(/`$/, `\`${GAP}`);

/** What can neither be seen nor escaped, and names that stand for everybody. */
const tame = (text: string): string =>
  text
    .replaceAll(/\r\n?|\u2028|\u2029/g, "\n")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g, "")
    .replaceAll(/@(?=everyone|here)/gi, `@${GAP}`);

/**
 * A reply's light Markdown is Discord's own (bold, italics, code, lists, headings). What could mislead shows as text: labelled links, so
 * that an address is always seen, mentions, spoilers, and small print. Code stays as it is; a block still open is closed.
 */
export function fromMarkdown(text: string): string {
  const parts = tame(text).split("```");
  const drawn = parts.map((part, index) => (index % 2 === 1 ? part : part.split("\n").map(inline).join("\n")));
  return drawn.join("```") + (parts.length % 2 === 0 ? "\n```" : "");
}

/** As many marks at the end as at the beginning. */
const CODE = /(?<!`)(`+)(?!`)[^\n]*?[^`\n]\1(?!`)/g;

function inline(line: string): string {
  let drawn = "";
  let at = 0;
  for (const { index, 0: code } of line.matchAll(CODE)) {
    drawn += plain(line.slice(at, index)) + code;
    at = index + code.length;
  }
  return (drawn + plain(line.slice(at))).replace(/^-#/, "\\-#");
}

const plain = (text: string): string =>
  text
    .replaceAll(/\](?=\()/g, `]${GAP}`)
    .replaceAll(/<(?=[@#&!:/at])/g, "\\<")
    .replaceAll("||", `|${GAP}|`);

/** In the reader's own time zone. */
export const timeMark = (ms: number, style: "f" | "R" = "f"): string => `<t:${Math.floor(ms / 1000)}:${style}>`;
