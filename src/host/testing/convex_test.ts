/**
 * `convexTest` over the embedded host: the same calls as the package convex-test, but on the real engine and a real database.
 * Use it instead of convex-test: `import { convexTest } from ".../src/host/testing/convex_test.ts"`.
 *
 * Differences: ids have Convex's real format; documents are checked like on Convex; scheduled functions survive in the store.
 */

import type { GenericSchema, SchemaDefinition } from "convex/server";
import type { TestConvex } from "convex-test";
import type { TransactionLimits } from "../engine/limits.ts";
import type { ModuleGlob } from "../executor/module_map.ts";
import { accessor, anonymous } from "./accessor.ts";
import { TestBackend } from "./backend.ts";

// biome-ignore lint/suspicious/noExplicitAny: convex-test's own types name it so
type AnySchema = SchemaDefinition<any, boolean>;

export interface ConvexTestOptions {
  schema?: AnySchema;
  modules?: ModuleGlob;
  /** false (default): not enforced; true: Convex's limits; or some of them. */
  transactionLimits?: Partial<TransactionLimits> | boolean;
}

/** A backend of its own, with an empty database. `modules` must include the folder `_generated`. */
export function convexTest<Schema extends GenericSchema>(
  schema?: SchemaDefinition<Schema, boolean>,
  modules?: ModuleGlob,
): TestConvex<SchemaDefinition<Schema, boolean>>;
export function convexTest(options: ConvexTestOptions): TestConvex<AnySchema>;
export function convexTest(first?: AnySchema | ConvexTestOptions, modules?: ModuleGlob): TestConvex<AnySchema> {
  const options: ConvexTestOptions =
    first !== undefined && "tables" in first
      ? { schema: first, modules }
      : { modules, ...(first as ConvexTestOptions) };
  const backend = new TestBackend(options);
  return {
    ...accessor(backend, anonymous),
    registerComponent: (path: string, componentSchema: AnySchema, glob: ModuleGlob) => {
      backend.registerComponent(path, componentSchema, glob);
    },
  } as unknown as TestConvex<AnySchema>;
}

export type { TestConvex };
