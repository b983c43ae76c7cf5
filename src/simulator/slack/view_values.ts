/** What the fields of a modal or home hold. */
import type { Block, Element, SlackView, StateValues } from "./types.ts";
import type { Wire } from "./wire.ts";

/** Inputs without a value that are not optional, as the client itself refuses them. */
export function unfilled(view: SlackView): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const block of view.blocks) {
    if (block.type !== "input" || block.optional === true) continue;
    const element = block.element as Element;
    const value = view.values[block.block_id!]?.[element.action_id ?? ""];
    if (isEmpty(value)) errors[block.block_id!] = "Please complete this required field.";
  }
  return errors;
}

function isEmpty(value: Wire | undefined): boolean {
  if (value === undefined) return true;
  const { type: _type, ...rest } = value;
  return Object.values(rest).every(
    (inner) => inner === null || inner === undefined || inner === "" || (Array.isArray(inner) && inner.length === 0),
  );
}

/** What a view's fields hold before anybody touched them: Slack sends initial values too. */
export function initialValues(blocks: Block[]): StateValues {
  const values: StateValues = {};
  for (const block of blocks) {
    const elements =
      block.type === "input"
        ? [block.element as Element]
        : block.type === "actions"
          ? (block.elements as Element[])
          : block.type === "section" && block.accessory !== undefined
            ? [block.accessory as Element]
            : [];
    for (const element of elements) {
      if (element.type === "button" || element.type === "overflow" || element.type === "image") continue;
      values[block.block_id!] ??= {};
      values[block.block_id!]![element.action_id ?? ""] = { type: element.type, ...initialOf(element) };
    }
  }
  return values;
}

function initialOf(element: Element): Wire {
  if (element.type.endsWith("_input")) return { value: element.initial_value ?? null };
  if (element.type === "checkboxes" || element.type.startsWith("multi_")) {
    return { selected_options: element.initial_options ?? [] };
  }
  if (element.type === "datepicker") return { selected_date: element.initial_date ?? null };
  if (element.type === "timepicker") return { selected_time: element.initial_time ?? null };
  if (element.type === "datetimepicker") return { selected_date_time: element.initial_date_time ?? null };
  if (element.type === "users_select") return { selected_user: element.initial_user ?? null };
  if (element.type === "conversations_select" || element.type === "channels_select") {
    return { selected_conversation: element.initial_conversation ?? null };
  }
  return { selected_option: element.initial_option ?? null };
}
