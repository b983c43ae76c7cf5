/**
 * Text as Slack may show it. Nothing in untrusted text can become a link with a label, a mention, a channel or a special command:
 * Slack reads those from `<`, `>` and `&` only, and from bare names when asked to parse them, which no message of ours does.
 * Formatting marks have no escape in Slack's markup, so untrusted single texts go into `plain_text`, where there are none.
 */

/** Escaped once, here, and nowhere else. */
export const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Text in a code block: no fence inside can end it. */
export const fenced = (text: string): string => `\`\`\`\n${inFence(text)}\n\`\`\``;

/** As it stands between the fences. */
export const inFence = (text: string): string => escaped(breakFences(text));

/** A zero width space between backticks: it looks the same and is no fence. */
const breakFences = (text: string): string => text.replaceAll(/`(?=`)/g, "`\u200b");

/**
 * Light Markdown of a reply (bold, code, headings, lists) as Slack's markup. A labelled link stays the text it is, so that its address
 * is always seen. Text added at the end changes nothing before the last line, so a growing message does not jump.
 */
export function fromMarkdown(text: string): string {
  let code = false;
  return text
    .split("\n")
    .map((line) => {
      if (/^\s*```/.test(line)) {
        code = !code;
        // Slack has no languages of code.
        return "```";
      }
      return code ? escaped(breakFences(line)) : lineFromMarkdown(line);
    })
    .join("\n")
    .concat(code ? "\n```" : "");
}

function lineFromMarkdown(line: string): string {
  const heading = /^#{1,6}\s+(.*)$/.exec(line);
  if (heading !== null) return `*${escaped(heading[1]!.replaceAll("*", ""))}*`;
  const item = /^(\s*)[-*]\s+(.*)$/.exec(line);
  if (item !== null) return `${item[1]}• ${inline(item[2]!)}`;
  return inline(line);
}

/** Code spans are left alone; elsewhere `**bold**` becomes `*bold*`. */
function inline(line: string): string {
  return line
    .split(/(`[^`]+`)/)
    .map((part, index) =>
      index % 2 === 1 ? escaped(part) : escaped(part).replaceAll(/\*\*(\S(?:[^*]*\S)?)\*\*/g, "*$1*"),
    )
    .join("");
}

/** A moment in the reader's own time zone; the words after the bar are for clients that cannot. */
export function dateMark(ms: number): string {
  const utc = `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return `<!date^${Math.floor(ms / 1000)}^{date_short_pretty} {time}|${utc}>`;
}
