/** Checks values in JSON form against validators in JSON form (`exportArgs()`, `documentType`), with Convex's wording. */
import type { Json, JsonObject } from "../store/types.ts";
import { describeValidator, describeValue } from "./describe.ts";
import { HostError } from "./error.ts";
import { isPlainObject, specialKey } from "./special.ts";

/** Name of the table an id belongs to, in the component whose validator is checked; null for any other text. */
export type TableOfId = (id: string) => string | null;

/** True when the value fits. Compiled once per validator; the values `true` for most calls are never described. */
export type Matcher = (value: Json, tables: TableOfId) => boolean;

const compiled = new WeakMap<object, Matcher>();

/**
 * null when the value fits, otherwise the reason without a prefix: the engine puts `ArgumentValidationError: ` before it,
 * the store the table's name. `path` is where the value stands, for example `.items[0]`; "" is the top.
 */
export function validateJson(validator: Json, value: Json, tables: TableOfId, path = ""): string | null {
  if (compileValidator(validator)(value, tables)) return null;
  return explain(validator, value, tables, path);
}

export function compileValidator(validator: Json): Matcher {
  if (!isPlainObject(validator)) throw new HostError(`Unknown validator ${JSON.stringify(validator)}.`);
  const known = compiled.get(validator);
  if (known !== undefined) return known;
  const matcher = compile(validator);
  compiled.set(validator, matcher);
  return matcher;
}

function compile(validator: JsonObject): Matcher {
  switch (validator.type) {
    case "any":
      return () => true;
    case "null":
      return (value) => value === null;
    case "boolean":
      return (value) => typeof value === "boolean";
    case "string":
      return (value) => typeof value === "string";
    case "number":
      return (value) => typeof value === "number" || isSpecial(value, "$float");
    case "bigint":
    case "commitTs":
      // A commit time that is not yet known is checked as the int64 it will become.
      return (value) => isSpecial(value, "$integer") || isSpecial(value, "$commitTs");
    case "bytes":
      return (value) => isSpecial(value, "$bytes");
    case "id": {
      const table = validator.tableName;
      return (value, tables) => typeof value === "string" && tables(value) === table;
    }
    case "literal":
      return compileLiteral(validator.value!);
    case "array": {
      const item = compileValidator(validator.value!);
      return (value, tables) => Array.isArray(value) && value.every((element) => item(element, tables));
    }
    case "union": {
      const members = (validator.value as Json[]).map(compileValidator);
      return (value, tables) => members.some((member) => member(value, tables));
    }
    case "record": {
      const keys = compileValidator(validator.keys!);
      const values = compileValidator((validator.values as JsonObject).fieldType!);
      return (value, tables) => {
        if (!isOrdinaryObject(value)) return false;
        for (const key in value) if (!keys(key, tables) || !values(value[key]!, tables)) return false;
        return true;
      };
    }
    case "object":
      return compileObject(validator.value as JsonObject);
    default:
      throw new HostError(`The embedded Convex host does not know the validator type "${validator.type}".`);
  }
}

function compileLiteral(literal: Json): Matcher {
  if (typeof literal !== "object") return (value) => value === literal;
  const text = JSON.stringify(literal);
  return (value) => JSON.stringify(value) === text;
}

function compileObject(shape: JsonObject): Matcher {
  const fields = new Map<string, Matcher>();
  const required: string[] = [];
  for (const [name, field] of Object.entries(shape)) {
    fields.set(name, compileValidator((field as JsonObject).fieldType!));
    if ((field as JsonObject).optional !== true) required.push(name);
  }
  return (value, tables) => {
    if (!isOrdinaryObject(value)) return false;
    for (let i = 0; i < required.length; i++) if (!Object.hasOwn(value, required[i]!)) return false;
    for (const key in value) {
      const matcher = fields.get(key);
      if (matcher === undefined || !matcher(value[key]!, tables)) return false;
    }
    return true;
  };
}

function isSpecial(value: Json, key: string): boolean {
  return isPlainObject(value) && specialKey(value) === key;
}

function isOrdinaryObject(value: Json): value is JsonObject {
  return isPlainObject(value) && specialKey(value) === null;
}

/** Walks to the innermost place that does not fit. Runs only after the matcher has said no. */
function explain(validator: Json, value: Json, tables: TableOfId, path: string): string {
  if (isPlainObject(validator)) {
    if (validator.type === "object" && isOrdinaryObject(value)) return explainObject(validator, value, tables, path);
    if (validator.type === "array" && Array.isArray(value)) {
      const at = value.findIndex((item) => !compileValidator(validator.value!)(item, tables));
      if (at >= 0) return explain(validator.value!, value[at]!, tables, `${path}[${at}]`);
    }
    if (validator.type === "record" && isOrdinaryObject(value)) {
      const fieldType = (validator.values as JsonObject).fieldType!;
      const bad = Object.keys(value).find((key) => !compileValidator(fieldType)(value[key]!, tables));
      if (bad !== undefined) return explain(fieldType, value[bad]!, tables, `${path}.${bad}`);
    }
    if (validator.type === "id" && typeof value === "string") {
      const table = tables(value);
      if (table !== null) {
        return (
          `Found ID "${value}" from table \`${table}\`, which does not match the table name in validator ` +
          `\`${describeValidator(validator)}\`.${pathLine(path)}`
        );
      }
    }
  }
  return (
    `Value does not match validator.${pathLine(path)}\n` +
    `Value: ${describeValue(value)}\nValidator: ${describeValidator(validator)}`
  );
}

function explainObject(validator: JsonObject, value: JsonObject, tables: TableOfId, path: string): string {
  const shape = validator.value as JsonObject;
  const where = `${pathLine(path)}\n\nObject: ${describeValue(value)}\nValidator: ${describeValidator(validator)}`;
  for (const [name, field] of Object.entries(shape)) {
    if ((field as JsonObject).optional !== true && !Object.hasOwn(value, name)) {
      return (
        `Object is missing the required field \`${name}\`. ` +
        `Consider wrapping the field validator in \`v.optional(...)\` if this is expected.${where}`
      );
    }
  }
  for (const [name, item] of Object.entries(value)) {
    if (!Object.hasOwn(shape, name))
      return `Object contains extra field \`${name}\` that is not in the validator.${where}`;
    const fieldType = (shape[name] as JsonObject).fieldType!;
    if (!compileValidator(fieldType)(item, tables)) return explain(fieldType, item, tables, `${path}.${name}`);
  }
  return `Value does not match validator.${where}`;
}

function pathLine(path: string): string {
  return path === "" ? "" : `\nPath: ${path}`;
}
