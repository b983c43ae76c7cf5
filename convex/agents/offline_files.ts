/** What is asked about files, read from a message, and how what stands in them is told. Pure. Nothing in a file is ever taken as a request. */
import type { FilesListed } from "../model/files.ts";
import { shorten } from "../model/words.ts";
import * as find from "./offline_arguments.ts";
import type { Intent } from "./offline_intents.ts";

type Input = Record<string, unknown>;

const ENDING = "(?:pdf|txt|md|markdown|csv|tsv|json|ya?ml|log|xml|html?|rst|tex|ini|toml)";
const FILE = `[\\p{L}\\p{N}_][\\p{L}\\p{N}_.()-]*\\.${ENDING}`;
const READS =
  "(?:read|summari[sz]e|sum up|summary|open|analy[sz]e|look (?:at|into|in|through|for)|go through|show|tell|what|which|where|does|is|find|search|scan|report|extract|check|quote|pages?|how)";

export const READS_FILE: RegExp[] = [
  new RegExp(`\\b${READS}\\b.*(?:${FILE}\\b|\\bfile\\s+""|""\\s+file\\b|\\bhttps?://\\S+/api/storage/\\S+)`, "iu"),
  /\b(?:read|summari[sz]e|open|analy[sz]e|find|search|look)\b.*\bhttps?:\/\/\S+/iu,
  new RegExp(`^(?:please\\s+)?${READS}\\b.*\\bfile\\s+[\\p{L}\\p{N}_.-]+`, "iu"),
];
/** A file of a repository: that is code, and another agent's. */
const IN_A_REPOSITORY =
  /(?:^|\s)(?!https?:)[\w@.-]+\/[\w@.-]+|https?:\/\/\S+\/(?:pull|blob|tree|issues|commit)\/|\b(?:repo(?:sitory)?|branch|code ?base)\b/i;
