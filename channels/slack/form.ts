/** A JSON schema's properties as inputs of a modal, and what was typed as values again. Pure. The backend checks them anyway. */

import { type Block, plain } from "./blocks.ts";
import { type Body, bodyAt, isBody, listAt, parseJson, textAt } from "./fields.ts";
import { clip, LIMITS } from "./limits.ts";

type Kind = "text" | "number" | "integer" | "flag" | "choice" | "json";

/** Inputs of one modal; more fields than Slack has room for are left as they are. */
const MAX_FIELDS = 40;
const BLOCK = "field.";

/** `values`: what the inputs hold at first. `requireAll` false: Slack insists on nothing that the schema does not. */
export function formBlocks(schema: Body, values: Body): Block[] {
  const required = new Set(listAt(schema, "required"));
  return Object.entries(bodyAt(schema, "properties"))
    .filter(([name]) => name.length <= 200)
    .slice(0, MAX_FIELDS)
    .map(([name, property]) => fieldBlock(name, isBody(property) ? property : {}, values[name], required.has(name)));
}

function fieldBlock(name: string, property: Body, given: unknown, required: boolean): Block {
  const kind = kindOf(property);
  const initial = given ?? property.default;
  const title = textAt(property, "title") ?? name;
  const hint = textAt(property, "description");
  return {
    type: "input",
    block_id: `${BLOCK}${name}`,
    optional: !required,
    label: plain(title, LIMITS.inputLabel),
    ...(hint === null ? {} : { hint: plain(hint, LIMITS.inputLabel) }),
    element: element(kind, property, initial),
  };
}

function kindOf(property: Body): Kind {
  if (listAt(property, "enum").length > 0) return "choice";
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

function element(kind: Kind, property: Body, initial: unknown): Extract<Block, { type: "input" }>["element"] {
  const action_id = kind;
  if (kind === "choice" || kind === "flag") {
    const choices: unknown[] = kind === "flag" ? [true, false] : listAt(property, "enum");
    const options = choices.slice(0, LIMITS.selectOptions).map((choice) => ({
      text: plain(kind === "flag" ? (choice === true ? "yes" : "no") : shown(choice), LIMITS.optionText),
      value: clip(JSON.stringify(choice), 150),
    }));
    const chosen = options.find((option) => option.value === JSON.stringify(initial));
    return { type: "static_select", action_id, options, ...(chosen === undefined ? {} : { initial_option: chosen }) };
  }
  const initial_value = initial === undefined || initial === null ? null : clip(shown(initial), LIMITS.inputText);
  const start = initial_value === null ? {} : { initial_value };
  if (kind === "number" || kind === "integer") {
    return { type: "number_input", action_id, is_decimal_allowed: kind === "number", ...start };
  }
  const long = kind === "json" || Number(property.maxLength ?? 0) > 200 || (initial_value ?? "").includes("\n");
  return { type: "plain_text_input", action_id, multiline: long, ...start };
}

const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** `view.state.values` -> the fields by name. What was left empty is left out. */
export function readFields(values: Body): Body {
  const fields: Record<string, unknown> = {};
  for (const [block, actions] of Object.entries(values)) {
    if (!block.startsWith(BLOCK)) continue;
    for (const [kind, state] of Object.entries(bodyAt(actions))) {
      const given = read(kind as Kind, bodyAt(state));
      if (given !== undefined) fields[block.slice(BLOCK.length)] = given;
    }
  }
  return fields;
}

function read(kind: Kind, state: Body): unknown {
  const chosen = textAt(state, "selected_option", "value");
  if (chosen !== null) return jsonOr(chosen);
  const text = textAt(state, "value");
  if (text === null) return undefined;
  if (kind === "number" || kind === "integer") return Number.isNaN(Number(text)) ? text : Number(text);
  return kind === "json" ? jsonOr(text) : text;
}

/** Text that is not JSON stays text: the backend says what is wrong with it. */
function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The properties of a schema in JSON text; null: it has none. */
export function schemaOf(text: string | null | undefined): Body | null {
  const schema = text === null || text === undefined ? null : parseJson(text);
  return schema !== null && Object.keys(bodyAt(schema, "properties")).length > 0 ? schema : null;
}
