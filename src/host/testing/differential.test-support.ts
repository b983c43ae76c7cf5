/**
 * Random schemas and random programs of database calls, and a mutation that carries a program out. The same program runs on
 * convex-test and on this host; what it saw and what was refused must be the same.
 */
import { defineSchema, defineTable, makeFunctionReference, mutationGeneric } from "convex/server";
import { type Value, v } from "convex/values";
import fc from "../../../test/property.ts";

/** A value, or the id of the document picked. */
export type Template = Value | { $pick: number };
export type Body = Record<string, Template>;
type Compare = "eq" | "neq" | "lt" | "lte" | "gt" | "gte";
export type Filter =
  | { op: Compare; field: string; value: Value }
  | { op: "and" | "or"; of: Filter[] }
  | { op: "not"; of: Filter[] };

export type Op =
  | { op: "insert"; table: string; body: Body }
  | { op: "patch" | "replace"; pick: number; body: Body }
  | { op: "delete" | "get"; pick: number }
  | { op: "query"; query: QueryPlan }
  | { op: "nested"; ops: Op[]; fails: boolean }
  | { op: "throw" };

export interface QueryPlan {
  table: string;
  /** Which of the table's indexes; beyond them: a scan of the table. */
  index: number;
  equal: Value[];
  lower: { inclusive: boolean; value: Value } | null;
  upper: { inclusive: boolean; value: Value } | null;
  order: "asc" | "desc" | null;
  filter: Filter | null;
  end: { how: "collect" | "first" | "unique" } | { how: "take" | "paginate"; count: number };
}

export interface Program {
  ops: Op[];
  fails: boolean;
}

const TABLES = ["one", "two"];
const FIELDS = ["a", "b", "n", "o.x"];

const value: fc.Arbitrary<Value> = fc.constantFrom<Value[]>(
  null,
  0,
  1,
  -1.5,
  "",
  "a",
  "b",
  "a\u0000b",
  "ü",
  true,
  false,
  1n,
  -1n,
  [],
  [1, "a"],
  { k: 1 },
  { k: [null] },
  new Uint8Array([1, 2]).buffer,
);
const template: fc.Arbitrary<Template> = fc.oneof(
  { weight: 8, arbitrary: value as fc.Arbitrary<Template> },
  { weight: 1, arbitrary: fc.record({ $pick: fc.nat({ max: 20 }) }) },
);
const number = fc.constantFrom(-1, 0, 1, 2.5);
const body: fc.Arbitrary<Body> = fc
  .record({ a: fc.option(template), b: fc.option(template), x: fc.option(value), n: fc.option(number) })
  .map(({ a, b, x, n }) => ({
    ...(a === null ? {} : { a }),
    ...(b === null ? {} : { b }),
    ...(x === null ? {} : { o: { x } }),
    ...(n === null ? {} : { n }),
  }));

