/**
 * The single-key objects by which Convex's JSON form carries what JSON cannot: `{"$integer": base64}`, `{"$float": base64}`,
 * `{"$bytes": base64}`, `{"$commitTs": null}`, and in ranges, filters and patches `{"$undefined": null}`.
 */
import type { Json, JsonObject } from "../store/types.ts";
import { HostError } from "./error.ts";

export type SpecialKey = "$integer" | "$float" | "$bytes" | "$commitTs" | "$undefined";

const DOLLAR = 36;

/**
 * The special key of an object, null for an ordinary object. Fields can never begin with `$`, so the first key decides.
 * Throws on an unknown or malformed special object.
 */
export function specialKey(value: JsonObject): SpecialKey | null {
  for (const key in value) {
    if (key.charCodeAt(0) !== DOLLAR) return null;
    return checkSpecial(key, value);
  }
  return null;
}

function checkSpecial(key: string, value: JsonObject): SpecialKey {
  const inner = value[key];
  if (Object.keys(value).length === 1) {
    switch (key) {
      case "$integer":
      case "$float":
        if (typeof inner === "string" && Buffer.from(inner, "base64").length === 8) return key;
        throw new HostError(`Malformed ${key} field: expected the base64 text of 8 bytes.`);
      case "$bytes":
        if (typeof inner === "string") return key;
        throw new HostError("Malformed $bytes field: expected base64 text.");
      case "$commitTs":
      case "$undefined":
        if (inner === null) return key;
        throw new HostError(`Malformed ${key} field: expected null.`);
    }
  }
  throw new HostError(`Field name ${key} starts with a '$', which is reserved.`);
}

export function isPlainObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isUndefined(value: Json | undefined): boolean {
  return value === undefined || (isPlainObject(value) && specialKey(value) === "$undefined");
}

/** Little-endian bytes, as Convex writes int64 and special floats. */
export function specialBytes(value: JsonObject, key: "$integer" | "$float" | "$bytes"): Buffer {
  return Buffer.from(value[key] as string, "base64");
}

export const COMMIT_TS_MARK = '"$commitTs":null';

/** Replaces every `{"$commitTs": null}` by the commit time as an int64. Returns the same object when there was none. */
export function resolveCommitTs<T extends Json>(value: T, ts: bigint): T {
  return substitute(value, encodeInteger(ts)) as T;
}

function substitute(value: Json, ts: Json): Json {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => substitute(item, ts));
  if (specialKey(value) === "$commitTs") return ts;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, substitute(item, ts)]));
}

export function encodeInteger(value: bigint): JsonObject {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return { $integer: bytes.toString("base64") };
}
