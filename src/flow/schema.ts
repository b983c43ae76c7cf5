/**
 * Values against a JSON schema. A checker of our own, because code generation (as most validators do it) does not run inside Convex.
 * Only what schema_syntax.ts accepts is understood.
 */
import { type ErrorInfo, errorInfo } from "../contract/errors.ts";
import type { Json } from "./definition.ts";
import { isObject, type JsonObject, own, textOf } from "./json.ts";
import { compilePattern, FORMATS, MAX_MATCHED } from "./schema_syntax.ts";
import { didYouMean } from "./suggest.ts";

export interface Mismatch {
  /** `input.version` */
  path: string;
  message: string;
}

const MAX_MISMATCHES = 20;

/** What is wrong with the value; empty when it fits. `path` names the value in messages. */
export function mismatches(schema: Json, value: Json, path: string): Mismatch[] {
  const found: Mismatch[] = [];
  check(schema, value, path, found, 0);
  return found.slice(0, MAX_MISMATCHES);
}

function check(schema: Json, value: Json, path: string, found: Mismatch[], depth: number): void {
  const wrong: Wrong = (message) => void found.push({ path, message });
  if (schema === false) wrong("is not allowed here");
  if (!isObject(schema) || found.length >= MAX_MISMATCHES || depth > 64) return;
  const plain = plainMismatch(schema, value);
  if (plain !== null) {
    wrong(plain);
    return;
  }
  if (typeof value === "string") checkText(schema, value, wrong);
  else if (typeof value === "number") checkNumber(schema, value, wrong);
  else if (Array.isArray(value)) checkList(schema, value, path, found, depth, wrong);
  else if (isObject(value)) checkObject(schema, value, path, found, depth);
  checkCombined(schema, value, path, found, depth, wrong);
}

function plainMismatch(schema: JsonObject, value: Json): string | null {
  const types = schema.type === undefined ? null : Array.isArray(schema.type) ? schema.type : [schema.type];
  if (types !== null && !types.some((type) => isOfType(value, type))) {
    return `must be ${types.map((type) => NOUNS[String(type)] ?? String(type)).join(" or ")}`;
  }
  if (Array.isArray(schema.enum) && !schema.enum.some((one) => isSame(one, value))) {
    return `must be one of ${schema.enum
      .map((one) => JSON.stringify(one))
      .join(", ")
      .slice(0, 300)}`;
  }
  return schema.const !== undefined && !isSame(schema.const, value) ? `must be ${JSON.stringify(schema.const)}` : null;
}

const NOUNS: Record<string, string> = {
  string: "text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  object: "an object",
  array: "a list",
};

type Wrong = (message: string) => void;
const numberIn = (schema: JsonObject, key: string): number | null =>
  typeof schema[key] === "number" ? schema[key] : null;

const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

function checkText(schema: JsonObject, value: string, wrong: Wrong): void {
  const length = [...value].length;
  const [least, most] = [numberIn(schema, "minLength"), numberIn(schema, "maxLength")];
  if (least !== null && length < least) wrong(`must have at least ${counted(least, "character")}`);
  if (most !== null && length > most) wrong(`must have at most ${counted(most, "character")}`);
  if (typeof schema.pattern === "string") {
    const pattern = compilePattern(schema.pattern);
    if (pattern === null || value.length > MAX_MATCHED || !pattern.test(value)) wrong(`must match ${schema.pattern}`);
  }
  if (typeof schema.format === "string" && own(FORMATS, schema.format)?.test(value.slice(0, 2000)) === false) {
    wrong(`must have the format ${schema.format}`);
  }
}

function checkNumber(schema: JsonObject, value: number, wrong: Wrong): void {
  const [least, most] = [numberIn(schema, "minimum"), numberIn(schema, "maximum")];
  const [above, below] = [numberIn(schema, "exclusiveMinimum"), numberIn(schema, "exclusiveMaximum")];
  const step = numberIn(schema, "multipleOf");
  if (least !== null && value < least) wrong(`must be at least ${least}`);
  if (most !== null && value > most) wrong(`must be at most ${most}`);
  if (above !== null && value <= above) wrong(`must be greater than ${above}`);
  if (below !== null && value >= below) wrong(`must be less than ${below}`);
  if (step !== null && step > 0 && Math.abs(value / step - Math.round(value / step)) > 1e-9)
    wrong(`must be a multiple of ${step}`);
}

function checkList(
  schema: JsonObject,
  value: Json[],
  path: string,
  found: Mismatch[],
  depth: number,
  wrong: Wrong,
): void {
  const [least, most] = [numberIn(schema, "minItems"), numberIn(schema, "maxItems")];
  if (least !== null && value.length < least) wrong(`must have at least ${counted(least, "entry", "entries")}`);
  if (most !== null && value.length > most) wrong(`must have at most ${counted(most, "entry", "entries")}`);
  if (schema.uniqueItems === true && new Set(value.map(canonical)).size < value.length)
    wrong("must not hold an entry twice");
  const items = schema.items;
  if (items !== undefined)
    value.forEach((item, index) => void check(items, item, `${path}[${index}]`, found, depth + 1));
}

