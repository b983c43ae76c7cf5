/** The call a piece of running code belongs to. Found by AsyncLocalStorage, in every context and through every await. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Execution } from "../engine/types.ts";

/** One invocation of a function: its execution, and what has to end with it. */
export class Call {
  readonly execution: Execution;
  /** Asynchronous syscalls that have not been answered. */
  pending = 0;
  readonly timers = new Map<number, NodeJS.Timeout>();
  readonly counters = new Map<string, number>();
  groupDepth = 0;

  constructor(execution: Execution) {
    this.execution = execution;
  }

  get isAction(): boolean {
    return this.execution.udfType === "action" || this.execution.udfType === "httpAction";
  }

  /** Syscalls are refused from here on and timers do not fire: what still runs is a promise nobody awaited. */
  finish(): void {
    this.execution.done = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }
}

/**
 * Why not "the context's current call": a promise that outlives its function would then write into the next function's transaction.
 * Module code runs outside of any call.
 */
export const calls = new AsyncLocalStorage<Call | undefined>();

/** The running call. Throws when there is none, or when its function has returned already. */
export function requireCall(what: string): Call {
  const call = calls.getStore();
  if (call === undefined) {
    throw new Error(`${what} can only be used while a Convex function runs, not while its module is loaded.`);
  }
  if (call.execution.done) {
    throw new Error(`${what} was used after the function had returned. Await every promise before returning.`);
  }
  return call;
}
