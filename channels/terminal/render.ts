/**
 * Messages as lines of a terminal. Pure: time, zone and width are arguments. Untrusted text is escaped here and nowhere else.
 * On a terminal questions are boxes and the bot's words carry a mark; over a pipe (`plain`) everything is bare text.
 */
import type { ListMessage, OutMessage, ProgressMessage } from "../../src/contract/message.ts";
import type { RenderOptions } from "./options.ts";
import { renderCard, renderCardChange } from "./render_card.ts";
import { type Paint, painter } from "./style.ts";
import { escapeText, padEnd, textWidth, wrap } from "./text.ts";
import { duration } from "./time.ts";

export type { RenderOptions };

export function renderMessage(message: OutMessage, options: RenderOptions): string[] {
  switch (message.kind) {
    case "text":
      return renderText(message.text, options);
    case "card":
      return renderCard(message.card, options);
    case "progress":
      return renderProgress(message, null, options);
    case "list":
      return renderList(message, options);
  }
}

/** What to add below when a message that stands further up has changed; a terminal cannot change what has scrolled away. */
export function renderChange(before: OutMessage | null, after: OutMessage, options: RenderOptions): string[] {
  if (after.kind === "card") return renderCardChange(before?.kind === "card" ? before.card : null, after.card, options);
  if (after.kind === "progress") return renderProgress(after, before?.kind === "progress" ? before : null, options);
  return renderMessage(after, options);
}

/** Text added to `text` later changes the last of these lines only. */
export function renderText(text: string, options: RenderOptions): string[] {
  const escaped = escapeText(text);
  if (options.plain) return escaped.split("\n");
  const paint = painter(options.colours);
  let fenced = false;
  return escaped.split("\n").flatMap((line, index) => {
    const fence = /^\s*```/.test(line);
    if (fence) fenced = !fenced;
    return wrap(line, options.width - 3).map((part, row) => {
      const mark = index === 0 && row === 0 ? paint("cyan", "● ") : "  ";
      return mark + (fence || fenced ? paint("dim", part) : inline(part, options.colours));
    });
  });
}

/** Bold, code and headings, where they begin and end on the same line. Without colours the marks stay as they were written. */
function inline(text: string, colours: boolean): string {
  if (!colours) return text;
  const paint = painter(colours);
  const heading = /^#{1,6} (.*)$/.exec(text);
  if (heading) return paint("bold", heading[1]!);
  return text
    .replace(/`([^`]+)`/g, (_, code: string) => paint("cyan", code))
    .replace(/\*\*([^*\s](?:[^*]*[^*\s])?)\*\*/g, (_, bold: string) => paint("bold", bold));
}

const NODE_MARKS: Record<string, [Paint, string]> = {
  completed: ["green", "✓"],
  done: ["green", "✓"],
  failed: ["red", "✗"],
  cancelled: ["yellow", "✗"],
  skipped: ["dim", "–"],
  waiting: ["yellow", "…"],
  running: ["cyan", "▸"],
};
const markOf = (status: string): [Paint, string] => NODE_MARKS[status] ?? ["dim", "·"];

/** All of it, or what is new since `before`. */
function renderProgress(after: ProgressMessage, before: ProgressMessage | null, options: RenderOptions): string[] {
  const paint = painter(options.colours);
  const sign = (status: string) => (options.plain ? "" : `${paint(...markOf(status))} `);
  const known = new Map((before?.nodes ?? []).map((node) => [node.id, node]));
  const lines: string[] = [];
  const ended = after.status !== "running" && after.status !== "waiting";
  if (before === null)
    lines.push(
      `${sign(after.status)}${paint("bold", escapeText(after.title))} ${paint("dim", `run ${escapeText(after.runId)}`)}`,
    );
  for (const node of after.nodes) {
    const was = known.get(node.id);
    if (was?.status === node.status && was.note === node.note) continue;
    const note = node.note === null ? "" : `: ${escapeText(node.note)}`;
    lines.push(
      ...wrap(`${escapeText(node.id)} ${escapeText(node.status)}${note}`, options.width - 6).map(
        (line, row) => `  ${row === 0 ? sign(node.status) : "  "}${line}`,
      ),
    );
  }
  if (ended && before?.status !== after.status) {
    lines.push(`${sign(after.status)}${escapeText(after.title)} ${after.status} after ${duration(after.elapsedMs)}`);
  }
  return lines;
}

function renderList(list: ListMessage, options: RenderOptions): string[] {
  const paint = painter(options.colours);
  if (list.items.length === 0) return renderText(list.empty, options);
  const keys = list.items.map((item) => (item.key === null ? "" : escapeText(item.key)));
  const keyWidth = Math.max(...keys.map(textWidth));
  const lines = [
    options.plain ? escapeText(list.title) : `${paint("cyan", "● ")}${paint("bold", escapeText(list.title))}`,
  ];
  list.items.forEach((item, index) => {
    const indent = " ".repeat(keyWidth === 0 ? 2 : keyWidth + 4);
    const head = keyWidth === 0 ? "  " : `  ${paint("cyan", padEnd(keys[index]!, keyWidth))}  `;
    const room = options.width - indent.length - 1;
    wrap(escapeText(item.text), room).forEach((line, row) => void lines.push((row === 0 ? head : indent) + line));
    if (item.detail !== null)
      for (const line of wrap(escapeText(item.detail), room)) lines.push(indent + paint("dim", line));
  });
  return lines;
}
