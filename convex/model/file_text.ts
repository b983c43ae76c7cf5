/** Text out of bytes: encodings, and what is no text. Pure. */
import { fail } from "./errors.ts";

/** The same everywhere: not every runtime's TextDecoder knows UTF-16. */
export function decodeText(bytes: Uint8Array, name: string): string {
  if (startsWith(bytes, [0xff, 0xfe])) return utf16(bytes, name, true);
  if (startsWith(bytes, [0xfe, 0xff])) return utf16(bytes, name, false);
  const known = kindOf(bytes);
  if (known !== null) fail("invalid_input", `${name} is ${known}, not a text`, { field: "file", remedy: READABLE });
  const body = startsWith(bytes, [0xef, 0xbb, 0xbf]) ? bytes.subarray(3) : bytes;
  if (looksBinary(body))
    fail("invalid_input", `${name} is binary data, not a text`, { field: "file", remedy: READABLE });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    fail("invalid_input", `${name} is neither UTF-8 nor UTF-16 with a byte order mark`, {
      field: "file",
      remedy: "save it as UTF-8 and add it again",
    });
  }
}

export const READABLE = "PDF files and texts (UTF-8, or UTF-16 with a byte order mark) can be read";

/** The mark may stand a little after the beginning; readers accept that. */
export function isPdf(bytes: Uint8Array): boolean {
  const head = String.fromCharCode(...bytes.subarray(0, 1024));
  return head.includes("%PDF-");
}

const SIGNATURES: [number[], string][] = [
  [[0x89, 0x50, 0x4e, 0x47], "a PNG picture"],
  [[0xff, 0xd8, 0xff], "a JPEG picture"],
  [[0x47, 0x49, 0x46, 0x38], "a GIF picture"],
  [[0x50, 0x4b, 0x03, 0x04], "a ZIP archive or an Office document"],
  [[0x1f, 0x8b], "a gzip archive"],
  [[0x7f, 0x45, 0x4c, 0x46], "a program"],
  [[0xd0, 0xcf, 0x11, 0xe0], "an old Office document"],
  [[0x53, 0x51, 0x4c, 0x69, 0x74, 0x65, 0x20], "a SQLite database"],
];

const kindOf = (bytes: Uint8Array): string | null =>
  SIGNATURES.find(([signature]) => startsWith(bytes, signature))?.[1] ?? null;

const startsWith = (bytes: Uint8Array, signature: number[]): boolean =>
  signature.every((byte, index) => bytes[index] === byte);

/** Control characters that no text has, near the beginning. */
function looksBinary(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 8192);
  return head.some((byte) => byte < 32 && ![7, 8, 9, 10, 11, 12, 13, 27].includes(byte));
}

function utf16(bytes: Uint8Array, name: string, littleEndian: boolean): string {
  if (bytes.length % 2 !== 0)
    fail("invalid_input", `${name} is cut off: UTF-16 has two bytes a unit`, { field: "file" });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: string[] = [];
  for (let at = 2; at < bytes.length; at += 8192) {
    const units: number[] = [];
    for (let next = at; next < Math.min(at + 8192, bytes.length); next += 2)
      units.push(view.getUint16(next, littleEndian));
    parts.push(String.fromCharCode(...units));
  }
  const text = parts.join("");
  if (text.includes("\0"))
    fail("invalid_input", `${name} is binary data, not a text`, { field: "file", remedy: READABLE });
  return text;
}

/** The pages of a text, so that it is read on like a PDF: at ends of lines where there are any. */
export function pagesOfText(text: string, pageCharacters: number): string[] {
  const pages: string[] = [];
  let rest = text;
  while (rest.length > pageCharacters) {
    const line = rest.lastIndexOf("\n", pageCharacters - 1);
    let end = line > pageCharacters / 2 ? line + 1 : pageCharacters;
    // Never between the halves of one character.
    if (/[\uD800-\uDBFF]/.test(rest.charAt(end - 1))) end -= 1;
    pages.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  pages.push(rest);
  return pages;
}
