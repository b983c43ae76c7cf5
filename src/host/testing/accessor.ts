/** `t.query`, `t.mutation`, `t.action`, `t.run`, `t.fetch` as one identity. */

import { type FunctionReference, getFunctionAddress, type UserIdentity } from "convex/server";
import { ConvexError, convexToJson, jsonToConvex, type Value } from "convex/values";
import { resolveAddress } from "../engine/address.ts";
import { Call } from "../engine/call.ts";
import { CallError, convexErrorData } from "../engine/errors.ts";
import type { Caller, FunctionPath, Identity, UdfType } from "../engine/types.ts";
import { currentExecution } from "../executor/in_realm.ts";
import type { JsonObject } from "../store/types.ts";
import type { TestBackend } from "./backend.ts";
import { finishAllScheduledFunctions } from "./finish_scheduled.ts";
import { fullIdentity, unsignedToken } from "./identity.ts";

// biome-ignore lint/suspicious/noExplicitAny: a test's own handler; convex-test's types describe it
type Handler = (ctx: any) => Promise<unknown>;
type Target = FunctionReference<"query" | "mutation" | "action"> | Handler;
type Args = Record<string, Value>;

export interface Who {
  identity: Identity;
  ip: string | null;
  userAgent: string | null;
}

export const anonymous: Who = { identity: null, ip: null, userAgent: null };

export function accessor(backend: TestBackend, who: Who) {
  // Tests may call internal functions and any component.
  const caller: Caller = { ...who, isAdmin: true, authToken: unsignedToken(who.identity) };
  const call = (type: CallType, target: Target, args: Args = {}) => {
    if (typeof target === "function") return runInline(backend, "inline", type, target, caller);
    const address = getFunctionAddress(target);
    const outer = currentExecution();
    const { engine } = backend;
    if (outer instanceof Call && outer.host === engine && outer.txn !== null && type !== "action") {
      return asNested(outer, type, address, args);
    }
    return runPath(backend, type, resolveAddress(address, "", engine.deployment), args, caller);
  };
  return {
    query: (target: Target, args?: Args) => call("query", target, args),
    mutation: (target: Target, args?: Args) => call("mutation", target, args),
    action: (target: Target, args?: Args) => call("action", target, args),
    run: (handler: Handler) => runInline(backend, "custom", "mutation", handler, caller),
    fetch: async (path: string, init?: RequestInit) => {
      if (!path.startsWith("/")) throw new Error("The path given to `t.fetch` must start with a `/`");
      return await unwrap(backend.engine.httpAction(new Request(`https://some.convex.site${path}`, init), caller));
    },
    withIdentity: (identity: Partial<UserIdentity>) => accessor(backend, { ...who, identity: fullIdentity(identity) }),
    withRequestMetadata: ({ ip = null, userAgent = null }: Partial<Who>) =>
      accessor(backend, { ...who, ip, userAgent }),
    finishInProgressScheduledFunctions: () => backend.engine.scheduler.settled(),
    finishAllScheduledFunctions: (advanceTimers: () => void, maxIterations?: number) =>
      finishAllScheduledFunctions(backend.engine.scheduler, advanceTimers, maxIterations),
  };
}

type CallType = Exclude<UdfType, "httpAction">;

async function runPath(backend: TestBackend, type: CallType, path: FunctionPath, args: Args, caller: Caller) {
  const { value } = await unwrap(backend.engine[type](path, convexToJson(args) as JsonObject, caller));
  return jsonToConvex(JSON.parse(value));
}

async function runInline(backend: TestBackend, module: string, type: CallType, handler: Handler, caller: Caller) {
  const outer = currentExecution();
  if (outer instanceof Call && outer.host === backend.engine && outer.txn !== null) {
    throw new Error("A test's handler cannot start another transaction inside its own: use its ctx.");
  }
  const path = backend.executor.addInline("", module, type, handler);
  try {
    return await runPath(backend, type, path, {}, caller);
  } finally {
    backend.executor.removeInline(path);
  }
}

/** `t.mutation` inside `t.run`: like `ctx.runMutation` there. */
async function asNested(outer: Call, udfType: CallType, address: object, args: Args) {
  const request = JSON.stringify({ udfType, args: convexToJson(args), ...address });
  return jsonToConvex(JSON.parse(await outer.asyncSyscall("1.0/runUdf", request)));
}

/** Rejects with what the function threw, as convex-test does. */
async function unwrap<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    const cause = thrown instanceof CallError ? thrown.cause : thrown;
    const data = convexErrorData(cause);
    if (data === undefined) throw cause;
    if (cause instanceof ConvexError) {
      cause.data = jsonToConvex(data);
      throw cause;
    }
    throw Object.assign(cause as object, { data: jsonToConvex(data) });
  }
}
