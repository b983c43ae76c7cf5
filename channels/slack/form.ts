/** A JSON schema's properties as inputs of a modal, and what was typed as values again. Pure. The backend checks them anyway. */

import { type FieldKind, fieldKind, shownValue, typedValue } from "../../src/contract/form.ts";
import { type Body, bodyAt, isBody, listAt, textAt } from "../../src/contract/untrusted.ts";
import { type Block, plain } from "./blocks.ts";
import { clip, LIMITS } from "./limits.ts";

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
  const kind = fieldKind(property);
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

function element(kind: FieldKind, property: Body, initial: unknown): Extract<Block, { type: "input" }>["element"] {
  const action_id = kind;
  if (kind === "choice" || kind === "flag") {
    const choices: unknown[] = kind === "flag" ? [true, false] : listAt(property, "enum");
    const options = choices.slice(0, LIMITS.selectOptions).map((choice) => ({
      text: plain(kind === "flag" ? (choice === true ? "yes" : "no") : shownValue(choice), LIMITS.optionText),
      value: clip(JSON.stringify(choice), 150),
    }));
    const chosen = options.find((option) => option.value === JSON.stringify(initial));
    return { type: "static_select", action_id, options, ...(chosen === undefined ? {} : { initial_option: chosen }) };
  }
  const initial_value = initial === undefined || initial === null ? null : clip(shownValue(initial), LIMITS.inputText);
  const start = initial_value === null ? {} : { initial_value };
  if (kind === "number" || kind === "integer") {
    return { type: "number_input", action_id, is_decimal_allowed: kind === "number", ...start };
  }
  const long = kind === "json" || Number(property.maxLength ?? 0) > 200 || (initial_value ?? "").includes("\n");
  return { type: "plain_text_input", action_id, multiline: long, ...start };
}

/** `view.state.values` -> the fields by name. What was left empty is left out. */
export function readFields(values: Body): Body {
  const fields: Record<string, unknown> = {};
  for (const [block, actions] of Object.entries(values)) {
    if (!block.startsWith(BLOCK)) continue;
    for (const [kind, state] of Object.entries(bodyAt(actions))) {
      const given = read(kind as FieldKind, bodyAt(state));
      if (given !== undefined) fields[block.slice(BLOCK.length)] = given;
    }
  }
  return fields;
}

function read(kind: FieldKind, state: Body): unknown {
  const chosen = textAt(state, "selected_option", "value");
  if (chosen !== null) return typedValue("choice", chosen);
  const text = textAt(state, "value");
  return text === null ? undefined : typedValue(kind, text);
}
