/**
 * Reads a file of this deployment's own storage. What it says is material: it is handed out as data, and nothing here acts on it. Reading
 * is repeatable, so a call that was cut off is simply made again.
 */
import type { GenericActionCtx } from "convex/server";
import { makeFunctionReference } from "convex/server";
import { v } from "convex/values";
import type { DataModel } from "../_generated/dataModel.js";
import { internalAction } from "../_generated/server.js";
import { fail } from "../model/errors.ts";
import { type FilePage, type Found, findWords, fitting } from "../model/file_content.ts";
import { decodeText, isPdf, pagesOfText } from "../model/file_text.ts";
import { type Located, MAX_FILE_BYTES } from "../model/files.ts";
import { type PageRange, pageRange } from "../model/page_range.ts";
import { performOutside } from "./outside_functions.ts";
import { readPdf } from "./pdf_text.ts";
import { fileTools } from "./tools/files.ts";

export const MAX_PAGES_AT_ONCE = 20;
/** Words are looked for in as many pages as this. */
const MAX_PAGES_SEARCHED = 300;
/** A crash in between is tried again; a file that brings the process down is not, for ever. */
const MAX_ATTEMPTS = 2;
/** A page of a text without pages. */
const TEXT_PAGE_CHARACTERS = 6000;

const locate = makeFunctionReference<"query", { file: string }, Located>("files:locate");

export interface FetchFile {
  file: string;
  pages?: string | undefined;
  find?: string[] | undefined;
}
export interface FileContent {
  file: string;
  kind: "pdf" | "text";
  bytes: number;
  pageCount: number;
  pages: FilePage[];
  /** Of `find`; empty: the words do not stand in the pages that were searched. */
  found?: Found[];
  /** What is missing here and how to get it; null: nothing. */
  notRead: string | null;
}

export async function fetchFile(
  ctx: Pick<GenericActionCtx<DataModel>, "runQuery" | "storage">,
  { file, pages, find }: FetchFile,
): Promise<FileContent> {
  const { name, storageId, bytes: size } = await ctx.runQuery(locate, { file });
  if (size > MAX_FILE_BYTES) {
    fail("too_large", `${name} has ${size} bytes; at most ${MAX_FILE_BYTES} are read`, { field: "file" });
  }
  const blob = await ctx.storage.get(storageId);
  if (blob === null) fail("not_found", `the bytes of ${name} are gone`, { field: "file" });
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const kind = isPdf(bytes) ? "pdf" : "text";
  const searching = find !== undefined && find.length > 0;
  const pick = (pageCount: number): PageRange =>
    searching && pages === undefined
      ? { from: 1, to: Math.min(pageCount, MAX_PAGES_SEARCHED) }
      : pageRange(pages, pageCount, MAX_PAGES_AT_ONCE);
  const read = kind === "pdf" ? await pdfPages(bytes, name, pick) : textPages(bytes, name, pick);
  const about = { file: name, kind, bytes: size, pageCount: read.pageCount } as const;
  if (searching) return { ...about, pages: [], found: findWords(read.pages, find), notRead: notSearched(read) };
  if (read.pages.every(({ text }) => text.trim() === "")) {
    return {
      ...about,
      pages: [],
      notRead: "there is no text on these pages; they may be pictures, which cannot be read",
    };
  }
  return { ...about, ...fitting(read.pages, read.pageCount) };
}

interface ReadPages {
  pageCount: number;
  pages: FilePage[];
}
type PickPages = (pageCount: number) => PageRange;

async function pdfPages(bytes: Uint8Array, name: string, pick: PickPages): Promise<ReadPages> {
  let from = 1;
  const { pageCount, texts } = await readPdf(bytes, name, (count) => {
    const range = pick(count);
    from = range.from;
    return range;
  });
  return { pageCount, pages: texts.map((text, index) => ({ page: from + index, text })) };
}

function textPages(bytes: Uint8Array, name: string, pick: PickPages): ReadPages {
  const all = pagesOfText(decodeText(bytes, name), TEXT_PAGE_CHARACTERS);
  const { from, to } = pick(all.length);
  return { pageCount: all.length, pages: all.slice(from - 1, to).map((text, index) => ({ page: from + index, text })) };
}

function notSearched({ pageCount, pages }: ReadPages): string | null {
  const last = pages.at(-1)?.page ?? 0;
  return last >= pageCount ? null : `only the pages up to ${last} of ${pageCount} were searched`;
}

/** The performer of `fetchFileContent`. */
export const run = internalAction({
  args: { callId: v.id("outsideCalls") },
  handler: async (ctx, { callId }): Promise<null> =>
    await performOutside(ctx, callId, async ({ input, attempt }) => {
      if (attempt > MAX_ATTEMPTS) {
        fail("interrupted", "reading this file was cut off again and again; it may be more than can be read", {
          field: "file",
          retryable: false,
        });
      }
      const given = fileTools.fetchFileContent.input.parse(JSON.parse(input));
      return await fetchFile(ctx, given);
    }),
});
