/** Finding what a person presses or fills, and what it then carries. */
import { type Block, type Element, SlackError } from "./types.ts";
import type { Wire } from "./wire.ts";

/** A field's value in short: text for inputs and dates, an option's value for selects, a list of them for checkboxes. */
export type FieldValue = string | string[] | null;

/** By action_id, by block_id (of an input), or by the words on a button. */
export function elementIn(blocks: Block[], wanted: string): { block: Block; element: Element } {
  const all = blocks.flatMap((block) => elementsOf(block).map((element) => ({ block, element })));
  const found =
    all.find(({ element }) => element.action_id === wanted) ??
    all.find(({ element }) => (element.text as { text?: unknown } | undefined)?.text === wanted) ??
    all.find(({ block }) => block.block_id === wanted);
  if (found === undefined) throw new SlackError(`nothing named "${wanted}" can be pressed or filled here`);
  return found;
}

function elementsOf(block: Block): Element[] {
  if (block.type === "actions") return block.elements as Element[];
  if (block.type === "input") return [block.element as Element];
  return block.type === "section" && block.accessory !== undefined ? [block.accessory as Element] : [];
}

export function fieldValue(element: Element, value: FieldValue): Wire {
  const options = (element.options ?? []) as { value?: unknown }[];
  const option = (wanted: string) => {
    const found = options.find((other) => other.value === wanted);
    if (found === undefined) throw new SlackError(`there is no option "${wanted}"`);
    return found;
  };
  const many = Array.isArray(value) ? value : value === null ? [] : [value];
  const one = Array.isArray(value) ? (value[0] ?? null) : value;
  switch (element.type) {
    case "datepicker":
      return { selected_date: one };
    case "timepicker":
      return { selected_time: one };
    case "datetimepicker":
      return { selected_date_time: one === null ? null : Number(one) };
    case "users_select":
      return { selected_user: one };
    case "channels_select":
      return { selected_channel: one };
    case "conversations_select":
      return { selected_conversation: one };
    case "checkboxes":
    case "multi_static_select":
      return { selected_options: many.map(option) };
    case "static_select":
    case "radio_buttons":
    case "overflow":
      return { selected_option: one === null ? null : option(one) };
    default:
      return { value: one };
  }
}
