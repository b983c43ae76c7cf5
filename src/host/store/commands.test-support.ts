/** Random schemas, transactions and queries, applied to the store and to the model side by side. */
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { expect } from "vitest";
import fc from "../../../test/property.ts";
import { exported, indexRange, tableScan } from "./fixtures.test-support.ts";
import type { Model } from "./model.test-support.ts";
import type { Json, JsonObject, QueryJson, RangeJson, Savepoint, Store, Writer } from "./types.ts";

export const TABLES = ["one", "two"];
const FIELDS = ["a", "b", "o.x"];

// Few values, so that many documents collide in an index; each kind of value is there.
const value: fc.Arbitrary<Json> = fc.constantFrom<Json[]>(
  null,
  0,
  1,
  2.5,
  -1,
  "",
  "a",
  "a\u0000",
  "b",
  true,
  [],
  ["a"],
  [1, null],
  { k: 1 },
  { $integer: "AQAAAAAAAAA=" },
  { $float: "AAAAAAAAAIA=" },
  { $bytes: "AAA=" },
);
const maybe = fc.option(value, { nil: undefined });
const body: fc.Arbitrary<JsonObject> = fc.record({ a: maybe, b: maybe, x: maybe }).map(({ a, b, x }) => ({
  ...(a === undefined ? {} : { a }),
  ...(b === undefined ? {} : { b }),
  ...(x === undefined ? {} : { o: { x } }),
}));
const patch: fc.Arbitrary<JsonObject> = fc.oneof(
  body,
  fc.constantFrom<JsonObject[]>({ a: { $undefined: null } }, { o: { $undefined: null }, b: 1 }, {}),
);
export const table = fc.constantFrom(...TABLES);
export const pick = fc.nat({ max: 30 });

type Command =
  | { type: "insert"; table: string; body: JsonObject }
  | { type: "patch" | "replace"; table: string; pick: number; body: JsonObject }
  | { type: "remove"; table: string; pick: number }
  | { type: "savepoint" | "release" | "rollback" };
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant("insert" as const), table, body }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constantFrom("patch" as const, "replace" as const), table, pick, body: patch }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("remove" as const), table, pick }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constantFrom("savepoint" as const, "release" as const, "rollback" as const) }),
  },
);
export const transactionArbitrary = fc.record({ commands: fc.array(command, { maxLength: 12 }), fails: fc.boolean() });
/** Each index is a list of fields without repetition. */
export const indexes = fc.uniqueArray(fc.shuffledSubarray(FIELDS, { minLength: 1 }), {
  maxLength: 3,
  selector: (fields) => fields.join(),
});

export interface QuerySpec {
  table: string;
  index: number;
  equal: Json[];
  lower: { type: "Gt" | "Gte"; value: Json } | null;
  upper: { type: "Lt" | "Lte"; value: Json } | null;
  order: "asc" | "desc" | null;
  limit: number | null;
  /** Whose id or creation time bounds a range of a built-in index. */
  picks: number[];
}
const bound = fc.oneof(
  { weight: 4, arbitrary: value },
  { weight: 1, arbitrary: fc.constant<Json>({ $undefined: null }) },
);
export const querySpec: fc.Arbitrary<QuerySpec> = fc.record({
  table,
  index: fc.nat({ max: 6 }),
  equal: fc.array(bound, { maxLength: 2 }),
  lower: fc.option(fc.record({ type: fc.constantFrom("Gt" as const, "Gte" as const), value: bound })),
  upper: fc.option(fc.record({ type: fc.constantFrom("Lt" as const, "Lte" as const), value: bound })),
  order: fc.constantFrom("asc", "desc", null),
  limit: fc.option(fc.integer({ min: 1, max: 6 })),
  picks: fc.array(pick, { minLength: 2, maxLength: 2 }),
});

export function define(store: Store, declared: readonly string[][]): void {
  const names = Object.fromEntries(declared.map((fields, i) => [`by_${i}`, fields]));
  const one = Object.entries(names).reduce(
    (built, [name, fields]) => built.index(name, fields as ["a"]),
    defineTable(v.any()) as never as ReturnType<typeof anyTable>,
  );
  store.defineComponent("", exported(defineSchema({ one, two: one })));
}
const anyTable = () => defineTable({ a: v.any() });

/** A query, and what it must give for the documents of the model at that time. */
export interface Built {
  query: QueryJson;
  expected: () => JsonObject[];
}

