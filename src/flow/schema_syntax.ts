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

/** Texts longer than this do not match: together with the limits on patterns that bounds the time of a match. */
export const MAX_MATCHED = 200;

/** Null for what cannot be compiled or could take very long. */
export function compilePattern(pattern: string): RegExp | null {
  if (pattern.length > 200 || !isTame(pattern)) return null;
  try {
    return new RegExp(pattern, "u");
  } catch {
    return null;
  }
}

/**
 * No back references, no look-arounds, no repetition of a group that repeats or chooses inside: those make a matcher exponential.
 * A few repetitions side by side cost a power of the text's length, one more if the match may begin anywhere.
 */
function isTame(pattern: string): boolean {
  let [repetitions, options] = [0, 0];
  const open: { loose: boolean }[] = [{ loose: false }];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!;
    if (character === "\\") {
      if (/[1-9k]/.test(pattern[at + 1] ?? "")) return false;
      at++;
    } else if (character === "[") {
      const end = /^(?:[^\\\]]|\\.)*\]/.exec(pattern.slice(at + 1));
      if (end === null) return false;
      at += end[0].length;
    } else if (character === "(") {
      if (/^\(\?(?!:)/.test(pattern.slice(at))) return false;
      if (pattern[at + 1] === "?") at += 2;
      open.push({ loose: false });
    } else if (character === ")") {
      const group = open.pop();
      const around = open.at(-1);
      if (group === undefined || around === undefined) return false;
      const isRepeated = /[*+{]/.test(pattern[at + 1] ?? "");
      if (isRepeated && group.loose) return false;
      around.loose ||= group.loose;
    } else if ("*+{?|".includes(character)) {
      open.at(-1)!.loose = true;
      if (character === "?") options++;
      else if (character !== "|") repetitions++;
    }
  }
  return open.length === 1 && repetitions <= (pattern.startsWith("^") ? 4 : 2) && options <= 8;
}
