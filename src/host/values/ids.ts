/**
 * Document ids in Convex's format: Crockford base32 (lower case, without i l o u) of
 * varint(table number) ++ 16 bytes ++ Fletcher-16 of both. The alphabet ascends in ASCII and the varint is prefix-free, so ids
 * of one table are one contiguous range of text.
 */
import { randomFillSync } from "node:crypto";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const DECODE = new Int8Array(128).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) DECODE[ALPHABET.charCodeAt(i)] = i;

const INTERNAL_BYTES = 16;
const MAX_VARINT_BYTES = 5;
const MIN_BYTES = 1 + INTERNAL_BYTES + 2;
const MAX_BYTES = MAX_VARINT_BYTES + INTERNAL_BYTES + 2;

// Random bytes are drawn a few hundred ids at a time; one call of the generator costs more than the rest of an id.
const pool = new Uint8Array(10 * 512);
let poolUsed = pool.length;

/** A new id. Six bytes of time come first so that ids of one period lie together in the B-tree. */
export function newId(table: number, nowMs: number): string {
  if (poolUsed + 10 > pool.length) {
    randomFillSync(pool);
    poolUsed = 0;
  }
  const bytes: number[] = varint(table);
  const ms = Math.max(0, Math.floor(nowMs));
  for (let shift = 40; shift >= 0; shift -= 8) bytes.push(Math.floor(ms / 2 ** shift) & 0xff);
  for (let i = 0; i < 10; i++) bytes.push(pool[poolUsed++]!);
  return encodeBase32(withChecksum(bytes));
}

/** The table number of a well-formed id, null for any other text. */
export function tableNumberOf(id: string): number | null {
  const bytes = decodeBase32(id);
  if (bytes === null || bytes.length < MIN_BYTES || bytes.length > MAX_BYTES) return null;
  let table = 0;
  let at = 0;
  for (; ; at++) {
    const byte = bytes[at]!;
    table += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) break;
    if (at + 1 >= MAX_VARINT_BYTES) return null;
  }
  if (bytes.length !== at + 1 + INTERNAL_BYTES + 2 || (at > 0 && bytes[at] === 0)) return null;
  const body = bytes.slice(0, -2);
  const [low, high] = fletcher16(body);
  return bytes.at(-2) === low && bytes.at(-1) === high ? table : null;
}

/** Every id of the table is >= low and < high, compared as text. */
export function idRange(table: number): { low: string; high: string } {
  const prefix = varint(table);
  return {
    low: encodeBase32([...prefix, ...new Array<number>(INTERNAL_BYTES + 2).fill(0)]),
    high: `${encodeBase32([...prefix, ...new Array<number>(INTERNAL_BYTES + 2).fill(0xff)])}~`,
  };
}

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    out.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
  return out;
}

function withChecksum(body: number[]): number[] {
  const [low, high] = fletcher16(body);
  body.push(low, high);
  return body;
}

function fletcher16(bytes: readonly number[]): [number, number] {
  let a = 0;
  let b = 0;
  for (let i = 0; i < bytes.length; i++) {
    a = (a + bytes[i]!) % 255;
    b = (b + a) % 255;
  }
  return [a, b];
}

function encodeBase32(bytes: readonly number[]): string {
  let out = "";
  let bits = 0;
  let have = 0;
  for (let i = 0; i < bytes.length; i++) {
    bits = ((bits << 8) | bytes[i]!) & 0xfff;
    have += 8;
    while (have >= 5) {
      have -= 5;
      out += ALPHABET[(bits >> have) & 31];
    }
  }
  if (have > 0) out += ALPHABET[(bits << (5 - have)) & 31];
  return out;
}

function decodeBase32(text: string): number[] | null {
  const out: number[] = [];
  let bits = 0;
  let have = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const digit = code < 128 ? DECODE[code]! : -1;
    if (digit < 0) return null;
    bits = ((bits << 5) | digit) & 0xfff;
    have += 5;
    if (have >= 8) {
      have -= 8;
      out.push((bits >> have) & 0xff);
    }
  }
  // One id has one spelling: no spare digit and no bits left over.
  return have < 5 && (bits & ((1 << have) - 1)) === 0 ? out : null;
}
