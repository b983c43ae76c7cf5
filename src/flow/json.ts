/** JSON values as people meet them in prompts and conditions. Property access looks at own fields only: data never reaches a prototype. */
import { FactoryError } from "../contract/errors.ts";
import type { Json } from "./definition.ts";

export type JsonObject = { [key: string]: Json };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The own field, undefined when there is none. */
export function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** As it appears in a prompt: text verbatim, nothing for null, JSON for lists and objects. */
export function textOf(value: Json | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** "list", "text" … for messages. */
export function kindOf(value: Json | undefined): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  return { string: "text", number: "a number", boolean: "a yes/no value", object: "an object" }[
    typeof value as "string" | "number" | "boolean" | "object"
  ];
}

const MAX_PARSED = 500_000;

/**
 * A function's output as a variable: text that is a JSON object or list as a whole, bare or in one code fence, becomes that value;
 * anything else stays as it is, verbatim.
 */
export function parseOutput(output: Json): Json {
  if (typeof output !== "string" || output.length > MAX_PARSED) return output;
  let text = output.trim();
  if (text.startsWith("```") && text.endsWith("```")) {
    const firstLine = text.indexOf("\n");
    const language = text.slice(3, Math.max(firstLine, 3)).trim();
    if (firstLine > 0 && /^(json)?$/i.test(language)) text = text.slice(firstLine + 1, -3).trim();
  }
  if (!/^[[{]/.test(text)) return output;
  try {
    const value: Json = JSON.parse(text);
    return depthOf(value) > MAX_DEPTH ? output : value;
  } catch {
    return output;
  }
}

const MAX_DEPTH = 64;

/** Nesting, counted up to one more than the deepest that is accepted. */
export function depthOf(value: Json, limit = MAX_DEPTH + 1): number {
  if (typeof value !== "object" || value === null || limit <= 0) return 0;
  let deepest = 0;
  for (const item of Object.values(value)) deepest = Math.max(deepest, depthOf(item, limit - 1));
  return deepest + 1;
}

/**
 * Follows a path into a value. A field of nothing is nothing. A field of a text, number or yes/no value is an error.
 * `missing` says what a field that an object or list does not have is: an error (prompts need it) or null (conditions ask for it).
 */
export function follow(value: Json, path: readonly string[], from: number, missing: "error" | "null"): Json {
  let current = value;
  for (let at = from; at < path.length; at++) {
    const field = path[at]!;
    if (current === null) return null;
    if (typeof current !== "object") {
      throw new FactoryError("invalid_input", `${dotted(path, at)} is ${kindOf(current)} and has no field "${field}"`, {
        field: dotted(path, at + 1),
        remedy: "let the earlier step answer with a JSON object that has this field, or use the whole value",
      });
    }
    const next: Json | undefined = Array.isArray(current)
      ? field === "length"
        ? current.length
        : /^\d{1,9}$/.test(field)
          ? current[Number(field)]
          : undefined
      : own(current, field);
    if (next === undefined) {
      if (missing === "null") return null;
      throw new FactoryError("invalid_input", `${dotted(path, at)} has no field "${field}"`, {
        field: dotted(path, at + 1),
        remedy: Array.isArray(current) ? "a list has positions from 0 and length" : hasFields(current),
      });
    }
    current = next;
  }
  return current;
}

const dotted = (path: readonly string[], length: number): string => path.slice(0, length).join(".");

function hasFields(value: JsonObject): string {
  const names = Object.keys(value).slice(0, 10);
  return names.length === 0 ? "the object is empty" : `it has ${names.join(", ")}`;
}

/** Decimal numbers only: "0x10" and "1e999" are text. */
export function numberOf(value: Json): number | null {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value.length > 40) return null;
  return /^\s*[+-]?(\d+(\.\d*)?|\.\d+)\s*$/.test(value) ? Number(value) : null;
}
