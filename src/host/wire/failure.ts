import { EngineError } from "../engine/errors.ts";
import type { CallFailure } from "../engine/types.ts";
import type { LogLevel } from "./options.ts";

/**
 * The application's failure inside a thrown error; null when the error is the host's own (a bug, a closed database).
 * By shape: an error that crossed a vm context is not `instanceof` anything of ours.
 */
export function callFailureOf(error: unknown): CallFailure | null {
  if (typeof error !== "object" || error === null) return null;
  // `parsePath` refuses before there is a call.
  if (error instanceof EngineError) return { message: error.message, logLines: [] };
  const carried = (error as { failure?: unknown }).failure;
  return isCallFailure(carried) ? carried : isCallFailure(error) ? error : null;
}

/** For places that must answer with some message: a host error is logged and told in general words. */
export function describeFailure(error: unknown, log: (level: LogLevel, text: string) => void): CallFailure {
  const failure = callFailureOf(error);
  if (failure !== null) return failure;
  log("error", error instanceof Error ? (error.stack ?? error.message) : String(error));
  return { message: "Your request couldn't be completed. Try again later.", logLines: [] };
}

function isCallFailure(value: unknown): value is CallFailure {
  if (typeof value !== "object" || value === null) return false;
  const { message, logLines } = value as Partial<CallFailure>;
  return typeof message === "string" && Array.isArray(logLines);
}
