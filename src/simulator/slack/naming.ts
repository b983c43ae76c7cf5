/** Slack names every block and element that came without a name, and refers to them by it later. */
import type { SlackIds } from "./ids.ts";
import type { Block, Element } from "./types.ts";

export function nameBlocks(blocks: Block[], ids: SlackIds): Block[] {
  const nameElement = (element: Element): Element =>
    element.action_id === undefined && element.type !== "image"
      ? { ...element, action_id: `a${ids.count()}` }
      : element;
  return blocks.map((block) => {
    const named = block.block_id === undefined ? { ...block, block_id: `b${ids.count()}` } : { ...block };
    if (named.type === "actions") named.elements = (named.elements as Element[]).map(nameElement);
    else if (named.type === "input") named.element = nameElement(named.element as Element);
    else if (named.type === "section" && named.accessory !== undefined)
      named.accessory = nameElement(named.accessory as Element);
    return named;
  });
}
