/** A node whose type nobody knows: what can still be read of it, so that the rest of the file is checked as if it were there. */
import type { NodeType } from "./definition.ts";
import { type Draft, edge } from "./draft.ts";
import { ITEM_LOCALS, LOOP_LOCALS, noteTemplates } from "./parse_parts.ts";
import { scalarText } from "./shape.ts";
import { didYouMean } from "./suggest.ts";
import type { Tree } from "./tree.ts";

type FieldsOf = Readonly<Record<NodeType, readonly string[]>>;

/** The type that was meant: by its name, else by its fields. It has every field that the node has; null when none or several could be. */
export function meantType(named: string | null, tree: Tree, fieldsOf: FieldsOf): NodeType | null {
  if (tree.kind !== "map") return null;
  const given = tree.entries.map(({ key }) => key);
  const fitting = (Object.keys(fieldsOf) as NodeType[]).filter((type) =>
    given.every((field) => fieldsOf[type].includes(field)),
  );
  const near = didYouMean(named ?? "", fitting);
  if (near !== null) return near as NodeType;
  // A loop and a fanout can do with a prompt what a task does, but have fields of their own that they cannot do without.
  if (given.includes("prompt") && fitting.includes("task")) return "task";
  return fitting.length === 1 ? fitting[0]! : null;
}

/** Notes where it leads and what it reads and sets. What else it means is not known, so the graph is not checked as a whole. */
export function readUnknown(draft: Draft, id: string, label: string, tree: Tree): void {
  draft.graphKnown = false;
  draft.aliases.set(id, id);
  if (tree.kind !== "map") return;
  for (const { key, value } of tree.entries) {
    if (["next", "truthy", "falsy", "branches"].includes(key)) leads(draft, id, value);
    else noteTemplates(draft, value, label, [...LOOP_LOCALS, ...ITEM_LOCALS]);
    const name = key === "saveAs" ? scalarText(value) : null;
    if (name !== null) draft.aliases.set(name, name);
  }
}

function leads(draft: Draft, from: string, tree: Tree): void {
  if (tree.kind === "map") for (const { value } of tree.entries) leads(draft, from, value);
  else if (tree.kind === "list") for (const item of tree.items) leads(draft, from, item);
  else edge(draft, from, scalarText(tree) ?? "", tree.at);
}
