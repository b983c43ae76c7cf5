/**
 * The part of JSON Schema that inputs and forms may use, checked for its own sake: unknown keywords are refused instead of being ignored,
 * and patterns that could hang a matcher are refused too.
 */
import { didYouMean } from "./suggest.ts";
import type { Problems, Tree } from "./tree.ts";

const TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"] as const;
const KEYWORDS = [
  "type",
  "title",
  "description",
  "default",
  "examples",
  "enum",
  "const",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minLength",
  "maxLength",
  "pattern",
  "format",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "anyOf",
  "oneOf",
  "allOf",
  "not",
  "$schema",
  "$comment",
] as const;
const COUNTS = ["minItems", "maxItems", "minLength", "maxLength"];
const NUMBERS = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
export const FORMATS: Record<string, RegExp> = {
  email: /^[^\s@]{1,64}@[^\s@]{1,255}$/,
  uri: /^[a-z][a-z0-9+.-]*:\S+$/i,
  date: /^\d{4}-\d{2}-\d{2}$/,
  "date-time": /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}/,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
};

/** Reports what is wrong with a schema, at its place. */
export function checkSchema(tree: Tree, problems: Problems, label: string): void {
  if (tree.kind === "scalar" && typeof tree.value === "boolean") return;
  if (tree.kind !== "map") {
    problems.error(tree.at, `${label} must be a JSON schema`, "write type, properties, required …");
    return;
  }
  for (const { key, at, value } of tree.entries) {
    if (!(KEYWORDS as readonly string[]).includes(key)) {
      const near = didYouMean(key, KEYWORDS);
      const remedy = near
        ? `did you mean "${near}"?`
        : value.kind === "map"
          ? `put "${key}" below properties`
          : `the keywords are ${KEYWORDS.join(", ")}`;
      problems.error(at, `${label} has no keyword "${key.slice(0, 40)}"`, remedy);
      continue;
    }
    checkKeyword(key, value, problems, label);
  }
}

function checkKeyword(key: string, value: Tree, problems: Problems, label: string): void {
  const wrong = (what: string, remedy: string) => problems.error(value.at, `${label}: ${key} must be ${what}`, remedy);
  if (key === "type") {
    const types = value.kind === "list" ? value.items : [value];
    for (const type of types) {
      if (type.kind !== "scalar" || !TYPES.includes(type.value as (typeof TYPES)[number])) {
        problems.error(type.at, `${label}: there is no such type`, `the types are ${TYPES.join(", ")}`);
      }
    }
  } else if (key === "properties") {
    if (value.kind !== "map") {
      wrong("a map of schemas", "write a name and its schema on each line");
      return;
    }
    for (const entry of value.entries) checkSchema(entry.value, problems, `${label}.${entry.key}`);
  } else if (key === "items" || key === "not" || key === "additionalProperties") {
    checkSchema(value, problems, `${label} ${key}`);
  } else if (key === "anyOf" || key === "oneOf" || key === "allOf") {
    if (value.kind !== "list") {
      wrong("a list of schemas", "begin each with -");
      return;
    }
    for (const item of value.items) checkSchema(item, problems, `${label} ${key}`);
  } else if (key === "required" || key === "enum") {
    if (
      value.kind !== "list" ||
      (key === "required" && value.items.some((item) => item.kind !== "scalar" || typeof item.value !== "string"))
    ) {
      wrong(key === "enum" ? "a list of values" : "a list of names", `write ${key}: [one, another]`);
    }
  } else if (COUNTS.includes(key) || NUMBERS.includes(key)) {
    const number = value.kind === "scalar" ? value.value : null;
    if (typeof number !== "number" || (COUNTS.includes(key) && (number < 0 || !Number.isInteger(number))))
      wrong("a number", `write ${key}: 1`);
    else if (key === "multipleOf" && number <= 0) wrong("greater than 0", "write multipleOf: 1");
  } else if (key === "pattern") {
    const pattern = value.kind === "scalar" ? value.value : null;
    if (typeof pattern !== "string" || compilePattern(pattern) === null) {
      wrong(
        "a simple regular expression",
        "no back references, no look-arounds, no repetition of a group that repeats inside",
      );
    }
  } else if (key === "format") {
    if (value.kind !== "scalar" || typeof value.value !== "string" || !Object.hasOwn(FORMATS, value.value)) {
      wrong("a known format", `the formats are ${Object.keys(FORMATS).join(", ")}`);
    }
  }
}

/** Null for what cannot be compiled or could take exponential time. */
export function compilePattern(pattern: string): RegExp | null {
  // A repeated group that itself repeats or chooses, back references and look-arounds: the ways to hang a matcher.
  if (pattern.length > 200 || /\\[1-9k]|\(\?[=!<]/.test(pattern) || /\([^)]*[*+?{|][^)]*\)\s*[*+{]/.test(pattern))
    return null;
  // Several unbounded repetitions cost a power of the length each; two are enough in practice.
  if ((pattern.match(/[*+]|\{\d*,\}/g) ?? []).length > 4) return null;
  try {
    return new RegExp(pattern, "u");
  } catch {
    return null;
  }
}
