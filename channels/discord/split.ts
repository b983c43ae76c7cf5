/** A text in pieces of at most 2,000 characters: cut at a paragraph, else a line, else a sentence, else a word. Code fences stay whole. Pure. */
import { head } from "./limits.ts";

/** Where a piece may end, best first. The mark stays with the piece before; blanks at the seam go. */
const SEAMS = [/\n\s*\n/g, /\n/g, /[.!?…]["')\]]*\s/g, /\s/g];
/** A seam nearer to the beginning leaves pieces that are too short to read. */
const LEAST_SHARE = 0.3;

interface Fence {
  /** With its language. */
  opening: string;
}

/** Never empty pieces; a text without any content is one piece of itself. */
export function split(text: string, max: number): string[] {
  const pieces: string[] = [];
  let rest = text;
  let open: Fence | null = null;
  while (true) {
    const begin: string = open === null ? "" : `${open.opening}\n`;
    if (begin.length + rest.length <= max) {
      pieces.push(begin + rest);
      break;
    }
    // Room for the fence that may have to be closed.
    const cut = cutAt(rest, max - begin.length - 4);
    const piece: string = begin + rest.slice(0, cut).trimEnd();
    rest = rest.slice(cut);
    open = openFence(piece);
    // Within code the indentation of the next line counts.
    rest = open === null ? rest.replace(/^\s+/, "") : rest.replace(/^\n/, "");
    pieces.push(open === null ? piece : `${piece}\n\`\`\``);
    if (rest === "") break;
  }
  const kept = pieces.filter((piece) => piece.trim() !== "");
  return kept.length === 0 ? [text] : kept;
}

/** How much of the beginning to take: at least one character. */
function cutAt(text: string, room: number): number {
  const start = head(text, room);
  const fenceAt = wholeFenceBefore(start, text);
  if (fenceAt !== null && fenceAt >= room * LEAST_SHARE) return fenceAt;
  for (const seam of SEAMS) {
    let best = -1;
    for (const match of start.matchAll(seam)) best = match.index + match[0].length;
    if (best >= room * LEAST_SHARE) return best;
  }
  return Math.max(1, start.length);
}

/** Where a fence begins that is still open at the end of `start` but would fit whole into the next piece; null: there is none. */
function wholeFenceBefore(start: string, text: string): number | null {
  const fences = [...start.matchAll(/^[ \t]*```.*$/gm)];
  const last = fences.at(-1);
  if (fences.length % 2 === 0 || last === undefined) return null;
  const end = text.indexOf("\n```", last.index + last[0].length);
  return end < 0 || end - last.index > start.length ? null : last.index;
}

function openFence(piece: string): Fence | null {
  const fences = [...piece.matchAll(/^[ \t]*(```\S*).*$/gm)];
  return fences.length % 2 === 0 ? null : { opening: fences.at(-1)?.[1] ?? "```" };
}
