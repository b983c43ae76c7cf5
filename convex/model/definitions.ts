/** Definitions as runs need them: parsed once, by their hash. A row never changes, so the memory can hold what it likes. */
import type { Definition } from "../../src/flow/definition.ts";
import type { Doc } from "../_generated/dataModel.js";

const MAX_PARSED = 100;
const parsed = new Map<string, Definition>();

export function definitionOf(row: Doc<"workflows">): Definition {
  const known = parsed.get(row.graphHash);
  if (known !== undefined) return known;
  const definition = JSON.parse(row.graph) as Definition;
  if (parsed.size >= MAX_PARSED) parsed.delete(parsed.keys().next().value ?? "");
  parsed.set(row.graphHash, definition);
  return definition;
}
