/** Reads the fields of a map, each problem at its place. A getter that finds something wrong reports it and returns its default. */
import type { Json } from "./definition.ts";
import { didYouMean } from "./suggest.ts";
import { type Problems, type Tree, toJson } from "./tree.ts";

/** A good deal below the five years that Convex schedules ahead. */
export const MAX_DURATION_MS = 1800 * 24 * 3600 * 1000;

export class Shape {
  readonly at: number;
  readonly problems: Problems;
  /** "node \"check\"", to begin a message with. */
  readonly label: string;
  private readonly fields = new Map<string, { at: number; value: Tree }>();

  /** Reports fields that are not in `known`. A tree that is no map is reported and has no fields. */
  constructor(tree: Tree, known: readonly string[], problems: Problems, label: string) {
    this.at = tree.at;
    this.problems = problems;
    this.label = label;
    if (tree.kind !== "map") {
      problems.error(tree.at, `${label} must be a map of fields`, `its fields are ${known.join(", ")}`);
      return;
    }
    for (const { key, at, value } of tree.entries) {
      if (known.includes(key)) this.fields.set(key, { at, value });
      else {
        const near = didYouMean(key, known);
        const remedy = near ? `did you mean "${near}"?` : `its fields are ${known.join(", ")}`;
        problems.error(at, `${label} has no field "${key.slice(0, 60)}"`, remedy);
      }
    }
  }

  has(field: string): boolean {
    return this.fields.has(field);
  }

  /** Where the field's value stands; the map itself if it is absent. */
  place(field: string): number {
    return this.fields.get(field)?.value.at ?? this.at;
  }

  tree(field: string): Tree | null {
    return this.fields.get(field)?.value ?? null;
  }

  error(field: string, message: string, remedy: string): void {
    this.problems.error(this.place(field), `${this.label}: ${message}`, remedy);
  }

  /** Null when absent. Numbers and yes/no values are taken as they were written. */
  text(field: string): string | null {
    const tree = this.tree(field);
    if (tree === null) return null;
    const text = scalarText(tree);
    if (text === null || text.trim() === "") {
      this.error(field, `${field} must be text`, `write ${field}: some text`);
      return null;
    }
    return text;
  }

  requiredText(field: string, why: string): string {
    if (!this.has(field)) this.error(field, `${field} is missing`, why);
    return this.text(field) ?? "";
  }

  /** A whole number of at least `least` and at most `most`. */
  count(field: string, fallback: number, least: number, most: number): number {
    return this.optionalCount(field, least, most) ?? fallback;
  }

  optionalCount(field: string, least: number, most: number): number | null {
    const tree = this.tree(field);
    if (tree === null) return null;
    const value = tree.kind === "scalar" ? tree.value : null;
    if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
      const unit = field.endsWith("Ms") ? " of milliseconds" : "";
      this.error(
        field,
        `${field} must be a whole number${unit} from ${least} to ${most}`,
        `write ${field}: ${Math.max(least, 1)}`,
      );
      return null;
    }
    return value;
  }

  durationMs(field: string): number | null {
    return this.optionalCount(field, 1, MAX_DURATION_MS);
  }

  flag(field: string): boolean {
    const tree = this.tree(field);
    if (tree === null) return false;
    if (tree.kind === "scalar" && typeof tree.value === "boolean") return tree.value;
    this.error(field, `${field} must be true or false`, `write ${field}: true`);
    return false;
  }

  choice<T extends string>(field: string, choices: readonly T[], fallback: T): T {
    const text = this.text(field);
    if (text === null) return fallback;
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    const near = didYouMean(text, choices);
    this.error(
      field,
      `${field} cannot be "${text.slice(0, 40)}"`,
      near ? `did you mean "${near}"?` : `write one of ${choices.join(", ")}`,
    );
    return fallback;
  }

  /** Null when absent; single text counts as a list of one. */
  texts(field: string): { text: string; at: number }[] | null {
    const tree = this.tree(field);
    if (tree === null) return null;
    const items = tree.kind === "list" ? tree.items : [tree];
    const found: { text: string; at: number }[] = [];
    for (const item of items) {
      const text = scalarText(item);
      if (text === null || text.trim() === "") {
        this.problems.error(
          item.at,
          `${this.label}: ${field} must be a list of texts`,
          `write ${field}: [one, another]`,
        );
      } else {
        found.push({ text, at: item.at });
      }
    }
    return found;
  }

  json(field: string): Json {
    const tree = this.tree(field);
    return tree === null ? null : toJson(tree);
  }
}

export function scalarText(tree: Tree): string | null {
  if (tree.kind !== "scalar" || tree.value === null) return null;
  return typeof tree.value === "string" ? tree.value : tree.source;
}
