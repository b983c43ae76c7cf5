import { ConvexError } from "convex/values";
import { type ErrorCode, type ErrorInfo, errorInfo } from "../../src/contract/errors.ts";

/** Ends the transaction with an error a person can act on. Nothing written before it in this (sub-)mutation stays. */
export function fail(
  code: ErrorCode,
  message: string,
  more: { remedy?: string; field?: string; retryable?: boolean } = {},
): never {
  throw toConvexError(errorInfo(code, message, more));
}

/** An ErrorInfo as it crosses the wire. The copy is plain, because an interface is not a Convex value to the types. */
export function toConvexError(info: ErrorInfo): ConvexError<{ [key in keyof ErrorInfo]: ErrorInfo[key] }> {
  return new ConvexError({ ...info });
}
