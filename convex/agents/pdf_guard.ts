/**
 * Before a PDF is opened: what its streams hold when they are unpacked. A few kilobytes can become gigabytes, and PDF.js unpacks without a
 * limit, in this thread. Pictures are left out: their data is large in honest files, and text is read without it.
 */
import { FactoryError } from "../../src/contract/errors.ts";

export const MAX_UNPACKED_BYTES = 48 * 1024 * 1024;

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const STREAM = ascii("stream");
const END = ascii("endstream");
/** A dictionary stands right before its stream; a longer one has what matters near its end. */
const DICTIONARY_BYTES = 600;

/** Throws `too_large`. Where the runtime cannot unpack step by step nothing is looked at. */
export async function demandModest(bytes: Uint8Array, name: string): Promise<void> {
  if (typeof DecompressionStream === "undefined") return;
  let left = MAX_UNPACKED_BYTES;
  for (let at = indexOf(bytes, STREAM, 0); at >= 0; at = indexOf(bytes, STREAM, at)) {
    const start = at + STREAM.length;
    const end = indexOf(bytes, END, start);
    const dictionary = String.fromCharCode(...bytes.subarray(Math.max(0, at - DICTIONARY_BYTES), at));
    const own = dictionary.slice(dictionary.lastIndexOf(" obj") + 1);
    const packed = bytes.subarray(start + (bytes[start] === 13 ? 2 : 1), end < 0 ? bytes.length : end);
    const times = own.split("FlateDecode").length - 1;
    if (times > 1) refuse(name, "holds data that is packed twice");
    if (times === 1 && !/\/Subtype\s*\/Image\b/.test(own)) left -= await unpacked(packed, left);
    if (left < 0) refuse(name, `unpacks to more than ${MAX_UNPACKED_BYTES} bytes`);
    if (end < 0) return;
    at = end + END.length;
  }
}

/** How much comes out, counted a little beyond `limit` at most. What is damaged ends where it is damaged. */
async function unpacked(packed: Uint8Array, limit: number): Promise<number> {
  const inflate = new DecompressionStream("deflate");
  const writer = inflate.writable.getWriter();
  const written = writer.write(packed.slice()).then(() => writer.close());
  written.catch(() => {});
  const reader = inflate.readable.getReader();
  let count = 0;
  try {
    for (let part = await reader.read(); !part.done && count <= limit; part = await reader.read()) {
      count += part.value.byteLength;
    }
  } catch {
    // Damaged, or followed by a line's end: PDF.js takes what there is, and so does the count.
  }
  await reader.cancel().catch(() => {});
  return count;
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  const first = wanted[0]!;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    let same = 1;
    while (same < wanted.length && bytes[at + same] === wanted[same]) same += 1;
    if (same === wanted.length) return at;
  }
  return -1;
}

function refuse(name: string, why: string): never {
  throw new FactoryError("too_large", `${name} ${why}; that is more than is read`, {
    field: "file",
    remedy: "add the pages that matter as a file of their own",
  });
}
