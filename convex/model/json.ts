/**
 * Foreign JSON (inputs, variables, payloads, definitions) has keys that the database refuses (`$ref`, non-ASCII ones), so it is
 * stored, hashed and passed on as canonical JSON text (RFC 8785). Every text has a limit; the error names what was too large.
 */
import canonicalize from "canonicalize";
import type { Json } from "../../src/flow/definition.ts";
import { fail } from "./errors.ts";

/** Well under the database's 1 MiB a document, so that a row's other fields always fit. */
export const MAX_JSON_BYTES = 512 * 1024;

const utf8 = new TextEncoder();
export const byteLength = (text: string): number => utf8.encode(text).length;

/** Canonical text of a value. Undefined counts as null. `what` names the value in the error: `variable emails`, `input`. */
export function toJsonText(value: unknown, what: string, maxBytes = MAX_JSON_BYTES): string {
  let text: string;
  try {
    text = canonicalize(value ?? null) ?? "null";
  } catch (thrown) {
    fail("invalid_input", `${what} is not JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}`, {
      field: what,
    });
  }
  return checkSize(text, what, maxBytes);
}

/** A text from outside: parsed, or refused by the name of its field. */
export function parseJson(text: string, what: string, maxBytes = MAX_JSON_BYTES): Json {
  checkSize(text, what, maxBytes);
  try {
    return JSON.parse(text) as Json;
  } catch (thrown) {
    fail("invalid_input", `${what} is not valid JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}`, {
      field: what,
    });
  }
}

function checkSize(text: string, what: string, maxBytes: number): string {
  // A text has at least one byte a character: the exact count is only needed near the limit.
  if (text.length * 3 > maxBytes && byteLength(text) > maxBytes) {
    fail("too_large", `${what} has ${byteLength(text)} bytes; at most ${maxBytes} are kept`, {
      field: what,
      remedy: "keep large content in a file or a store and pass its address",
    });
  }
  return text;
}
