import { describe, expect, test } from "vitest";
import fc from "../../../test/property.ts";
import { build, define, indexes, pick, querySpec, run, table, transactionArbitrary } from "./commands.test-support.ts";
import { collect, indexRange, tableScan, testStore } from "./fixtures.test-support.ts";
import { invalidates } from "./index.ts";
import { Model } from "./model.test-support.ts";
import type { Reader } from "./types.ts";

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
          // Built once: the bounds may be taken from documents that change later.
          const built = "spec" in what ? build(what.spec, declared, model).query : null;
          const evaluate = async (tx: Reader): Promise<unknown> => {
            switch (what.kind) {
              case "query": {
                return collect(tx, { ...built!, operators: what.limit === null ? [] : [{ limit: what.limit }] });
              }
              case "page":
                return tx.page("", {
                  query: built!,
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
          store.close();
        },
      ),
      { numRuns: 150 },
    );
    // The property would also hold if nothing ever changed.
    expect(changes).toBeGreaterThan(10);
  });
});
