/** The store again, naive: arrays of documents sorted with convex's own compareValues. The yardstick for the property tests. */
import { compareValues, jsonToConvex, type Value } from "convex/values";
import { fieldAt } from "../values/key.ts";
import { isUndefined } from "../values/special.ts";
import type { Json, JsonObject, RangeJson } from "./types.ts";

export type Tables = Map<string, JsonObject[]>;

export class Model {
  tables: Tables = new Map();
  readonly #saved: Tables[] = [];

  begin(): void {
    this.#saved.push(new Map([...this.tables].map(([name, documents]) => [name, [...documents]])));
  }
  keep(): void {
    this.#saved.pop();
  }
  undo(): void {
    this.tables = this.#saved.pop()!;
  }

  all(table: string): JsonObject[] {
    return this.tables.get(table) ?? [];
  }
  put(table: string, document: JsonObject): void {
    this.tables.set(table, [...this.all(table).filter(({ _id }) => _id !== document._id), document]);
  }
  drop(table: string, id: string): void {
    this.tables.set(
      table,
      this.all(table).filter(({ _id }) => _id !== id),
    );
  }

  /** Documents of an index range, in order. `fields` are the declared ones. */
  range(
    table: string,
    fields: readonly string[],
    range: readonly RangeJson[],
    order: "asc" | "desc" | null,
  ): JsonObject[] {
    const sortBy = [...fields, "_creationTime", "_id"];
    const sorted = this.all(table)
      .filter((document) => range.every((step) => fits(step, document)))
      .sort((a, b) => {
        for (const field of sortBy) {
          const difference = compareValues(valueAt(a, field), valueAt(b, field));
          if (difference !== 0) return difference;
        }
        return 0;
      });
    return order === "desc" ? sorted.reverse() : sorted;
  }
}

export function valueAt(document: JsonObject, field: string): Value | undefined {
  return toValue(fieldAt(document, field.split(".")));
}

function toValue(json: Json | undefined): Value | undefined {
  return json === undefined || isUndefined(json) ? undefined : jsonToConvex(json);
}

function fits(step: RangeJson, document: JsonObject): boolean {
  const difference = compareValues(valueAt(document, step.fieldPath), toValue(step.value));
  switch (step.type) {
    case "Eq":
      return difference === 0;
    case "Gt":
      return difference > 0;
    case "Gte":
      return difference >= 0;
    case "Lt":
      return difference < 0;
    case "Lte":
      return difference <= 0;
  }
}
