/**
 * A JSON schema's properties as fields of a modal, and what was typed as values again. Pure. A modal holds five fields; what is more
 * keeps its value and is edited elsewhere. The backend checks everything.
 */
import { type FieldKind, fieldKind, shownValue, typedValue } from "../../src/contract/form.ts";
import { type Body, bodiesAt, bodyAt, isBody, textAt } from "../../src/contract/untrusted.ts";
import { clip, LIMITS } from "./limits.ts";
import { COMPONENT } from "./wire.ts";

/** Of a field's custom id: what it is, so that it can be read back without the schema. */
const FIELD = "field";

export interface Field {
  type: typeof COMPONENT.label;
  label: string;
  description?: string;
  component: Record<string, unknown>;
}

export interface Form {
  fields: Field[];
  /** Names of properties that have no room. */
  left: string[];
}

export function formFields(schema: Body, values: Body, room: number): Form {
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const all = Object.entries(bodyAt(schema, "properties")).filter(([name]) => name.length <= 80);
  // What is required first: without it nothing could be submitted.
  const ordered = [...all.filter(([name]) => required.has(name)), ...all.filter(([name]) => !required.has(name))];
  return {
    fields: ordered
      .slice(0, room)
      .map(([name, property]) => field(name, isBody(property) ? property : {}, values[name], required.has(name))),
    left: ordered.slice(room).map(([name]) => name),
  };
}

function field(name: string, property: Body, given: unknown, required: boolean): Field {
  const kind = fieldKind(property, LIMITS.selectOptions);
  const hint = textAt(property, "description");
  return {
    type: COMPONENT.label,
    label: clip(textAt(property, "title") ?? name, LIMITS.fieldLabel),
    ...(hint === null ? {} : { description: clip(hint, LIMITS.fieldDescription) }),
    component: component(name, kind, property, given ?? property.default, required),
  };
}

function component(name: string, kind: FieldKind, property: Body, initial: unknown, required: boolean) {
  const custom_id = `${FIELD}.${kind}.${name}`;
  if (kind === "choice" || kind === "flag") {
    const choices: unknown[] = kind === "flag" ? [true, false] : (property.enum as unknown[]);
    const options = choices.map((choice) => ({
      label: clip(kind === "flag" ? (choice === true ? "yes" : "no") : shownValue(choice), LIMITS.optionLabel),
      value: clip(JSON.stringify(choice), LIMITS.optionLabel),
      ...(choice === initial ? { default: true } : {}),
    }));
    return { type: COMPONENT.select, custom_id, required, min_values: required ? 1 : 0, max_values: 1, options };
  }
  const value = initial === undefined || initial === null ? "" : clip(shownValue(initial), LIMITS.fieldText);
  const long = kind === "json" || Number(property.maxLength ?? 0) > 200 || value.includes("\n");
  return {
    type: COMPONENT.text,
    custom_id,
    style: long ? 2 : 1,
    required,
    max_length: LIMITS.fieldText,
    ...(value === "" ? {} : { value }),
  };
}

/** Custom id → what was typed or chosen, of a submitted modal in either of its layouts. */
export function submitted(data: Body): Map<string, string> {
  const found = new Map<string, string>();
  for (const row of bodiesAt(data, "components")) {
    for (const one of isBody(row.component) ? [row.component] : bodiesAt(row, "components")) {
      const id = textAt(one, "custom_id");
      const values = Array.isArray(one.values) ? one.values : [one.value];
      if (id !== null && typeof values[0] === "string") found.set(id, values[0]);
    }
  }
  return found;
}

/** What was submitted -> the fields by name. What was left empty is left out. */
export function readFields(values: ReadonlyMap<string, string>): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [id, text] of values) {
    const [, kind, name] = /^field\.(\w+)\.([\s\S]+)$/.exec(id) ?? [];
    if (name === undefined || text === "") continue;
    fields[name] = typedValue(kind as FieldKind, text);
  }
  return fields;
}
