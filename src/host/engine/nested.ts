/** `ctx.runQuery` and `ctx.runMutation` inside a transaction. */
import type { JsonObject } from "../store/types.ts";
import { Call } from "./call.ts";
import type { ResolvedFunction } from "./functions.ts";
import { invoke } from "./invoke.ts";
import { nestedLimits, type TransactionLimits } from "./limits.ts";
import type { Txn } from "./txn.ts";

export interface NestedCall {
  args: JsonObject;
  type: "query" | "mutation";
  /** Read the last committed state instead of this transaction's (`useStaleSnapshot`). */
  stale: boolean;
  limits?: Partial<TransactionLimits>;
}

/**
 * One nested call of a call at a time; meanwhile its other syscalls wait. A mutation runs in a savepoint: when it throws, its writes
 * are undone and the caller may catch the error and go on.
 */
export async function runNested(
  parent: Call,
  find: () => Promise<ResolvedFunction>,
  nested: NestedCall,
): Promise<string> {
  while (parent.nesting !== null) await parent.nesting;
  parent.assertRunning();
  let release!: () => void;
  parent.nesting = new Promise((resolve) => {
    release = resolve;
  });
  try {
    const fn = await find();
    return await run(parent, fn, nested);
  } finally {
    parent.nesting = null;
    parent.child = null;
    release();
  }
}

async function run(parent: Call, fn: ResolvedFunction, nested: NestedCall): Promise<string> {
  const txn = parent.txn as Txn;
  parent.assertRunning();
  const identity = fn.path.component === parent.component ? parent.identity : null;
  const limits = nestedLimits(parent.limits, nested.limits, () => txn.meter.used(txn.reader));
  const reader = nested.stale ? parent.writer.snapshot() : parent.reader;
  const child = new Call(parent.host, fn, nested.type, parent.request, identity, txn, limits, reader);
  parent.child = child;
  if (nested.type === "mutation") {
    child.savepoint = parent.writer.savepoint();
    child.undo = txn.mark();
  }
  return invoke(child, fn, nested.args);
}
