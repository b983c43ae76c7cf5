/** Messages as text messages. Pure. Null: nothing is to be said about this one. */
import type { ListMessage, OutMessage, ProgressMessage } from "../../src/contract/message.ts";
import { shorten } from "./gsm.ts";
import { renderClosing, renderQuestion } from "./render_card.ts";
import { onAir, oneLine, plainText } from "./text.ts";

/** A reply of the Factory Manager. */
const CHAT = 320;
/** What somebody asked for in whole; Twilio's own limit. */
const WHOLE = 1600;
const LIST = 480;
const MOST_ITEMS = 8;

export function renderMessage(message: OutMessage): string | null {
  switch (message.kind) {
    case "text": {
      const text = onAir(plainText(message.text));
      return text === "" ? null : shorten(text, message.whole === true ? WHOLE : CHAT);
    }
    case "card":
      // Answered before it was asked here: nobody misses it.
      return message.card.status === "pending" ? renderQuestion(message.card) : null;
    case "progress":
      return renderProgress(message);
    case "list":
      return renderList(message);
  }
}

/** What to say below of a message that has changed: a phone's messages cannot be edited. */
export function renderChange(message: OutMessage): string | null {
  if (message.kind === "card") return message.card.status === "pending" ? null : renderClosing(message.card);
  if (message.kind === "progress") return isOver(message) ? renderProgress(message) : null;
  return null;
}

const isOver = ({ status }: ProgressMessage): boolean => status !== "running" && status !== "waiting";

function renderProgress(message: ProgressMessage): string {
  const failed = message.nodes.find((node) => node.status === "failed");
  const why = failed?.note == null ? "" : `: ${oneLine(failed.note)}`;
  const said = isOver(message) ? `${message.status} after ${minutes(message.elapsedMs)}` : message.status;
  return shorten(onAir(`${oneLine(message.title)} ${said}${why} (run ${message.runId})`), CHAT);
}

function minutes(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** Each item keeps its key and its age; what there is room for of the rest. */
function renderList(message: ListMessage): string {
  const { items } = message;
  if (items.length === 0) return shorten(onAir(oneLine(plainText(message.empty))), CHAT);
  const shown = items.slice(0, MOST_ITEMS);
  const rest = items.length - shown.length;
  const title = shorten(onAir(oneLine(plainText(message.title))), 100);
  for (const room of [120, 80, 50, 35, 24]) {
    const lines = shown.map(({ key, text, detail }) => {
      const what = shorten(onAir(oneLine(plainText(text))), room);
      const more = detail === null ? "" : ` (${shorten(onAir(oneLine(detail)), Math.max(24, room - 20))})`;
      return `${key === null ? "-" : onAir(key)} ${what}${more}`;
    });
    const text = [`${title.replace(/:$/, "")}:`, ...lines, ...(rest > 0 ? [`and ${rest} more`] : [])].join("\n");
    if (text.length <= LIST || room === 24) return shorten(text, LIST);
  }
  return title;
}
