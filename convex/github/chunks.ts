/** How the text of a repository is cut, named by words and found again. Pure. */

import { cutBytes } from "./bounds.ts";

/** Larger files are generated more often than written. */
export const MAX_FILE_BYTES = 200_000;
const CHUNK_LINES = 50;
/** What stands at the end of one chunk begins the next, so that nothing is cut in two without its context. */
const OVERLAP = 8;
const MAX_CHUNK = 6000;
const MAX_LINE = 400;

const BINARY =
  /\.(?:png|jpe?g|gif|webp|avif|ico|bmp|tiff?|psd|ai|pdf|docx?|xlsx?|pptx?|odt|zip|gz|tgz|bz2|xz|zst|7z|rar|jar|war|class|so|dylib|dll|exe|bin|dat|o|a|wasm|pyc|woff2?|ttf|otf|eot|mp[34]|m4a|wav|flac|ogg|webm|mov|avi|mkv|sqlite3?|db|parquet|pb|onnx|pt|npy|h5|lfs)$/i;
const GENERATED =
  /(?:^|\/)(?:node_modules|bower_components|vendor|third_party|dist|build|out|target|coverage|\.git|\.next|\.nuxt|\.venv|venv|__pycache__|_generated|__snapshots__)\/|(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lock|composer\.lock|Gemfile\.lock|Cargo\.lock|poetry\.lock|uv\.lock|go\.sum)$|\.min\.(?:js|css)$|\.map$|\.svg$/i;

export const isWritten = (path: string): boolean => !BINARY.test(path) && !GENERATED.test(path);

export interface Chunk {
  from: number;
  to: number;
  text: string;
  words: string;
}

export function chunksOf(path: string, text: string): Chunk[] {
  const lines = text.split(/\r?\n/).map((line) => line.slice(0, MAX_LINE));
  const chunks: Chunk[] = [];
  for (let start = 0; start < lines.length; ) {
    let end = start;
    for (let size = 0; end < lines.length && end - start < CHUNK_LINES; end++) {
      size += lines[end]!.length + 1;
      if (size > MAX_CHUNK && end > start) break;
    }
    const part = lines.slice(start, end).join("\n");
    if (part.trim() !== "") {
      chunks.push({ from: start + 1, to: end, text: part, words: [...new Set(wordsOf(`${path}\n${part}`))].join(" ") });
    }
    if (end >= lines.length) break;
    start = Math.max(start + 1, end - OVERLAP);
  }
  return chunks;
}

/** `loginHandler` → loginhandler, login, handler. */
export function wordsOf(text: string): string[] {
  return (text.match(/[\p{L}\p{N}_]{2,}/gu) ?? []).flatMap((word) => {
    if (word.length > 60) return [];
    const parts = word
      .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1_$2")
      .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1_$2")
      .toLowerCase()
      .split("_")
      .filter((part) => part.length > 1);
    const whole = word.toLowerCase();
    return parts.length === 1 && parts[0] === whole ? [whole] : [whole.replaceAll("_", ""), ...parts];
  });
}

const IDLE = new Set(
  "a an and are as at be by can code codebase do does file files find for from get has have how i in is it its me my of on or our please repo repository search see show tell that the their there this to used we what when where which who why will with you handled happen happens defined done implemented located live lives kept made".split(
    " ",
  ),
);
const MAX_QUERY_WORDS = 8;

/** What a question asks for, each word with the forms it may have in code: `logins` also finds `login`. */
export function queryWords(query: string): string[][] {
  const words = [...new Set(wordsOf(query))];
  const telling = words.filter((word) => !IDLE.has(word));
  return (telling.length > 0 ? telling : words).slice(0, MAX_QUERY_WORDS).map(forms);
}

function forms(word: string): string[] {
  const stem = word.length > 5 ? word.replace(/(?:ing|ed|ies|es|s)$/, "") : word.replace(/(?<=\w{3})s$/, "");
  return stem === word || stem.length < 3 ? [word] : [word, stem];
}

/** How well words fit: each asked word once, in the path more than in the text. 0: not at all. */
export function fitOf(asked: string[][], path: string, words: string): number {
  const inPath = new Set(wordsOf(path));
  const inText = new Set(words.split(" "));
  return asked.reduce(
    (sum, of) => sum + (of.some((word) => inPath.has(word)) ? 3 : of.some((word) => inText.has(word)) ? 2 : 0),
    0,
  );
}

const EXCERPT_LINES = 10;
const EXCERPT_BYTES = 6000;

/** The lines around the one that has most of the words. */
export function excerptOf(
  asked: string[][],
  chunk: Pick<Chunk, "from" | "text">,
): { from: number; to: number; text: string } {
  const lines = chunk.text.split("\n");
  const fits = lines.map((line) => {
    const has = new Set(wordsOf(line));
    return asked.filter((of) => of.some((word) => has.has(word))).length;
  });
  const best = fits.indexOf(Math.max(...fits));
  const start = Math.max(0, Math.min(best - 2, lines.length - EXCERPT_LINES));
  const end = Math.min(lines.length, start + EXCERPT_LINES);
  const told = lines.slice(start, end).map((line) => line.trim() !== "");
  // A blank line at an edge shows nothing.
  const [first, last] = [start + Math.max(0, told.indexOf(true)), start + Math.max(0, told.lastIndexOf(true))];
  const text = cutBytes(lines.slice(first, last + 1).join("\n"), EXCERPT_BYTES);
  return { from: chunk.from + first, to: chunk.from + last, text };
}
