/**
 * Messages as Discord draws them. Pure. Each result is within Discord's limits for posts and for edits alike, so what could be sent can
 * be edited. A text may take several messages, anything else takes one.
 */
import { wholeUnits } from "../../src/contract/duration.ts";
import type { ListMessage, OutMessage, ProgressMessage } from "../../src/contract/message.ts";
import { clip, LIMITS } from "./limits.ts";
import { escaped, fromMarkdown } from "./markdown.ts";
import { renderCard } from "./render_card.ts";
import { split } from "./split.ts";
import { COLOURS, type Content, FLAGS } from "./wire.ts";

export function renderMessage(message: OutMessage): Content[] {
  switch (message.kind) {
    case "text":
      return renderText(message.text);
    case "card":
      return [renderCard(message.card)];
    case "progress":
      return [renderProgress(message)];
    case "list":
      return [renderList(message)];
  }
}

/** Links in it are not unfolded: nothing is fetched because a text names it. */
export function renderText(text: string): Content[] {
  const markup = fromMarkdown(text.trim() === "" ? "…" : text);
  return split(markup, LIMITS.messageText).map((content) => ({
    content,
    embeds: [],
    components: [],
    flags: FLAGS.suppressEmbeds,
  }));
}

const NODE_MARKS: Record<string, string> = {
  completed: "✅",
  done: "✅",
  failed: "❌",
  cancelled: "🚫",
  skipped: "➖",
  waiting: "⏳",
  running: "▶️",
};
const markOf = (status: string): string => (Object.hasOwn(NODE_MARKS, status) ? NODE_MARKS[status]! : "▫️");

/** The newest nodes, when there are more than can be read at a glance. */
const MAX_NODES = 30;
const MAX_NOTE = 200;

function renderProgress({ title, status, nodes, elapsedMs, runId }: ProgressMessage): Content {
  const hidden = Math.max(0, nodes.length - MAX_NODES);
  const lines = nodes.slice(-MAX_NODES).map(({ id, status: state, note }) => {
    const why = note === null ? "" : ` – ${escaped(clip(note.replaceAll("\n", " "), MAX_NOTE))}`;
    return `${markOf(state)} ${escaped(clip(id, 80))} ${escaped(clip(state, 40))}${why}`;
  });
  const ended = status !== "running" && status !== "waiting";
  const how = `${status}${ended ? ` after ${duration(elapsedMs)}` : ""}`;
  const shown = newestLines([`${markOf(status)} **${how}**`], hidden, lines);
  const colour = { running: COLOURS.open, waiting: COLOURS.waiting, completed: COLOURS.done, failed: COLOURS.failed };
  return {
    content: "",
    embeds: [
      {
        title: escaped(clip(title.replaceAll("\n", " "), 120)),
        description: shown,
        color: status === "cancelled" ? COLOURS.over : colour[status],
        footer: { text: `run ${clip(runId, 100)}` },
      },
    ],
    components: [],
    flags: 0,
  };
}

/** As many of the newest lines as fit. */
function newestLines(first: string[], hidden: number, lines: string[]): string {
  for (let left = 0; ; left++) {
    const gone = hidden + left;
    const text = [...first, ...(gone > 0 ? [`… ${gone} earlier`] : []), ...lines.slice(left)].join("\n");
    if (text.length <= LIMITS.embedDescription) return text;
  }
}

function renderList({ title, items, empty }: ListMessage): Content {
  if (items.length === 0) return renderText(empty)[0]!;
  const lines = items.map(({ key, text, detail }) => {
    const name = key === null ? "•" : `\`${clip(key.replaceAll("`", "'").replaceAll("\n", " "), 100)}\``;
    const more = detail === null ? "" : `\n  ${escaped(clip(detail.replaceAll("\n", " "), 200))}`;
    return `${name} ${escaped(clip(text.replaceAll("\n", " "), 500))}${more}`;
  });
  let shown = lines.length;
  const body = () =>
    [...lines.slice(0, shown), ...(shown < lines.length ? [`… ${lines.length - shown} more`] : [])].join("\n");
  while (shown > 1 && body().length > LIMITS.embedDescription) shown--;
  return {
    content: "",
    embeds: [
      {
        title: clip(escaped(title.replaceAll("\n", " ")), LIMITS.embedTitle),
        description: body(),
        color: COLOURS.open,
      },
    ],
    components: [],
    flags: 0,
  };
}

const duration = (ms: number): string => wholeUnits(ms) ?? "less than 1 s";