function checkObject(schema: JsonObject, value: JsonObject, path: string, found: Mismatch[], depth: number): void {
  const properties = isObject(schema.properties ?? null) ? (schema.properties as JsonObject) : {};
  for (const name of Array.isArray(schema.required) ? schema.required : []) {
    if (typeof name === "string" && !Object.hasOwn(value, name))
      found.push({ path: `${path}.${name}`, message: "is missing" });
  }
  for (const [name, field] of Object.entries(value)) {
    const property = own(properties, name) ?? schema.additionalProperties;
    if (property === false) {
      const near = didYouMean(name, Object.keys(properties));
      found.push({ path: `${path}.${name}`, message: near ? `is not known; did you mean "${near}"?` : "is not known" });
    } else if (property !== undefined) check(property, field, `${path}.${name}`, found, depth + 1);
  }
}

function checkCombined(
  schema: JsonObject,
  value: Json,
  path: string,
  found: Mismatch[],
  depth: number,
  wrong: Wrong,
): void {
  const fits = (one: Json) => {
    const inner: Mismatch[] = [];
    check(one, value, path, inner, depth + 1);
    return inner.length === 0;
  };
  if (Array.isArray(schema.allOf)) for (const one of schema.allOf) check(one, value, path, found, depth + 1);
  if (Array.isArray(schema.anyOf) && !schema.anyOf.some(fits)) wrong("fits none of the allowed forms");
  if (Array.isArray(schema.oneOf) && schema.oneOf.filter(fits).length !== 1)
    wrong("must fit exactly one of the allowed forms");
  if (schema.not !== undefined && fits(schema.not)) wrong("has a form that is not allowed");
}

function isOfType(value: Json, type: Json): boolean {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isObject(value);
  if (type === "integer") return Number.isInteger(value);
  return typeof value === type;
}

/** Equal whatever the order of fields. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (isObject(value))
    return `{${Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonical(value[key]!)}`)
      .join()}}`;
  return JSON.stringify(value);
}
export const isSame = (a: Json, b: Json): boolean => canonical(a) === canonical(b);

// ---- inputs of a run ---------------------------------------------------------------------------------------------------------

export type Checked = { ok: true; input: Json } | { ok: false; error: ErrorInfo };

/** Fills in defaults of absent fields, then checks. No schema: anything goes; null becomes an empty object. */
export function checkInput(schema: Json, input: Json): Checked {
  const whole = withDefaults(schema, input ?? {});
  const found = schema === null ? [] : mismatches(schema, whole, "input");
  const [first] = found;
  if (first === undefined) return { ok: true, input: whole };
  const message = found.map(({ path, message: text }) => `${path} ${text}`).join("; ");
  return { ok: false, error: errorInfo("invalid_input", message, { field: first.path, remedy: inputRemedy(schema) }) };
}

function inputRemedy(schema: Json): string {
  const properties = isObject(schema) && isObject(schema.properties ?? null) ? (schema.properties as JsonObject) : {};
  const required = isObject(schema) && Array.isArray(schema.required) ? schema.required : [];
  const names = Object.keys(properties).map((name) => (required.includes(name) ? name : `${name} (optional)`));
  return names.length === 0 ? "give the input that the workflow declares" : `the input has ${names.join(", ")}`;
}

function withDefaults(schema: Json, input: Json): Json {
  if (!isObject(schema) || !isObject(input) || !isObject(schema.properties ?? null)) return input;
  const absent = Object.entries(schema.properties as JsonObject).flatMap(([name, property]) =>
    isObject(property) && property.default !== undefined && !Object.hasOwn(input, name)
      ? [[name, property.default] as const]
      : [],
  );
  return absent.length === 0 ? input : { ...input, ...Object.fromEntries(absent) };
}

/** `key=value` words are text; where the schema wants a number, a yes/no value, a list or an object, they are read as one. */
export function coerceInput(schema: Json, words: Readonly<Record<string, string>>): JsonObject {
  const properties = isObject(schema) && isObject(schema.properties ?? null) ? (schema.properties as JsonObject) : {};
  return Object.fromEntries(
    Object.entries(words).map(([name, text]) => {
      const property = own(properties, name);
      // Of listed values the one that is written so: `2` may stand for a text of one digit.
      const listed = isObject(property ?? null) ? (property as JsonObject).enum : undefined;
      const meant = Array.isArray(listed) ? listed.filter((one) => textOf(one) === text) : [];
      if (meant.length === 1) return [name, meant[0]!];
      const type = isObject(property ?? null) ? (property as JsonObject).type : undefined;
      if (type === undefined || type === "string" || (Array.isArray(type) && type.includes("string")))
        return [name, text];
      if (type === "boolean" && /^(yes|no)$/i.test(text)) return [name, /^yes$/i.test(text)];
      try {
        const value: Json = JSON.parse(text);
        return [name, typeof value === "string" ? text : value];
      } catch {
        return [name, text];
      }
    }),
  );
}