/** The same words begin requests about other things. */
const OTHER =
  /^(?:please\s+)?(?:(?:can|could|would) you\s+)?(?:create|add|make|new|remind|post|send|tell #|announce|assign|move|start|deploy|remember|forget|open\s+(?:a|an|the)?\s*(?:session|thread|topic|ticket|pull|pr)\b|file\s+an?\b)/i;

export function fileIn(text: string): string | null {
  const address = /\bhttps?:\/\/[^\s"'<>]+/i.exec(text)?.[0];
  if (address !== undefined) return address.replace(/[.,;:!?)]+$/, "");
  const quoted = new RegExp(`["“'\`]([^"”'\`]{1,100}\\.${ENDING})["”'\`]`, "iu").exec(text)?.[1];
  if (quoted !== undefined) return quoted;
  const named = new RegExp(`(?:^|[\\s(])(${FILE})(?![\\p{L}\\p{N}_.-]*\\.${ENDING}\\b)(?=$|[\\s,;:!?).])`, "iu").exec(
    text,
  )?.[1];
  if (named !== undefined) return named;
  const called =
    /\bfile\s+(?:called\s+|named\s+)?["“'`]([^"”'`]{1,100})["”'`]/iu.exec(text)?.[1] ??
    /\bfile\s+(?:called\s+|named\s+)?([\p{L}\p{N}_][\p{L}\p{N}_.-]{2,100})/iu.exec(text)?.[1];
  return called === undefined || NO_NAME.test(called) ? null : find.trimEnd(called);
}

const NO_NAME = /^(?:and|or|that|which|with|the|for|about|says?|please|is|in|from|we|you|on)$/i;

/** What is to be found in it: what is quoted, or the words after `for`, `mention`, `about`. */
function wanted(text: string, file: string): string[] {
  const without = text.split(file).join(" ");
  const quotes = [...without.matchAll(/["“]([^"”]{1,80})["”]/g)]
    .map((match) => match[1]!.trim())
    .filter((word) => word !== "");
  if (
    !/\b(?:find|search|look for|mentions?|where|say(?:s)? about|about|stands?|contain(?:s)?|occurs?)\b/i.test(without)
  )
    return [];
  if (quotes.length > 0) return quotes.slice(0, 5);
  const after =
    /\b(?:search(?:\s+(?:in|through))?\s+for|look\s+for|mentions?|say(?:s)?\s+about|contain(?:s)?|about|find|for|search)\s+(?:the\s+(?:words?|phrase)\s+)?(.+?)(?:\s+(?:in|within|from|of|on)\b\s*(?:the\s+file)?\s*[.?!]*$|\s*[.?!]*$)/i.exec(
      without.trim(),
    )?.[1];
  const word =
    after === undefined
      ? ""
      : find
          .trimEnd(after.replace(/\s+(?:in|within|from|of)(?:\s+the)?(?:\s+file)?\s*$/i, ""))
          .replace(/^(?:(?:the|an?|our|my|any|all)\s+)+(?=\S)/i, "");
  return word === "" || word.length > 80 ? [] : [word];
}

export function fileAsked(text: string): Input | null {
  if (OTHER.test(text) || IN_A_REPOSITORY.test(text)) return null;
  const file = fileIn(text);
  if (file === null) return null;
  const pages = /\bpages?\s+(\d{1,5}(?:\s*(?:-|–|to)\s*\d{1,5})?|\d{1,5}\s*-)/i.exec(text)?.[1];
  const words = wanted(text, file);
  return {
    file,
    ...(pages === undefined ? {} : { pages: pages.replace(/\s*(?:–|to)\s*/i, "-").replace(/\s/g, "") }),
    ...(words.length === 0 ? {} : { find: words }),
  };
}

const FILES = "(?:files?|documents?|pdfs?)";
const POLITE = "^(?:(?:please|hey|ok|okay|so|and)[\\s,]+)*(?:(?:can|could|would|will) you\\s+)?(?:please\\s+)?";
const OF_ALL =
  "(?:(?:all|the|our|my|your|of|these|a|list|full|complete|available|added|uploaded|existing|current|names?|any)\\s+)*";
/** What may follow: where they are, that they are there, what they are about. */
const THERE =
  "(?:\\s+(?:(?:that\\s+)?(?:(?:are|is|were|was|have been|has been|you|we|i)\\s+)*(?:there|here|available|added|uploaded|have|know|got|can read|may read|in the factory|in storage)(?:\\s+(?:so far|now|already|to the factory|to read|at the moment))?))?";
const ABOUT = "(?:\\s+(?:about|on|named|called|with)\\s+\\S.*)?";
const END = "(?:[\\s,]+please)?[\\s.!?]*$";

export const LISTS_FILES: RegExp[] = [
  new RegExp(
    `${POLITE}(?:list|show|see|display|give|print|tell|name)\\s+(?:me\\s+|us\\s+)?${OF_ALL}${FILES}${THERE}${ABOUT}${END}`,
    "i",
  ),
  new RegExp(
    `${POLITE}(?:tell|show)\\s+(?:me|us)\\s+(?:what|which)\\s+${FILES}\\s+(?:are|were|do|have|has|can|exist|you|we|there)\\b.*$`,
    "i",
  ),
  new RegExp(
    `^(?:and\\s+|so\\s+)?(?:what|which)\\s+(?:kinds? of\\s+)?${FILES}\\s+(?:are (?:there|here|available|added|uploaded|in the factory|known|on)|is there|exist|were (?:added|uploaded)|have been (?:added|uploaded)|(?:do|can|could|may) (?:you|we|i|the (?:forge )?analyst) (?:have|know|see|read|open|use))\\b.*$`,
    "i",
  ),
  new RegExp(
    `^(?:are there|is there|(?:do|have) (?:we|you|i)(?: have| got)?|have we got)\\s+(?:any\\s+|some\\s+)${FILES}${THERE}${ABOUT}${END}`,
    "i",
  ),
  new RegExp(
    `^(?:has|have|was|were)\\s+(?:any(?:body|one)?|somebody|someone)?\\s*(?:any\\s+)?(?:${FILES}\\s+)?(?:been\\s+)?(?:added|uploaded)(?:\\s+(?:any\\s+)?${FILES})?${END}`,
    "i",
  ),
  new RegExp(`^how many\\s+${FILES}${THERE}(?:\\s+(?:are there|do (?:we|you) have))?${END}`, "i"),
  new RegExp(`^${OF_ALL}(?:files|documents|pdfs|file list|list of (?:the )?files)${THERE}${ABOUT}${END}`, "i"),
  /^what (?:can|could|may) (?:you|i|we|the (?:forge )?analyst) read(?: here| for me)?[\s?.!]*$/i,
];

/** Of a repository, or what became of files elsewhere, is another matter; so is one that is named whole. */
const NOT_LISTED =
  /\b(?:chang\w*|modif\w*|edit\w*|touch\w*|delet\w*|commits?|prs?|pull|diff|code|repos?|repositor(?:y|ies)|branch\w*|worktree)\b/i;

const NAMED = new RegExp(`\\.${ENDING}\\b|\\bhttps?://`, "i");

export function filesAsked(text: string): Input | null {
  if (IN_A_REPOSITORY.test(text) || NOT_LISTED.test(find.withoutQuotes(text)) || NAMED.test(text)) return null;
  const about = /\b(?:about|named|called|with|on)\s+(\S.*)$/i.exec(text)?.[1];
  const words =
    about === undefined ? "" : find.trimEnd(find.quoted(about) ?? about).replace(/^(?:the|our|my|an?)\s+/i, "");
  return words === "" || words.length > 120 || /^(?:it|them|offer|file|record|here)$/i.test(words)
    ? {}
    : { about: words };
}

/** Whether it is about a file, so that the Factory Manager hands it on. */
export const asksForFile = (text: string): boolean =>
  READS_FILE.some((pattern) => pattern.test(find.withoutQuotes(text)) || pattern.test(text)) &&
  fileAsked(text) !== null;

export const FILE_ROWS: Intent[] = [
  {
    tool: "listFiles",
    what: "show which files were added to the factory",
    example: "which files are there?",
    changes: false,
    patterns: LISTS_FILES,
    input: filesAsked,
  },
  {
    tool: "fetchFileContent",
    what: "read a file that was added to the factory, or find words in it",
    example: "read the file report.pdf and summarise it",
    changes: false,
    patterns: [...READS_FILE],
    input: fileAsked,
  },
];

interface Content {
  file: string;
  kind: "pdf" | "text";
  bytes: number;
  pageCount: number;
  pages: { page: number; text: string }[];
  found?: { word: string; page: number; excerpt: string }[];
  notRead: string | null;
}
type Value = Record<string, unknown>;

const MAX_PAGES_TOLD = 12;

const sizeWords = (bytes: number): string =>
  bytes === 1 ? "1 byte" : bytes < 10_000 ? `${bytes} bytes` : `${Math.round(bytes / 1000)} kB`;

export const FILE_WORDS: Record<string, (value: Value) => string> = {
  listFiles: (value) => {
    const { files, more, total } = value as unknown as FilesListed;
    if (total === 0)
      return "No file has been added yet. Whoever runs the factory adds one with: factory files add FILE.";
    if (files.length === 0) return `None of the ${total} ${total === 1 ? "file" : "files"} has that in its name.`;
    const lines = files.map(
      ({ name, bytes, addedBy, at }) =>
        `- **${name}** (${sizeWords(bytes)}, added by ${addedBy} on ${new Date(at).toISOString().slice(0, 10)})`,
    );
    const rest = more ? "\nThere are more; ask for those with a word in their name." : "";
    return `${files.length === 1 ? "One file" : `${files.length} files`}:\n${lines.join("\n")}${rest}`;
  },
  fetchFileContent: (value) => {
    const { file, kind, bytes, pageCount, pages, found, notRead } = value as unknown as Content;
    const size = sizeWords(bytes);
    const sort = kind === "pdf" ? "a PDF" : "a text";
    const head = `**${file}** is ${sort} with ${pageCount} ${pageCount === 1 ? "page" : "pages"} (${size}).`;
    const rest = notRead === null ? "" : `\nNot here: ${notRead}.`;
    if (found !== undefined) {
      if (found.length === 0) return `${head}\nThe words do not stand in it.${rest}`;
      const lines = found.map(
        ({ word, page, excerpt }) => `- "${word}" on page ${page}: “… ${shorten(excerpt, 200)} …”`,
      );
      return `${head}\n${lines.join("\n")}${rest}`;
    }
    const lines = pages
      .slice(0, MAX_PAGES_TOLD)
      .map(({ page, text }) => `- page ${page} begins: “${shorten(text, pages.length === 1 ? 600 : 160)}”`);
    const more = pages.length > MAX_PAGES_TOLD ? `\nPages up to ${pages.at(-1)?.page} were read too.` : "";
    const honest = "I quote its beginnings: summing it up needs a language model.";
    return `${[head, ...lines, ...(lines.length === 0 ? [] : [honest])].join("\n")}${more}${rest}`;
  },
};
