/** What every kind of node reads alike: templates, and how often a step is tried. */
import type { RetryPolicy } from "./definition.ts";
import type { Draft } from "./draft.ts";
import type { Shape } from "./shape.ts";
import type { Tree } from "./tree.ts";

const DEFAULT_BACKOFF_MS = 1000;
const MAX_BACKOFF_MS = 60_000;
/** Every task's locals besides the run's variables. */
export const LOOP_LOCALS = ["iteration", "maxIterations", "output", "feedback"] as const;
export const ITEM_LOCALS = ["item", "index"] as const;

export const COMMON = { onFailure: "fail" as const, failureApprovers: null, maxVisits: null, repeats: false };

/** Templates inside the strings of a JSON value. */
export function noteTemplates(draft: Draft, tree: Tree | null, label: string, locals: readonly string[]): void {
  if (tree === null) return;
  if (tree.kind === "scalar") {
    if (typeof tree.value === "string")
      draft.texts.push({ kind: "template", source: tree.value, at: tree.at, label, locals });
  } else if (tree.kind === "list") for (const item of tree.items) noteTemplates(draft, item, label, locals);
  else for (const entry of tree.entries) noteTemplates(draft, entry.value, label, locals);
}

/** The text of a template field, noted for checking; null when absent. */
export function template(draft: Draft, shape: Shape, field: string, locals: readonly string[] = []): string | null {
  const source = shape.text(field);
  if (source !== null)
    draft.texts.push({ kind: "template", source, at: shape.place(field), label: shape.label, locals });
  return source;
}

export function retryPolicy(shape: Shape, field: string, fallback = 0): RetryPolicy {
  return {
    max: shape.count(field, fallback, 0, 20),
    backoffMs: shape.durationMs("retryBackoffMs") ?? DEFAULT_BACKOFF_MS,
    maxBackoffMs: Math.max(MAX_BACKOFF_MS, shape.durationMs("retryBackoffMs") ?? 0),
  };
}
