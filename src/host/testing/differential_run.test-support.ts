/** Runs random programs on convex-test and on this host. */
import type { Value } from "convex/values";
import { convexTest as reference } from "convex-test";
import { expect } from "vitest";
import fc from "../../../test/property.ts";
import { convexTest } from "./convex_test.ts";
import {
  type Outcome,
  type Program,
  programs,
  run,
  runReference,
  type SchemaPlan,
  schemaOf,
  schemas,
} from "./differential.test-support.ts";

const modules = { "./_generated/api.js": async () => ({}), "./ops.ts": async () => ({ run }) };

/** Each of the two puts its own on the one global, once, at its first backend. */
const syscalls = new Map<typeof reference, unknown>();

/** What each program saw; "refused" when it threw as a whole. At the end all documents. */
async function outcomes(make: typeof reference, schema: SchemaPlan, plan: Program[]): Promise<Value[]> {
  const backend = make(schemaOf(schema) as never, modules);
  const realm = globalThis as { Convex?: unknown };
  syscalls.set(make, syscalls.get(make) ?? realm.Convex);
  realm.Convex = syscalls.get(make);
  let ids: string[] = [];
  const all: Value[] = [];
  const look = { table: "one", index: 9, equal: [], lower: null, upper: null, order: null, filter: null } as const;
  const end = { how: "collect" } as const;
  const last: Program = {
    ops: [
      { op: "query", query: { ...look, equal: [], end } },
      { op: "query", query: { ...look, equal: [], table: "two", end } },
    ],
    fails: false,
  };
  for (const program of [...plan, last]) {
    try {
      const args = { ...program, ids, indexes: schema.indexes };
      const outcome = (await backend.mutation(runReference, args as never)) as Outcome;
      ids = outcome.ids;
      all.push(outcome.seen);
    } catch {
      all.push("refused");
    }
  }
  return all;
}

/** Throws the smallest schema and programs that see something else on this host than on convex-test. */
export async function compareWithConvexTest(numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(schemas, programs, async (schema, plan) => {
      const expected = await outcomes(reference, schema, plan);
      const actual = await outcomes(convexTest as typeof reference, schema, plan);
      expect(actual).toEqual(expected);
    }),
    { numRuns },
  );
}
