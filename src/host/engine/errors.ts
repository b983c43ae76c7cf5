/** Errors of the engine: what the host refuses, and what a call reports to whoever made it. */
import type { Json } from "../store/types.ts";
import { HostError } from "../values/index.ts";
import type { CallFailure } from "./types.ts";

/** The host refuses something a function or a client asked for, in Convex's wording. Functions may catch it. */
export class EngineError extends HostError {
  override name = "EngineError";
}

/** What every method of `Engine` throws. `cause` is what the function threw, for logs and for tests. */
export class CallError extends Error {
  override name = "CallError";
  readonly failure: CallFailure;

  constructor(failure: CallFailure, cause: unknown) {
    super(failure.message, { cause });
    this.failure = failure;
  }
}

/**
 * The data of a ConvexError in JSON form, undefined for any other error. A function's ConvexError reaches the host with its data
 * already serialised to text (`invokeFunction` of convex/server does that), in any realm.
 */
export function convexErrorData(thrown: unknown): Json | undefined {
  if (typeof thrown !== "object" || thrown === null || !(Symbol.for("ConvexError") in thrown)) return undefined;
  const { data } = thrown as { data?: unknown };
  if (typeof data !== "string") return (data ?? null) as Json;
  try {
    return JSON.parse(data) as Json;
  } catch {
    return data; // thrown outside of `invokeFunction`: not serialised yet
  }
}

/** `thrown` may come from another realm, so nothing is said about its class. */
export function messageOf(thrown: unknown): string {
  if (typeof thrown === "object" && thrown !== null && "message" in thrown) return String(thrown.message);
  return String(thrown);
}

/** As a client sees it. */
export function failureOf(thrown: unknown, logLines: string[]): CallFailure {
  if (thrown instanceof HostError) return { message: thrown.message, logLines };
  const data = convexErrorData(thrown);
  const name = data === undefined ? nameOf(thrown) : "ConvexError";
  const message = `Uncaught ${name}: ${messageOf(thrown)}`;
  return data === undefined ? { message, logLines } : { message, data, logLines };
}

/** As the calling function sees it: `performAsyncSyscall` reads `message`, and `data` in JSON form when it is a ConvexError. */
export function errorForCaller(thrown: unknown): Error {
  const cause = thrown instanceof CallError ? thrown.cause : thrown;
  const error = new Error(messageOf(cause), { cause });
  const data = convexErrorData(cause);
  return data === undefined ? error : Object.assign(error, { data });
}

/** For the operator's log. */
export function stackOf(thrown: unknown): string {
  return typeof thrown === "object" && thrown !== null && "stack" in thrown ? String(thrown.stack) : messageOf(thrown);
}

function nameOf(thrown: unknown): string {
  return typeof thrown === "object" && thrown !== null && "name" in thrown ? String(thrown.name) : "Error";
}
