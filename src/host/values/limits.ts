/** Convex's limits on a stored value, and its size in Convex's own measure (bytes). */
import type { Json, JsonObject } from "../store/types.ts";
import { HostError } from "./error.ts";
import { specialBytes, specialKey } from "./special.ts";

export const MAX_DOCUMENT_BYTES = 1 << 20;
export const MAX_ARRAY_LENGTH = 8192;
export const MAX_OBJECT_FIELDS = 1024;
export const MAX_NESTING = 64;
export const MAX_FIELD_NAME = 1024;

// `_id` and `_creationTime` with their names, for an id of 32 characters.
const SYSTEM_FIELDS_BYTES = 38 + 23;

/** Size of the document including its system fields. Throws when a limit is passed or a field name is not allowed. */
export function checkDocument(value: JsonObject, table: string): number {
  const size = measure(value, 0) + SYSTEM_FIELDS_BYTES;
  if (size > MAX_DOCUMENT_BYTES) {
    throw new HostError(
      `Value is too large (${size} bytes > maximum size ${MAX_DOCUMENT_BYTES} bytes) for a document in table "${table}". ` +
        "Split it over several documents or keep the bytes in file storage.",
    );
  }
  return size;
}

/** Size of any value in JSON form, in Convex's measure. Throws as `checkDocument` does, except for the size itself. */
export function measure(value: Json, depth = 0): number {
  if (value === null || typeof value === "boolean") return 1;
  if (typeof value === "number") return 9;
  if (typeof value === "string") return 2 + Buffer.byteLength(value);
  if (depth >= MAX_NESTING) {
    throw new HostError(`Document is too nested (more than the maximum nesting of ${MAX_NESTING} levels).`);
  }
  if (Array.isArray(value)) {
    if (value.length > MAX_ARRAY_LENGTH) {
      throw new HostError(`Array length is too long (${value.length} > maximum length ${MAX_ARRAY_LENGTH}).`);
    }
    let size = 2;
    for (let i = 0; i < value.length; i++) size += measure(value[i]!, depth + 1);
    return size;
  }
  return measureObject(value, depth);
}

function measureObject(value: JsonObject, depth: number): number {
  switch (specialKey(value)) {
    case "$integer":
    case "$float":
    case "$commitTs":
      return 9;
    case "$bytes":
      return 2 + specialBytes(value, "$bytes").length;
    case "$undefined":
      throw new HostError("undefined is not a valid Convex value. Leave the field out instead.");
  }
  let size = 2;
  let fields = 0;
  for (const key in value) {
    checkFieldName(key);
    fields++;
    size += key.length + 1 + measure(value[key]!, depth + 1);
  }
  if (fields > MAX_OBJECT_FIELDS) {
    throw new HostError(`Object has too many fields (${fields} > maximum number ${MAX_OBJECT_FIELDS}).`);
  }
  return size;
}

function checkFieldName(name: string): void {
  if (name.length > MAX_FIELD_NAME) {
    throw new HostError(`Field name ${name} exceeds maximum field name length ${MAX_FIELD_NAME}.`);
  }
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code < 32 || code >= 127) {
      throw new HostError(
        `Field name ${name} has invalid character '${name[i]}': Field names can only contain non-control ASCII characters`,
      );
    }
    if (i === 0 && code === 36) throw new HostError(`Field name ${name} starts with a '$', which is reserved.`);
  }
}