// Only numbers are compared by order: convex-test compares others as JavaScript does, which Convex does not.
const leaf: fc.Arbitrary<Filter> = fc.oneof(
  fc.record({ op: fc.constantFrom<Compare>("eq", "neq"), field: fc.constantFrom("a", "b", "o.x", "n"), value }),
  fc.record({
    op: fc.constantFrom<Compare>("lt", "lte", "gt", "gte"),
    field: fc.constant("rank"),
    value: number as fc.Arbitrary<Value>,
  }),
);
const filter: fc.Arbitrary<Filter> = fc.oneof(
  { weight: 3, arbitrary: leaf },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constantFrom("and" as const, "or" as const), of: fc.array(leaf, { maxLength: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant("not" as const), of: fc.array(leaf, { minLength: 1, maxLength: 1 }) }),
  },
);
const bound = fc.option(fc.record({ inclusive: fc.boolean(), value }));
const query: fc.Arbitrary<QueryPlan> = fc.record({
  table: fc.constantFrom(...TABLES),
  index: fc.nat({ max: 4 }),
  equal: fc.array(value, { maxLength: 2 }),
  lower: bound,
  upper: bound,
  order: fc.constantFrom("asc", "desc", null),
  filter: fc.option(filter),
  end: fc.oneof(
    fc.record({ how: fc.constantFrom("collect" as const, "first" as const, "unique" as const) }),
    fc.record({ how: fc.constantFrom("take" as const, "paginate" as const), count: fc.integer({ min: 1, max: 4 }) }),
  ),
});
const pick = fc.nat({ max: 20 });
function ops(depth: number): fc.Arbitrary<Op[]> {
  const op: fc.Arbitrary<Op> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ op: fc.constant("insert" as const), table: fc.constantFrom(...TABLES), body }),
    },
    { weight: 3, arbitrary: fc.record({ op: fc.constantFrom("patch" as const, "replace" as const), pick, body }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constantFrom("delete" as const, "get" as const), pick }) },
    { weight: 5, arbitrary: fc.record({ op: fc.constant("query" as const), query }) },
    ...(depth === 0
      ? []
      : [
          {
            weight: 2,
            arbitrary: fc.record({ op: fc.constant("nested" as const), ops: ops(depth - 1), fails: fc.boolean() }),
          },
        ]),
  );
  return fc.array(op, { maxLength: 7 });
}
export const programs: fc.Arbitrary<Program[]> = fc.array(
  fc.record({ ops: ops(2), fails: fc.boolean().map((fails) => fails) }),
  { minLength: 1, maxLength: 4 },
);

const validators = {
  any: () => v.optional(v.any()),
  text: () => v.optional(v.string()),
  some: () => v.optional(v.union(v.number(), v.string(), v.null())),
  id: () => v.optional(v.id("one")),
  list: () => v.optional(v.array(v.union(v.number(), v.string()))),
  object: () => v.optional(v.object({ k: v.number() })),
  integer: () => v.optional(v.int64()),
  // No record: convex-test takes a number for one.
  literal: () => v.optional(v.union(v.literal("a"), v.literal(1), v.literal(true))),
  bytes: () => v.optional(v.bytes()),
};
export interface SchemaPlan {
  /** null: anything goes. */
  fields: { a: keyof typeof validators; b: keyof typeof validators } | null;
  indexes: string[][];
}
const kind = fc.constantFrom(...(Object.keys(validators) as (keyof typeof validators)[]));
export const schemas: fc.Arbitrary<SchemaPlan> = fc.record({
  fields: fc.option(fc.record({ a: kind, b: kind })),
  indexes: fc.uniqueArray(fc.shuffledSubarray(FIELDS, { minLength: 1, maxLength: 3 }), {
    maxLength: 3,
    selector: (fields) => fields.join(),
  }),
});

export function schemaOf({ fields, indexes }: SchemaPlan) {
  const table = () => {
    const made =
      fields === null
        ? defineTable(v.any())
        : defineTable({
            a: validators[fields.a](),
            b: validators[fields.b](),
            n: v.optional(v.number()),
            o: v.optional(v.object({ x: v.any() })),
          });
    // biome-ignore lint/suspicious/noExplicitAny: the fields are known only now
    return indexes.reduce((built: any, declared, i) => built.index(`by_${i}`, declared), made);
  };
  return defineSchema({ one: table(), two: table() });
}

// biome-ignore lint/suspicious/noExplicitAny: the tables are known only at run time
type Db = any;
export interface Outcome {
  seen: Value[];
  /** All documents the caller may pick from, in the order of their creation. */
  ids: string[];
}
export const runReference = makeFunctionReference<"mutation">("ops:run");

/** Each call of the database answers with what it gave, or with "refused"; the words of a refusal may differ. */
export const run = mutationGeneric(
  async (ctx, args: { ops: Op[]; fails: boolean; ids: string[]; indexes: string[][] }): Promise<Outcome> => {
    const ids = [...args.ids];
    const seen: Value[] = [];
    for (const op of args.ops) {
      try {
        seen.push(await carryOut(ctx, op, ids, args.indexes));
      } catch {
        seen.push("refused");
      }
    }
    if (args.fails) throw new Error("on purpose");
    return { seen, ids };
  },
);