export function build(spec: QuerySpec, declared: readonly string[][], model: Model): Built {
  const fields = declared[spec.index];
  if (fields === undefined) return buildBuiltIn(spec, model);
  const range: RangeJson[] = spec.equal
    .slice(0, fields.length)
    .map((item, i) => ({ type: "Eq", fieldPath: fields[i]!, value: item }));
  const next = fields[range.length];
  if (next !== undefined) {
    if (spec.lower !== null) range.push({ ...spec.lower, fieldPath: next });
    if (spec.upper !== null) range.push({ ...spec.upper, fieldPath: next });
  }
  const query = indexRange(
    `${spec.table}.by_${spec.index}`,
    range.map((step) => [step.type, step.fieldPath, step.value]),
    spec.order,
  );
  return { query, expected: () => model.range(spec.table, fields, range, spec.order) };
}

/** The whole table, or a range of `by_id` or `by_creation_time` between two of its documents. */
function buildBuiltIn(spec: QuerySpec, model: Model): Built {
  const { table: name, order } = spec;
  if (spec.index % 3 === 0)
    return { query: tableScan(name, [], order), expected: () => model.range(name, [], [], order) };
  const [index, field] = spec.index % 3 === 1 ? ["by_id", "_id"] : ["by_creation_time", "_creationTime"];
  const documents = model.all(name);
  const bounds = spec.picks.map((at) => documents[at % Math.max(documents.length, 1)]?.[field]);
  const range: RangeJson[] = [];
  if (spec.equal.length === 2 && bounds[0] !== undefined)
    range.push({ type: "Eq", fieldPath: field, value: bounds[0] });
  else {
    if (spec.lower !== null)
      range.push({ type: spec.lower.type, fieldPath: field, value: bounds[0] ?? spec.lower.value });
    if (spec.upper !== null)
      range.push({ type: spec.upper.type, fieldPath: field, value: bounds[1] ?? spec.upper.value });
  }
  const query = indexRange(
    `${name}.${index}`,
    range.map((step) => [step.type, step.fieldPath, step.value]),
    order,
  );
  return {
    query,
    expected: () =>
      field === "_id" ? byId(model.range(name, [], range, null), order) : model.range(name, [], range, order),
  };
}

function byId(documents: JsonObject[], order: "asc" | "desc" | null): JsonObject[] {
  const ascending = [...documents].sort((a, b) => (String(a._id) < String(b._id) ? -1 : 1));
  return order === "desc" ? ascending.reverse() : ascending;
}

function apply(tx: Writer, model: Model, commands: readonly Command[]): void {
  const savepoints: Savepoint[] = [];
  for (const step of commands) {
    switch (step.type) {
      case "insert": {
        const id = tx.insert("", step.table, step.body);
        model.put(step.table, JSON.parse(tx.get("", id)!) as JsonObject);
        break;
      }
      case "savepoint":
        savepoints.push(tx.savepoint());
        model.begin();
        break;
      case "release":
        if (savepoints.length === 0) break;
        savepoints.pop()!.release();
        model.keep();
        break;
      case "rollback":
        if (savepoints.length === 0) break;
        savepoints.pop()!.rollback();
        model.undo();
        break;
      default:
        change(tx, model, step);
    }
  }
  for (const savepoint of savepoints.reverse()) {
    savepoint.release();
    model.keep();
  }
}

function change(tx: Writer, model: Model, step: Extract<Command, { pick: number }>): void {
  const documents = model.all(step.table);
  const target = documents[step.pick % Math.max(documents.length, 1)];
  if (target === undefined) return;
  const id = target._id as string;
  if (step.type === "remove") {
    tx.remove("", id);
    model.drop(step.table, id);
    return;
  }
  tx[step.type]("", id, step.body);
  const { _id, _creationTime } = target;
  const merged: JsonObject =
    step.type === "patch" ? { ...target, ...step.body } : { ...step.body, _id: _id!, _creationTime: _creationTime! };
  const kept = Object.entries(merged).filter(
    ([, item]) => !(typeof item === "object" && item !== null && "$undefined" in item),
  );
  model.put(step.table, Object.fromEntries(kept));
}

export async function run(
  store: Store,
  model: Model,
  transaction: { commands: Command[]; fails: boolean },
): Promise<void> {
  model.begin();
  const work = store.write(async (tx) => {
    apply(tx, model, transaction.commands);
    if (transaction.fails) throw new Error("as planned");
  });
  if (transaction.fails) {
    await expect(work).rejects.toThrow("as planned");
    model.undo();
  } else {
    await work;
    model.keep();
  }
}
