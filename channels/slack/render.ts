/**
 * Messages as Slack draws them. Pure. A text is markup in `text` alone; everything else is blocks with a text for notifications.
 * Each result is within the limits of chat.postMessage and chat.update alike, so what could be sent can be edited.
 */
import { wholeUnits } from "../../src/contract/duration.ts";
import type { ListMessage, OutMessage, ProgressMessage } from "../../src/contract/message.ts";
import { type Block, clipEscaped, header, marked, small, smallMarked, words } from "./blocks.ts";
import { clip, clipBytes, LIMITS, pieces } from "./limits.ts";
import { escaped, fromMarkdown } from "./mrkdwn.ts";
import { type Rendered, renderCard } from "./render_card.ts";

export type { Rendered };

/** One message of ours is one of Slack's, but for a text that is longer than one may be. Never empty. */
export function renderMessage(message: OutMessage): Rendered[] {
  switch (message.kind) {
    case "text":
      return renderText(message.text);
    case "card":
      return [within(renderCard(message.card))];
    case "progress":
      return [within(renderProgress(message))];
    case "list":
      return [within(renderList(message))];
  }
}

/** A code block that spans two messages is closed in the first and opened again in the second. */
export function renderText(text: string): Rendered[] {
  let open = false;
  return pieces(text.trim() === "" ? "…" : text, LIMITS.messageText).flatMap((piece) => {
    const whole = open ? `\`\`\`\n${piece}` : piece;
    open = (whole.match(/^\s*```/gm)?.length ?? 0) % 2 === 1;
    // A line break at the end belongs to the cut.
    return markups(whole).map((part) => ({ text: part.replace(/\n+$/, "") || "…", blocks: [] }));
  });
}

/** Where escaping or many-byte characters make a piece too long it is cut again. */
function markups(piece: string): string[] {
  const markup = fromMarkdown(piece);
  if (Buffer.byteLength(markup) <= LIMITS.messageTextBytes || piece.length < 100) return [markup];
  return pieces(piece, Math.ceil(piece.length / 2)).flatMap(markups);
}

const NODE_MARKS: Record<string, string> = {
  completed: ":white_check_mark:",
  done: ":white_check_mark:",
  failed: ":x:",
  cancelled: ":no_entry_sign:",
  skipped: ":heavy_minus_sign:",
  waiting: ":hourglass:",
  running: ":arrow_forward:",
};
const markOf = (status: string): string =>
  Object.hasOwn(NODE_MARKS, status) ? NODE_MARKS[status]! : ":white_small_square:";

/** The newest nodes, when there are more than can be read at a glance. */
const MAX_NODES = 30;
const MAX_NOTE = 300;

function renderProgress({ title, status, nodes, elapsedMs, runId }: ProgressMessage): Rendered {
  const shown = nodes.slice(-MAX_NODES);
  const hidden = nodes.length - shown.length;
  const lines = shown.map(({ id, status: state, note }) => {
    const why = note === null ? "" : ` – ${escaped(clipEscaped(note.replaceAll("\n", " "), MAX_NOTE))}`;
    return `${markOf(state)} ${escaped(clip(id, 80))} ${escaped(state)}${inert(why)}`;
  });
  const groups = grouped(hidden > 0 ? [`… ${hidden} earlier`, ...lines] : lines, LIMITS.sectionText);
  const ended = status !== "running" && status !== "waiting";
  const how = `${status}${ended ? ` after ${duration(elapsedMs)}` : ""} · run ${runId}`;
  return {
    text: `${escaped(clip(title, 200))}: ${status}`,
    blocks: [header(title), smallMarked(`${markOf(status)} ${escaped(how)}`), ...groups.map(marked)],
  };
}

/** Marks that would format: in front of a word they get a character without width. */
const inert = (markup: string): string => markup.replaceAll(/([*_~`])/g, "\u200b$1");

function renderList({ title, items, empty }: ListMessage): Rendered {
  if (items.length === 0) return renderText(empty)[0]!;
  const blocks: Block[] = [words(title, 1_000)];
  const lines = items.map(({ key, text, detail }) => {
    const name = key === null ? "• " : `\`${escaped(clip(key.replaceAll("`", "'"), 100))}\`  `;
    const more = detail === null ? "" : `\n      ${inert(escaped(clipEscaped(detail.replaceAll("\n", " "), 300)))}`;
    return `${name}${inert(escaped(clipEscaped(text.replaceAll("\n", " "), 600)))}${more}`;
  });
  for (const group of grouped(lines, LIMITS.sectionText)) blocks.push(marked(group));
  return { text: escaped(clip(title, 1_000)), blocks };
}

/** Lines put together into texts of at most `max` characters. */
function grouped(lines: string[], max: number): string[] {
  const groups: string[] = [];
  for (const line of lines) {
    const last = groups.at(-1);
    if (last !== undefined && last.length + 1 + line.length <= max) groups[groups.length - 1] = `${last}\n${line}`;
    else groups.push(line.slice(0, max));
  }
  return groups;
}

/** What all blocks together may have. What is over is left out from the middle, where lists and payloads are, and said to be. */
function within(rendered: Rendered): Rendered {
  // Slack refuses a message without any text.
  const text = clipBytes(rendered.text, LIMITS.messageTextBytes) || "–";
  const blocks = [...rendered.blocks];
  let cut = false;
  while (blocks.length > LIMITS.messageBlocks - 1 || size(blocks) > LIMITS.messageCharacters - 200) {
    const longest = longestSection(blocks);
    if (longest < 0) break;
    blocks.splice(longest, 1);
    cut = true;
  }
  return { text, blocks: cut ? [...blocks, small("Some of it does not fit into one message.")] : blocks };
}

const size = (blocks: Block[]): number => JSON.stringify(blocks).length;

/** Never the question, the header or the buttons. */
function longestSection(blocks: Block[]): number {
  let found = -1;
  blocks.forEach((block, index) => {
    if (block.type !== "section" || block.block_id === "question") return;
    if (found < 0 || size([block]) >= size([blocks[found]!])) found = index;
  });
  return found;
}

const duration = (ms: number): string => wholeUnits(ms) ?? "less than 1 s";
