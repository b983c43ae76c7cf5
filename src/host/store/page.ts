/**
 * Pagination. A cursor is the key of the last row read, with a fingerprint of the query's source: a cursor of another query is
 * refused with `InvalidCursor`, at which Convex's clients start over. `_end_cursor` is the end of the range, wherever it is.
 */
import { HostError } from "../values/error.ts";
import { afterKey, compareKeys } from "../values/key.ts";
import { expectedRows, type Narrow, openSource, Pipeline, type ReadContext } from "./query.ts";
import type { ComponentPath, PageRequest, PageResult, QueryJson } from "./types.ts";

const END = "_end_cursor";

export function readPage(context: ReadContext, component: ComponentPath, request: PageRequest): PageResult {
  const { query, cursor, pageSize, maximumRowsRead, maximumBytesRead } = request;
  const endCursor = request.endCursor ?? null;
  if (cursor === END) return { page: [], isDone: true, continueCursor: END, splitCursor: null, pageStatus: null };
  const stamp = fingerprint(component, query);
  const start = cursor === null ? null : decodeCursor(cursor, stamp);
  // With an end cursor the page is what lies between the two cursors, however much it has become.
  const end = endCursor === null || endCursor === END ? null : decodeCursor(endCursor, stamp);
  const pipeline = new Pipeline(query.operators);
  const expected = endCursor === null ? Math.max(expectedRows(query.operators), pageSize + 1) : 0;
  const source = openSource(context, component, query, expected, between(start, end));

  const page: string[] = [];
  const keys: Uint8Array[] = [];
  let bytes = 0;
  let isDone: boolean;
  let pageStatus: PageResult["pageStatus"] = null;
  for (;;) {
    if (pipeline.spent || (endCursor === null && page.length >= pageSize)) {
      // A full page is the last one only when no row follows it.
      isDone = pipeline.spent || source.next() === null;
      break;
    }
    const entry = source.next();
    if (entry === null) {
      isDone = end === null;
      break;
    }
    keys.push(entry.key);
    bytes += entry.size;
    if (pipeline.passes(entry)) page.push(entry.json);
    if (isReached(maximumRowsRead, keys.length) || isReached(maximumBytesRead, bytes)) {
      isDone = false;
      pageStatus = "SplitRequired";
      break;
    }
  }
  if (pageStatus === null && keys.length > pageSize + 1) pageStatus = "SplitRecommended";
  const atEnd = pageStatus !== "SplitRequired" && end !== null;
  // Nothing read (a page of size 0): the next page begins where this one did.
  const stop = (atEnd ? end : keys.at(-1)) ?? (source.descending ? source.interval.high : source.interval.low);
  const middle = pageStatus === null || keys.length < 2 ? null : keys[Math.floor((keys.length - 1) / 2)]!;
  return {
    page,
    isDone,
    continueCursor: isDone ? END : encodeCursor(stop, stamp),
    splitCursor: middle === null ? null : encodeCursor(middle, stamp),
    pageStatus,
  };
}

function isReached(limit: number | null | undefined, value: number): boolean {
  return typeof limit === "number" && limit > 0 && value >= limit;
}

/** After `start` and up to and including `end`, in the direction of the query. */
function between(start: Uint8Array | null, end: Uint8Array | null): Narrow {
  return ({ low, high }, descending) => {
    const [from, to] = descending ? [end, start] : [start, end];
    // Descending, a cursor's own row is the first of a page (as its end) or lies outside (as its start): the mirror image.
    const lower = from === null ? low : descending ? from : afterKey(from);
    const upper = to === null ? high : descending ? to : afterKey(to);
    return { low: compareKeys(lower, low) > 0 ? lower : low, high: compareKeys(upper, high) < 0 ? upper : high };
  };
}

const STAMP_BYTES = 4;

function encodeCursor(key: Uint8Array, stamp: Buffer): string {
  return Buffer.concat([stamp, key]).toString("base64url");
}

function decodeCursor(cursor: string, stamp: Buffer): Uint8Array {
  const bytes = Buffer.from(cursor, "base64url");
  if (bytes.length < STAMP_BYTES || !bytes.subarray(0, STAMP_BYTES).equals(stamp)) {
    throw new HostError(
      "InvalidCursor: Tried to run a query starting from a cursor, but it looks like this cursor is from a different query.",
    );
  }
  return new Uint8Array(bytes.subarray(STAMP_BYTES));
}

/** FNV-1a over the source. Filters are left out: they do not change where a row stands. */
function fingerprint(component: ComponentPath, query: QueryJson): Buffer {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(`${component}\n${JSON.stringify(query.source)}`))
    hash = Math.imul(hash ^ byte, 0x01000193);
  const out = Buffer.alloc(STAMP_BYTES);
  out.writeInt32BE(hash | 0);
  return out;
}
