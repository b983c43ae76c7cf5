/**
 * Order-preserving encoding of Convex values: comparing two keys byte by byte equals `compareValues` of convex/values.
 *
 * Per value one tag byte and a body: undefined 01, null 02, int64 03, float64 04, boolean 05, string 06, bytes 07, array 08,
 * object 09. Text and bytes end with 00, a 00 inside is written 00 FF; arrays and objects end with 00. What follows a complete
 * value is always a tag (01–09), the end of a container (00) or nothing, never FF: that is why `afterPrefix` may append FE.
 */
import type { Json, JsonObject } from "../store/types.ts";
import { isPlainObject, specialBytes, specialKey } from "./special.ts";

/** Comes after every key. */
export const MAX_KEY: Uint8Array = new Uint8Array([0xff]);
export const MIN_KEY: Uint8Array = new Uint8Array(0);

// One growing buffer for all keys: encoding is synchronous and never nests.
let buffer = Buffer.allocUnsafe(4096);
let view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
let length = 0;

function reserve(bytes: number): void {
  if (length + bytes <= buffer.length) return;
  const grown = Buffer.allocUnsafe(Math.max(buffer.length * 2, length + bytes));
  buffer.copy(grown, 0, 0, length);
  buffer = grown;
  view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** The key of a tuple of values in Convex's JSON form; `undefined` (or `{"$undefined": null}`) is a value too. */
export function encodeKey(values: readonly (Json | undefined)[]): Uint8Array {
  length = 0;
  for (let i = 0; i < values.length; i++) write(values[i]);
  return copyOf(buffer, length, length);
}

/** The smallest key greater than every key that begins with the complete values of `prefix`. */
export function afterPrefix(prefix: Uint8Array): Uint8Array {
  return withByte(prefix, 0xfe);
}

/** The smallest key greater than `key`. */
export function afterKey(key: Uint8Array): Uint8Array {
  return withByte(key, 0);
}

function withByte(key: Uint8Array, byte: number): Uint8Array {
  const out = copyOf(key, key.length, key.length + 1);
  out[key.length] = byte;
  return out;
}

/** From Node's pool: memory of its own for each key would cost more than what is written into it. Whoever keeps a key calls `kept`. */
function copyOf(bytes: Uint8Array, count: number, size: number): Uint8Array {
  const out = Buffer.allocUnsafe(size);
  for (let i = 0; i < count; i++) out[i] = bytes[i]!;
  return out;
}

/** The same key in memory of its own: one from the pool keeps its neighbours too. */
export const kept = (key: Uint8Array): Uint8Array => new Uint8Array(key);

export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

function write(value: Json | undefined): void {
  reserve(10);
  if (value === undefined) buffer[length++] = 1;
  else if (value === null) buffer[length++] = 2;
  else if (typeof value === "string") writeText(value);
  else if (typeof value === "number") writeFloat(value);
  else if (typeof value === "boolean") {
    buffer[length++] = 5;
    buffer[length++] = value ? 2 : 1;
  } else if (Array.isArray(value)) {
    buffer[length++] = 8;
    for (const item of value) write(item);
    writeEnd();
  } else writeObject(value);
}

function writeObject(value: JsonObject): void {
  switch (specialKey(value)) {
    case "$undefined":
      buffer[length++] = 1;
      return;
    case "$integer":
      writeInteger(specialBytes(value, "$integer").readBigInt64LE());
      return;
    case "$commitTs":
      // Unresolved until the commit; sorts after everything committed, as Convex documents it.
      writeInteger(2n ** 63n - 1n);
      return;
    case "$float":
      writeFloat(specialBytes(value, "$float").readDoubleLE());
      return;
    case "$bytes":
      writeBytes(7, specialBytes(value, "$bytes"));
      return;
  }
  buffer[length++] = 9;
  for (const key of Object.keys(value).sort()) {
    writeText(key);
    write(value[key]);
  }
  writeEnd();
}

function writeEnd(): void {
  reserve(1);
  buffer[length++] = 0;
}

function writeInteger(value: bigint): void {
  buffer[length++] = 3;
  view.setBigInt64(length, value ^ -(2n ** 63n));
  length += 8;
}

function writeFloat(value: number): void {
  buffer[length++] = 4;
  view.setFloat64(length, value);
  // Negative numbers sort backwards by their bits: invert them all; for the others the sign bit alone is set.
  if (buffer[length]! & 0x80) for (let i = 0; i < 8; i++) buffer[length + i]! ^= 0xff;
  else buffer[length]! |= 0x80;
  length += 8;
}

function writeText(text: string): void {
  const n = text.length;
  // A UTF-16 unit takes at most 3 bytes; the tag and the end take 2.
  reserve(n * 3 + 2);
  const start = length;
  buffer[length++] = 6;
  for (let i = 0; i < n; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0 || unit > 0x7f) {
      length = start;
      writeBytes(6, text.isWellFormed() ? Buffer.from(text) : wtf8(text));
      return;
    }
    buffer[length++] = unit;
  }
  buffer[length++] = 0;
}

function writeBytes(tag: number, bytes: Uint8Array): void {
  reserve(bytes.length * 2 + 2);
  buffer[length++] = tag;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    buffer[length++] = byte;
    if (byte === 0) buffer[length++] = 0xff;
  }
  buffer[length++] = 0;
}

/** UTF-8 that keeps lone surrogates (as three bytes), so that two different strings never share a key. */
function wtf8(text: string): Buffer {
  const out: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (code >= 0xd800 && code <= 0xdfff)
      out.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    else out.push(...Buffer.from(char));
  }
  return Buffer.from(out);
}

/** The value at a dotted path; undefined when any part is missing. */
export function fieldAt(document: JsonObject, path: readonly string[]): Json | undefined {
  let value: Json | undefined = document;
  for (let i = 0; i < path.length; i++) {
    if (!isPlainObject(value)) return undefined;
    const part = path[i]!;
    value = Object.hasOwn(value, part) ? value[part] : undefined;
  }
  return value;
}
