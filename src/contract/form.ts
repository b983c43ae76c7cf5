/** A JSON schema's properties as fields that people fill in, whatever the platform's form looks like. The backend checks what comes back. */
import { type Body, bodyAt, isBody, listAt, parseJson } from "./untrusted.ts";

export type FieldKind = "text" | "number" | "integer" | "flag" | "choice" | "json";

/** The properties of a schema in JSON text; null: it has none. */
export function schemaOf(text: string | null | undefined): Body | null {
  const schema = text === null || text === undefined ? null : parseJson(text);
  return schema !== null && Object.keys(bodyAt(schema, "properties")).length > 0 ? schema : null;
}

/** With more than `maxChoices` values to choose from it is typed. */
export function fieldKind(property: Body, maxChoices = Number.POSITIVE_INFINITY): FieldKind {
  const choices = listAt(property, "enum").length;
  if (choices > 0 && choices <= maxChoices) return "choice";
  switch (property.type) {
    case "number":
    case "integer":
      return property.type;
    case "boolean":
      return "flag";
    case "array":
    case "object":
      return "json";
    default:
      return "text";
  }
}

/** What a field shows of a value. */
export const shownValue = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** What was typed or chosen. Text that is not what the field wants stays text: the backend says what is wrong with it. */
export function typedValue(kind: FieldKind, text: string): unknown {
  if (kind === "number" || kind === "integer") return Number.isNaN(Number(text)) ? text : Number(text);
  return kind === "text" ? text : jsonOr(text);
}

/** A value that reads as JSON is that value, anything else is text. */
export function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** A field that can be named in text: `amount=9`. The source of a regular expression with the flag u. */
export const FIELD_NAME = String.raw`[\p{L}_][\p{L}\p{N}_-]*`;
const isNamed = (name: string): boolean => new RegExp(`^${FIELD_NAME}$`, "u").test(name);

const MAX_WAYS = 8;
const MAX_CHOICES = 60;

/** How each field of a schema is written in an answer by text: `amount=NUMBER`, `memo="TEXT"`, `where=staging|production`. */
export function fieldWays(schema: Body): { names: string[]; ways: string[] } {
  const all = Object.entries(bodyAt(schema, "properties")).filter(([name]) => isNamed(name));
  const shown = all.slice(0, MAX_WAYS);
  return {
    names: shown.map(([name]) => name),
    ways: shown.map(([name, property]) => `${name}=${valueWord(isBody(property) ? property : {})}`),
  };
}

function valueWord(property: Body): string {
  switch (fieldKind(property)) {
    case "number":
    case "integer":
      return "NUMBER";
    case "flag":
      return "yes|no";
    case "json":
      return "JSON";
    case "text":
      return '"TEXT"';
    case "choice": {
      const choices = listAt(property, "enum").map((choice) =>
        /^[^\s"]+$/.test(shownValue(choice)) ? shownValue(choice) : JSON.stringify(shownValue(choice)),
      );
      return choices.join("|").length <= MAX_CHOICES ? choices.join("|") : "VALUE";
    }
  }
}
