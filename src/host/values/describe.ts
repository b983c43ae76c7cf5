/** Values and validators as Convex prints them in error messages. */
import type { Json, JsonObject } from "../store/types.ts";
import { isPlainObject, specialBytes, specialKey } from "./special.ts";

// Longer texts hide the sentence that matters and may carry a whole document into a log.
const MAX_TEXT = 1000;

export function describeValue(value: Json | undefined): string {
  const text = print(value);
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}[...truncated]`;
}

function print(value: Json | undefined): string {
  if (value === undefined) return "undefined";
  if (typeof value === "number") return Number.isInteger(value) ? `${value}.0` : String(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(print).join(", ")}]`;
  return (
    printSpecial(value) ??
    `{${Object.entries(value)
      .map(([key, item]) => `${key}: ${print(item)}`)
      .join(", ")}}`
  );
}

function printSpecial(value: JsonObject): string | null {
  let key: ReturnType<typeof specialKey>;
  try {
    key = specialKey(value);
  } catch {
    return null;
  }
  switch (key) {
    case "$integer":
      return specialBytes(value, key).readBigInt64LE().toString();
    case "$float": {
      const float = specialBytes(value, key).readDoubleLE();
      return Object.is(float, -0) ? "-0.0" : String(float);
    }
    case "$bytes":
      return `b"${(value.$bytes as string).slice(0, 40)}"`;
    case "$commitTs":
      return "[unresolved commit timestamp]";
    case "$undefined":
      return "undefined";
    default:
      return null;
  }
}

/** `v.object({name: v.string()})` for a validator in JSON form. */
export function describeValidator(validator: Json): string {
  const text = printValidator(validator);
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}[...truncated]`;
}

function printValidator(validator: Json | undefined): string {
  if (!isPlainObject(validator)) return "v.any()";
  const inner = validator.value;
  switch (validator.type) {
    case "number":
      return "v.float64()";
    case "bigint":
      return "v.int64()";
    case "id":
      return `v.id("${validator.tableName}")`;
    case "literal":
      return `v.literal(${print(inner)})`;
    case "array":
      return `v.array(${printValidator(inner)})`;
    case "union":
      return `v.union(${(inner as Json[]).map(printValidator).join(", ")})`;
    case "record":
      return `v.record(${printValidator(validator.keys)}, ${printField(validator.values)})`;
    case "object":
      return `v.object({${Object.entries(inner as JsonObject)
        .map(([name, field]) => `${name}: ${printField(field)}`)
        .join(", ")}})`;
    default:
      return `v.${validator.type}()`;
  }
}

function printField(field: Json | undefined): string {
  if (!isPlainObject(field)) return "v.any()";
  const text = printValidator(field.fieldType);
  return field.optional === true ? `v.optional(${text})` : text;
}
