import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { collect, exported, indexRange, tableScan, testStore } from "./fixtures.test-support.ts";
import { invalidates } from "./index.ts";
import { Model } from "./model.test-support.ts";
import type { Json, JsonObject, PageResult, QueryJson, RangeJson, Reader, Savepoint, Store, Writer } from "./types.ts";

const TABLES = ["one", "two"];
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
const table = fc.constantFrom(...TABLES);
const pick = fc.nat({ max: 30 });

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
const transactionArbitrary = fc.record({ commands: fc.array(command, { maxLength: 12 }), fails: fc.boolean() });
/** Each index is a list of fields without repetition. */
const indexes = fc.uniqueArray(fc.shuffledSubarray(FIELDS, { minLength: 1 }), {
  maxLength: 3,
  selector: (fields) => fields.join(),
});

interface QuerySpec {
  table: string;
  index: number;
  equal: Json[];
  lower: { type: "Gt" | "Gte"; value: Json } | null;
  upper: { type: "Lt" | "Lte"; value: Json } | null;
  order: "asc" | "desc" | null;
  limit: number | null;
}
const bound = fc.oneof(
  { weight: 4, arbitrary: value },
  { weight: 1, arbitrary: fc.constant<Json>({ $undefined: null }) },
);
const querySpec: fc.Arbitrary<QuerySpec> = fc.record({
  table,
  index: fc.nat({ max: 4 }),
  equal: fc.array(bound, { maxLength: 2 }),
  lower: fc.option(fc.record({ type: fc.constantFrom("Gt" as const, "Gte" as const), value: bound })),
  upper: fc.option(fc.record({ type: fc.constantFrom("Lt" as const, "Lte" as const), value: bound })),
  order: fc.constantFrom("asc", "desc", null),
  limit: fc.option(fc.integer({ min: 1, max: 6 })),
});

function define(store: Store, declared: readonly string[][]): void {
  const names = Object.fromEntries(declared.map((fields, i) => [`by_${i}`, fields]));
  const one = Object.entries(names).reduce(
    (built, [name, fields]) => built.index(name, fields as ["a"]),
    defineTable(v.any()) as never as ReturnType<typeof anyTable>,
  );
  store.defineComponent("", exported(defineSchema({ one, two: one })));
}
const anyTable = () => defineTable({ a: v.any() });

