/** `ctx.runQuery`, `ctx.runMutation`, `ctx.runAction`, function handles and vector search. */
import type { JsonObject } from "../../store/types.ts";
import { type FunctionAddress, formatHandle, resolveAddress } from "../address.ts";
import type { Call } from "../call.ts";
import { EngineError, errorForCaller } from "../errors.ts";
import { expectType, type ResolvedFunction } from "../functions.ts";
import type { TransactionLimits } from "../limits.ts";
import { runNested } from "../nested.ts";
import type { UdfType } from "../types.ts";
import type { AsyncSyscall } from "./index.ts";

export const callSyscalls: Record<string, AsyncSyscall> = {
  "1.0/runUdf": runUdf,
  "1.0/actions/query": (call, args) => fromAction(call, args, "query"),
  "1.0/actions/mutation": (call, args) => fromAction(call, args, "mutation"),
  "1.0/actions/action": (call, args) => fromAction(call, args, "action"),
  "1.0/createFunctionHandle": async (call, args) => {
    const path = resolveAddress(args, call.component, call.host.deployment);
    if (!call.host.likeConvexTest) await findFunction(call, args);
    return JSON.stringify(formatHandle(path));
  },
  "1.0/actions/vectorSearch": async (call, args) => {
    call.assertAction();
    const results = await call.host.vectorSearch(call.component, args.query as JsonObject);
    return JSON.stringify({ results });
  },
};

/** Resolves what a function of this call names, and applies the rules of visibility. */
export async function findFunction(call: Call, address: FunctionAddress): Promise<ResolvedFunction> {
  const path = resolveAddress(address, call.component, call.host.deployment);
  return call.host.functions.forFunction(path, call.component, address.functionHandle !== undefined);
}

interface RunUdfArgs extends FunctionAddress {
  udfType: "query" | "mutation" | "snapshotQuery";
  args: JsonObject;
  transactionLimits?: Partial<TransactionLimits>;
}

async function runUdf(call: Call, args: RunUdfArgs): Promise<string> {
  if (call.txn === null) throw new EngineError("ctx.runQuery and ctx.runMutation of an action are no nested calls.");
  const type: UdfType = args.udfType === "mutation" ? "mutation" : "query";
  if (type === "mutation" && call.udfType !== "mutation") {
    throw new EngineError("Mutations can only be run from mutations and actions.");
  }
  try {
    return await runNested(
      call,
      async () => {
        const fn = await findFunction(call, args);
        expectType(fn, type);
        return fn;
      },
      { args: args.args, type, stale: args.udfType === "snapshotQuery", limits: args.transactionLimits },
    );
  } catch (thrown) {
    throw errorForCaller(thrown);
  }
}

interface ActionArgs extends FunctionAddress {
  args: JsonObject;
}

async function fromAction(call: Call, args: ActionArgs, type: "query" | "mutation" | "action"): Promise<string> {
  call.assertAction();
  try {
    const fn = await findFunction(call, args);
    expectType(fn, type);
    const identity = fn.path.component === call.component ? call.identity : null;
    return await call.host.runFromAction(fn, args.args, call.request, identity);
  } catch (thrown) {
    throw errorForCaller(thrown);
  }
}