async function carryOut(ctx: { db: Db; runMutation: Db }, op: Op, ids: string[], indexes: string[][]): Promise<Value> {
  const { db } = ctx;
  const picked = (at: number) => ids[at % Math.max(1, ids.length)] ?? "none";
  // An id that is none is null for convex-test's `get` and refused by Convex.
  if ("pick" in op && ids.length === 0) return "nothing to pick";
  switch (op.op) {
    case "insert":
      ids.push(await db.insert(op.table, filled(op.body, picked)));
      return "inserted";
    case "patch":
      await db.patch(picked(op.pick), filled(op.body, picked));
      return "patched";
    case "replace":
      await db.replace(picked(op.pick), filled(op.body, picked));
      return "replaced";
    case "delete":
      await db.delete(picked(op.pick));
      return "deleted";
    case "get":
      return shown(await db.get(picked(op.pick)), ids);
    case "query":
      return await ask(db, op.query, ids, indexes);
    case "nested": {
      const inner = (await ctx.runMutation(runReference, { ops: op.ops, fails: op.fails, ids, indexes })) as Outcome;
      ids.splice(0, ids.length, ...inner.ids);
      return inner.seen;
    }
    case "throw":
      throw new Error("on purpose");
  }
}

function filled(body: Body, picked: (at: number) => string): Record<string, Value> {
  const isPick = (part: Template): part is { $pick: number } =>
    typeof part === "object" && part !== null && "$pick" in part;
  return Object.fromEntries(
    Object.entries(body).map(([key, part]) => [key, isPick(part) ? picked(part.$pick) : part]),
  ) as Record<string, Value>;
}

async function ask(db: Db, plan: QueryPlan, ids: string[], indexes: string[][]): Promise<Value> {
  const make = () => {
    let query = db.query(plan.table);
    const fields = indexes[plan.index];
    if (fields !== undefined) query = query.withIndex(`by_${plan.index}`, (q: Db) => ranged(q, plan, fields));
    if (plan.order !== null) query = query.order(plan.order);
    if (plan.filter !== null) query = query.filter((q: Db) => filtered(q, plan.filter!));
    return query;
  };
  const end = plan.end as { how: string; count: number };
  if (end.how === "collect") return ((await make().collect()) as Db[]).map((row) => shown(row, ids));
  if (end.how === "take") return ((await make().take(end.count)) as Db[]).map((row) => shown(row, ids));
  if (end.how === "first") return shown(await make().first(), ids);
  if (end.how === "unique") return shown(await make().unique(), ids);
  const { page, isDone } = (await make().paginate({ cursor: null, numItems: end.count })) as Db;
  return [(page as Db[]).map((row) => shown(row, ids)), isDone as boolean];
}

function ranged(q: Db, plan: QueryPlan, fields: string[]): Db {
  let range = q;
  const equal = plan.equal.slice(0, fields.length);
  equal.forEach((part, i) => {
    range = range.eq(fields[i], part);
  });
  const next = fields[equal.length];
  if (next === undefined) return range;
  if (plan.lower !== null) range = range[plan.lower.inclusive ? "gte" : "gt"](next, plan.lower.value);
  if (plan.upper !== null) range = range[plan.upper.inclusive ? "lte" : "lt"](next, plan.upper.value);
  return range;
}

function filtered(q: Db, part: Filter): Db {
  if ("of" in part) {
    const inner = part.of.map((one) => filtered(q, one));
    return part.op === "not" ? q.not(inner[0]) : q[part.op](...inner);
  }
  // "rank" is the number, where there is one.
  if (part.field === "rank") return q.and(q.neq(q.field("n"), undefined), q[part.op](q.field("n"), part.value));
  return q[part.op](q.field(part.field), part.value);
}

/** Ids by their place, because each backend makes its own; the time of creation only by the order it leads to. */
function shown(document: Record<string, Value> | null, ids: string[]): Value {
  if (document === null) return null;
  const { _id, _creationTime, ...fields } = document;
  const place = (part: Value): Value => {
    const at = typeof part === "string" ? ids.indexOf(part) : -1;
    return at < 0 ? part : `#${at}`;
  };
  return { id: place(_id!), ...Object.fromEntries(Object.entries(fields).map(([key, part]) => [key, place(part)])) };
}