/** The query, and what it must give. */
function build(
  spec: QuerySpec,
  declared: readonly string[][],
  model: Model,
): { query: QueryJson; expected: JsonObject[] } {
  const fields = declared[spec.index];
  if (fields === undefined) {
    const all = model.range(spec.table, [], [], spec.order);
    return { query: tableScan(spec.table, [], spec.order), expected: all };
  }
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
  return { query, expected: model.range(spec.table, fields, range, spec.order) };
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

async function run(store: Store, model: Model, transaction: { commands: Command[]; fails: boolean }): Promise<void> {
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

function allPages(
  reader: Reader,
  query: QueryJson,
  sizes: readonly number[],
): { rows: JsonObject[]; pages: PageResult[] } {
  const rows: JsonObject[] = [];
  const pages: PageResult[] = [];
  for (let cursor: string | null = null; ; ) {
    const pageSize = sizes[pages.length % sizes.length]!;
    const page = reader.page("", { query, cursor, endCursor: null, pageSize });
    pages.push(page);
    rows.push(...page.page.map((text) => JSON.parse(text) as JsonObject));
    if (page.isDone) return { rows, pages };
    cursor = page.continueCursor;
  }
}

const texts = (documents: readonly JsonObject[]) => documents.map((document) => JSON.stringify(sorted(document)));
const sorted = (document: JsonObject) =>
  Object.fromEntries(Object.entries(document).sort(([a], [b]) => (a < b ? -1 : 1)));

describe("the store equals a naive model", () => {
  test("for any transactions, savepoints, indexes, ranges, orders and limits", async () => {
    await fc.assert(
      fc.asyncProperty(
        indexes,
        fc.array(transactionArbitrary, { maxLength: 5 }),
        fc.array(querySpec, { minLength: 1, maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
        async (declared, transactions, queries, sizes) => {
          const store = testStore();
          define(store, declared);
          const model = new Model();
          for (const transaction of transactions) await run(store, model, transaction);
          await store.read(async (tx) => {
            for (const name of TABLES) expect(tx.count("", name)).toBe(model.all(name).length);
            for (const spec of queries) {
              const { query, expected } = build(spec, declared, model);
              expect(texts(collect(tx, query))).toEqual(texts(expected));
              expect(texts(allPages(tx, query, sizes).rows)).toEqual(texts(expected));
              const limited = { ...query, operators: spec.limit === null ? [] : [{ limit: spec.limit }] };
              expect(texts(collect(tx, limited))).toEqual(texts(expected.slice(0, spec.limit ?? undefined)));
            }
          });
          store.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  test("an index declared later holds what one declared from the start would", async () => {
    await fc.assert(
      fc.asyncProperty(
        indexes,
        fc.array(transactionArbitrary, { maxLength: 3 }),
        fc.array(querySpec, { maxLength: 5 }),
        async (declared, transactions, queries) => {
          const store = testStore();
          define(store, []);
          const model = new Model();
          for (const transaction of transactions) await run(store, model, transaction);
          define(store, declared);
          await store.read(async (tx) => {
            for (const spec of queries) {
              const { query, expected } = build(spec, declared, model);
              expect(texts(collect(tx, query))).toEqual(texts(expected));
            }
          });
          store.close();
        },
      ),
      { numRuns: 50 },
    );
  });

  test("a page between two cursors covers exactly what is between them after any further writes", async () => {
    await fc.assert(
      fc.asyncProperty(
        indexes,
        transactionArbitrary,
        transactionArbitrary,
        querySpec,
        fc.integer({ min: 1, max: 4 }),
        async (declared, before, after, spec, size) => {
          const store = testStore();
          define(store, declared);
          const model = new Model();
          await run(store, model, before);
          const { query } = build(spec, declared, model);
          const { pages } = (await store.read(async (tx) => allPages(tx, query, [size]))).value;
          await run(store, model, after);
          const { expected } = build(spec, declared, model);
          await store.read(async (tx) => {
            // The pages of the first walk, read again: together they are the whole range as it is now.
            const rows: JsonObject[] = [];
            let cursor: string | null = null;
            for (const { continueCursor } of pages) {
              const page = tx.page("", { query, cursor, endCursor: continueCursor, pageSize: size });
              expect(page.continueCursor).toBe(continueCursor);
              rows.push(...page.page.map((text) => JSON.parse(text) as JsonObject));
              cursor = continueCursor;
            }
            expect(texts(rows)).toEqual(texts(expected));
          });
          store.close();
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("invalidation", () => {
  test("a commit that changes what was read is noticed, however the read was made", async () => {
    const read = fc.oneof(
      fc.record({
        kind: fc.constant("query" as const),
        spec: querySpec,
        limit: fc.option(fc.integer({ min: 1, max: 3 })),
      }),
      fc.record({ kind: fc.constant("page" as const), spec: querySpec, limit: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ kind: fc.constant("count" as const), table }),
      fc.record({ kind: fc.constant("get" as const), table, pick }),
      fc.record({
        kind: fc.constant("ids" as const),
        table,
        order: fc.constantFrom("asc" as const, "desc" as const),
        limit: fc.integer({ min: 1, max: 3 }),
      }),
      fc.record({ kind: fc.constant("unknown" as const) }),
    );
    let changes = 0;
    await fc.assert(
      fc.asyncProperty(
        indexes,
        transactionArbitrary,
        transactionArbitrary,
        read,
        async (declared, before, after, what) => {
          const store = testStore();
          define(store, declared);
          const model = new Model();
          await run(store, model, before);
          const documents = "table" in what ? model.all(what.table) : [];
          const target =
            what.kind === "get"
              ? (documents[what.pick % Math.max(documents.length, 1)]?._id as string | undefined)
              : undefined;
          const evaluate = async (tx: Reader): Promise<unknown> => {
            switch (what.kind) {
              case "query": {
                const { query } = build(what.spec, declared, model);
                return collect(tx, { ...query, operators: what.limit === null ? [] : [{ limit: what.limit }] });
              }
              case "page":
                return tx.page("", {
                  query: build(what.spec, declared, model).query,
                  cursor: null,
                  endCursor: null,
                  pageSize: what.limit,
                });
              case "count":
                return tx.count("", what.table);
              case "get":
                return target === undefined ? null : tx.get("", target);
              case "ids":
                return collect(tx, indexRange(`${what.table}.by_id`, [], what.order, [{ limit: what.limit }]));
              case "unknown":
                return collect(tx, tableScan("later"));
            }
          };
          const first = await store.read(evaluate, { track: true });
          const writes: boolean[] = [];
          store.onCommit((commit) => writes.push(invalidates(first.reads, commit.writes)));
          await run(store, model, after);
          if (what.kind === "unknown") await store.write(async (tx) => tx.insert("", "later", {}));
          const second = await store.read(evaluate, { track: true });
          const isChanged = JSON.stringify(first.value) !== JSON.stringify(second.value);
          if (isChanged) changes++;
          if (isChanged) expect(writes).toContain(true);
          expect(store.invalidatedSince(first.reads, first.ts)).toBe(writes.includes(true));
          store.close();
        },
      ),
      { numRuns: 150 },
    );
    // The property would also hold if nothing ever changed.
    expect(changes).toBeGreaterThan(10);
  });
});
